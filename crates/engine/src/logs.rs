//! Reads the logs of steps and instances, a page of printable lines at a time.
//!
//! A log on disk is raw and hostile; what leaves here is neither. A page's place is a text that
//! only this file reads.

mod ahead;
mod back;
mod lines;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use pilothouse_api::types::{LogLine, LogPage, LogQuery};
use pilothouse_core::command::{Rejection, RejectionKind};
use pilothouse_core::time::Timestamp;
use pilothouse_supervisor::{LogSlice, read_log, tail};

use self::lines::{Counts, Lines};

/// Bytes of raw log that one page reads at most.
const PAGE: usize = 256 << 10;
/// Bytes of raw log within which the longest line ends, whatever frames it stands in.
const LONG_PAGE: usize = 4 << 20;
/// The most lines of a page, however short they are.
const LINES: usize = 10_000;
/// Bytes that a page's lines are sent in, at most, but for those whose end has not come. No line is
/// as long.
const SENT: usize = 512 << 10;
/// Raw bytes that are searched for a tail at most.
const TAIL_BYTES: usize = 4 << 20;
/// Lines that a tail may begin with that began before it: one of each stream.
const SPARE: usize = 2;
/// How long the end of a line is waited for before its beginning is shown as a line.
const FRESH: Duration = Duration::from_secs(1);

/// One part of a log: a step's or an instance's unit directory.
#[derive(Clone, Debug)]
pub struct Part {
    /// The step's index; 0 for an instance.
    pub step: u32,
    /// The unit's directory.
    pub dir: PathBuf,
    /// Whether more can still be written to it.
    pub open: bool,
}

/// Where a reader is: in which part, at which frame of it, and how many bytes of each stream it was
/// shown from there on, because a line can end in a later frame than it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    step: u32,
    offset: u64,
    shown: Counts,
}

impl Place {
    fn at(step: u32, offset: u64) -> Self {
        Self { step, offset, shown: Counts::default() }
    }

    /// Reads a place that a client named under this name.
    fn asked(name: &str, text: &str) -> Result<Self, Rejection> {
        Self::parse(text).ok_or_else(|| {
            let why = format!("`{name}` is not a place that a page named");
            Rejection::new(RejectionKind::Invalid, why)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(':');
        let step = numbers.next()?.parse().ok()?;
        let offset = numbers.next()?.parse().ok()?;
        let Some(out) = numbers.next() else { return Some(Self::at(step, offset)) };
        let err = numbers.next()?.parse().ok()?;
        // Notes are written whole, so that a place rarely has to count them.
        let notes = numbers.next().map_or(Some(0), |count| count.parse().ok())?;
        let shown = [out.parse().ok()?, err, notes];
        numbers.next().is_none().then_some(Self { step, offset, shown })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.step, self.offset)?;
        match self.shown {
            [0, 0, 0] => Ok(()),
            [out, err, 0] => write!(f, ":{out}:{err}"),
            [out, err, notes] => write!(f, ":{out}:{err}:{notes}"),
        }
    }
}

/// Reads a page of a log that consists of parts, in order.
///
/// Blocks for as long as reading takes: to be called off the threads that wait for events. It does
/// not wait for lines, whatever the query allows, because that would hold the thread.
pub fn page(parts: &[Part], query: &LogQuery) -> Result<LogPage, Rejection> {
    match (&query.before, &query.after, query.tail) {
        (Some(before), _, count) => back::earlier(parts, before, count),
        (None, None, Some(count)) => newest(parts, count),
        (None, Some(after), Some(count)) => ahead::near_end(parts, after, count),
        (None, after, None) => onward(parts, after.as_deref()),
    }
}

fn onward(parts: &[Part], after: Option<&str>) -> Result<LogPage, Rejection> {
    let place = match after {
        None => Place::at(parts.first().map_or(0, |part| part.step), 0),
        Some(text) => Place::asked("after", text)?,
    };
    let mut lines = Vec::new();
    let mut next = place;
    let mut skipped = 0;
    for part in parts.iter().filter(|part| part.step >= place.step) {
        let from = if part.step == place.step { place } else { Place::at(part.step, 0) };
        let (slice, mut found) = taken(part, from)?;
        skipped += u64::from(slice.lost > 0);
        let most = found.fitting();
        let is_full = found.len() > most;
        let has_more = is_full || (!slice.frames.is_empty() && goes_on(part, slice.next)?);
        next = Place::at(part.step, slice.next);
        // A line's end may be about to come, but whoever waits for it sees its beginning soon. A
        // page that is full of one line's beginning shows that.
        let is_only_begun = has_more && !found.has_whole();
        if (has_more && !is_only_begun) || (part.open && is_fresh(found.oldest_begun())) {
            if let Some((offset, shown)) = found.place_of(most) {
                next = Place { step: part.step, offset, shown };
            }
            found.keep_whole(most);
        } else {
            found.end();
        }
        lines.extend(found.all());
        // A part that gave something may have more; what follows waits for the next page.
        if next != from || part.open {
            break;
        }
    }
    let open = is_open(parts) || more(parts, next)?;
    let older = back::precedes(parts, place)?;
    Ok(LogPage { lines, next: next.to_string(), open, skipped, first: place.to_string(), older })
}

/// Reads from a place on, and makes lines of what is there. More than a page only where what was
/// shown of the first frame leaves no room for the end of a line.
fn taken(part: &Part, from: Place) -> Result<(LogSlice, Lines<'_>), Rejection> {
    let mut most = PAGE;
    loop {
        let slice = read(part, from.offset, most)?;
        let mut found = Lines::new(part, if slice.lost > 0 { [0; 3] } else { from.shown });
        found.take_page(&slice.frames);
        if found.has_whole() || slice.frames.is_empty() || most >= LONG_PAGE {
            return Ok((slice, found));
        }
        most *= 2;
    }
}

/// Whether a line began only now.
fn is_fresh(begun: Option<Timestamp>) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    begun.is_some_and(|at| now < Duration::from_millis(at.0) + FRESH)
}

