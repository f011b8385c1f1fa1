//! Reads a log backwards: the page before a place.
//!
//! Pages that follow and pages that precede meet without a line lost, doubled or torn, because a
//! place says how much of each stream stands before it.

use pilothouse_api::types::LogPage;
use pilothouse_core::command::Rejection;
use pilothouse_supervisor::{Frame, LogSlice, read_before};

use super::lines::{Counts, Lines, place_among};
use super::{
    LINES, LONG_PAGE, PAGE, Part, Place, SENT, exists, goes_on, is_open, lines_of, more, read,
};

/// Reads the page that ends at a place, or so many of its last lines.
pub(super) fn earlier(
    parts: &[Part],
    before: &str,
    count: Option<u64>,
) -> Result<LogPage, Rejection> {
    let place = Place::asked("before", before)?;
    let mut page = LogPage {
        next: before.to_owned(),
        first: before.to_owned(),
        open: is_open(parts) || more(parts, place)?,
        ..LogPage::default()
    };
    for part in parts.iter().rev().filter(|part| part.step <= place.step) {
        let until = if part.step == place.step { place } else { Place::at(part.step, u64::MAX) };
        let Some(found) = lines_before(part, until)? else { continue };
        let most = count.map_or(LINES, lines_of).max(1);
        let cut = found.len() - found.fitting_last(most, &mut { SENT });
        if let Some((offset, shown)) = found.place_of(cut) {
            let first = Place { step: part.step, offset, shown };
            page.older = precedes(parts, first)?;
            page.first = first.to_string();
            page.lines = found.all().split_off(cut);
            break;
        }
    }
    Ok(page)
}

/// Whether anything stands before a place.
pub(super) fn precedes(parts: &[Part], place: Place) -> Result<bool, Rejection> {
    for part in parts.iter().filter(|part| part.step <= place.step) {
        let is_before = if part.step == place.step {
            place.shown != Counts::default() || !is_start(part, place.offset)?
        } else {
            goes_on(part, 0)?
        };
        if is_before {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes lines of frames, without those that begin before them.
pub(super) fn whole_lines<'a>(part: &'a Part, frames: &[Frame]) -> Result<Lines<'a>, Rejection> {
    let starts = match frames.first() {
        Some(frame) => is_start(part, frame.offset)?,
        None => true,
    };
    let mut found = Lines::new(part, if starts { Counts::default() } else { torn(frames) });
    found.take(frames);
    Ok(found)
}

/// The lines of a part that end at a place. None where there is nothing before it.
fn lines_before(part: &Part, until: Place) -> Result<Option<Lines<'_>>, Rejection> {
    let mut frames = Vec::new();
    // One line may be longer than a page.
    for most in [PAGE, 4 * PAGE, LONG_PAGE] {
        frames = slice_before(part, until.offset, most)?.frames;
        frames.extend(begun_before(part, until)?);
        if frames.is_empty() {
            return Ok(None);
        }
        let mut found = whole_lines(part, &frames)?;
        found.end();
        if found.len() > 0 {
            return Ok(Some(found));
        }
    }
    let mut found = Lines::new(part, Counts::default());
    found.take(&frames);
    found.end();
    Ok(Some(found))
}

/// What stands before a place in the frames from its own on.
pub(super) fn begun_before(part: &Part, until: Place) -> Result<Vec<Frame>, Rejection> {
    let mut left = until.shown;
    let mut from = until.offset;
    let mut frames = Vec::new();
    while left != Counts::default() {
        let slice = read(part, from, PAGE)?;
        if slice.frames.is_empty() {
            break;
        }
        from = slice.next;
        for mut frame in slice.frames {
            let left = &mut left[place_among(frame.stream)];
            let kept = usize::try_from(*left).unwrap_or(usize::MAX).min(frame.bytes.len());
            frame.bytes.truncate(kept);
            *left -= kept as u64;
            frames.push(frame);
        }
    }
    Ok(frames)
}

/// How many bytes of each stream at the head of frames end lines that begin before them; all of a
/// stream in which no line ends.
fn torn(frames: &[Frame]) -> Counts {
    let mut passed = Counts::default();
    let mut ended = [false; 3];
    for frame in frames {
        let stream = place_among(frame.stream);
        if ended[stream] {
            continue;
        }
        let end = frame.bytes.iter().position(|byte| *byte == b'\n');
        ended[stream] = end.is_some();
        passed[stream] += end.map_or(frame.bytes.len(), |end| end + 1) as u64;
    }
    passed
}

fn is_start(part: &Part, offset: u64) -> Result<bool, Rejection> {
    Ok(slice_before(part, offset, 1)?.frames.is_empty())
}

fn slice_before(part: &Part, until: u64, most: usize) -> Result<LogSlice, Rejection> {
    Ok(exists(part, read_before(&part.dir, until, most))?.unwrap_or_default())
}
