//! Keeps whoever follows a log near its end: where more is written than is read page by page, the
//! newest lines come next, with how many were passed over.

use pilothouse_api::types::LogPage;
use pilothouse_core::command::Rejection;
use pilothouse_supervisor::{Frame, read_before};

use super::back::begun_before;
use super::lines::place_among;
use super::{LONG_PAGE, PAGE, Part, Place, exists, newest, onward, read};

/// Bytes of raw log that a follower may be behind: a few pages, which it makes up for in a moment.
pub(super) const BEHIND: u64 = 4 * PAGE as u64;

/// Reads the page after a place, or so many of the newest lines where too much follows.
pub(super) fn near_end(parts: &[Part], after: &str, count: u64) -> Result<LogPage, Rejection> {
    let place = Place::asked("after", after)?;
    if bytes_from(parts, place)? <= BEHIND {
        return onward(parts, Some(after));
    }
    let page = newest(parts, count)?;
    let first = Place::asked("first", &page.first)?;
    if (first.step, first.offset) <= (place.step, place.offset) {
        // Few lines, and long: all that follows is little more than a tail, and nothing is left out.
        return onward(parts, Some(after));
    }
    Ok(LogPage { skipped: lines_between(parts, place, first)?.max(1), ..page })
}

/// How many bytes stand behind a place.
fn bytes_from(parts: &[Part], place: Place) -> Result<u64, Rejection> {
    let mut bytes = 0;
    for part in parts.iter().filter(|part| part.step >= place.step) {
        let from = if part.step == place.step { place.offset } else { 0 };
        let last = exists(part, read_before(&part.dir, u64::MAX, 1))?;
        let last = last.filter(|slice| !slice.frames.is_empty());
        bytes += last.map_or(0, |slice| slice.next.saturating_sub(from));
    }
    Ok(bytes)
}

/// How many lines end between two places. A log has a limit, and so has what is read of it here.
fn lines_between(parts: &[Part], from: Place, to: Place) -> Result<u64, Rejection> {
    let mut lines = 0;
    for part in parts.iter().filter(|part| (from.step..=to.step).contains(&part.step)) {
        let begin = if part.step == from.step { from } else { Place::at(part.step, 0) };
        let end = if part.step == to.step { to.offset } else { u64::MAX };
        let (mut next, mut shown) = (begin.offset, begin.shown);
        loop {
            let slice = read(part, next, LONG_PAGE)?;
            for frame in slice.frames.iter().take_while(|frame| frame.offset < end) {
                let shown = &mut shown[place_among(frame.stream)];
                let passed = usize::try_from(*shown).unwrap_or(usize::MAX).min(frame.bytes.len());
                *shown -= passed as u64;
                lines += line_ends(&frame.bytes[passed..]);
            }
            if slice.frames.last().is_none_or(|frame| frame.offset >= end) {
                break;
            }
            next = slice.next;
        }
        if part.step == to.step {
            let begun = begun_before(part, to)?;
            lines += begun.iter().map(|frame: &Frame| line_ends(&frame.bytes)).sum::<u64>();
        }
    }
    Ok(lines)
}

fn line_ends(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').skip(1).count() as u64
}