/// Whether something follows a place already.
fn more(parts: &[Part], place: Place) -> Result<bool, Rejection> {
    for part in parts.iter().filter(|part| part.step >= place.step) {
        let from = if part.step == place.step { place.offset } else { 0 };
        if goes_on(part, from)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a part has anything from an offset on.
fn goes_on(part: &Part, from: u64) -> Result<bool, Rejection> {
    Ok(!read(part, from, 1)?.frames.is_empty())
}

fn newest(parts: &[Part], count: u64) -> Result<LogPage, Rejection> {
    let most = lines_of(count);
    let mut room = SENT;
    let mut lines: Vec<LogLine> = Vec::new();
    let mut first = Place::at(parts.first().map_or(0, |part| part.step), 0);
    let mut next = Place::default();
    let mut skipped = 0;
    for part in parts.iter().rev() {
        let slice = exists(part, tail(&part.dir, most - lines.len() + SPARE, TAIL_BYTES))?;
        // Whoever went on behind what waits for its turn would hear nothing of what runs before it.
        let Some(slice) = slice.filter(|slice| !slice.frames.is_empty()) else { continue };
        let mut found = back::whole_lines(part, &slice.frames)?;
        if found.len() == 0 && found.oldest_begun().is_none() {
            // A line that begins before all of them: its end says more than nothing.
            found = Lines::new(part, Counts::default());
            found.take(&slice.frames);
        }
        let is_last = next == Place::default();
        if is_last && part.open && is_fresh(found.oldest_begun()) {
            let (offset, shown) = found.begun_at().unwrap_or((slice.next, Counts::default()));
            next = Place { step: part.step, offset, shown };
            found.keep_whole(usize::MAX);
        } else {
            found.end();
        }
        if is_last && next == Place::default() {
            next = Place::at(part.step, slice.next);
        }
        if slice.frames.first().is_some_and(|frame| frame.offset > 0) {
            skipped += 1;
        }
        let cut = found.len() - found.fitting_last(most - lines.len(), &mut room);
        if let Some((offset, shown)) = found.place_of(cut) {
            first = Place { step: part.step, offset, shown };
        }
        lines.splice(0..0, found.all().drain(cut..));
        skipped += u64::try_from(cut).unwrap_or(u64::MAX);
        if lines.len() >= most || cut > 0 {
            break;
        }
    }
    let older = back::precedes(parts, first)?;
    let (first, next) = (first.to_string(), next.to_string());
    Ok(LogPage { lines, next, open: is_open(parts), skipped, first, older })
}

/// How many lines a page has where so many are asked for.
fn lines_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).min(LINES)
}

/// Reads about `most` bytes from an offset on, and at least one frame.
fn read(part: &Part, from: u64, most: usize) -> Result<LogSlice, Rejection> {
    let slice = exists(part, read_log(&part.dir, from, most))?;
    Ok(slice.unwrap_or(LogSlice { frames: Vec::new(), next: from, lost: 0 }))
}

/// A log that is not there yet is empty; another failure is told.
fn exists(
    part: &Part,
    slice: Result<LogSlice, pilothouse_supervisor::LogError>,
) -> Result<Option<LogSlice>, Rejection> {
    match slice {
        Ok(slice) => Ok(Some(slice)),
        Err(_) if !part.dir.join("log").exists() => Ok(None),
        Err(error) => Err(Rejection::new(RejectionKind::NotFound, error.to_string())),
    }
}

fn is_open(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.open)
}

#[cfg(test)]
mod tests;
