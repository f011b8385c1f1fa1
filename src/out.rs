//! Prints for people and programs: lines, aligned tables, JSON.
//!
//! Nothing hostile is made harmless here but a table's cells and JSON; who prints another text
//! passes it through [`pilothouse_core::text::printable`] first.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use color_eyre::eyre::WrapErr as _;
use pilothouse_cockpit::width::fold;
use pilothouse_core::text::{is_plain, printable};
use pilothouse_core::time::Timestamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The longest text of a cell, in characters: longer than whatever is said in one sentence.
const CELL: usize = 2000;
/// The longest path, which is the system's own limit.
const PATH: usize = 4096;

/// A path as it is told: whoever made a repository chose its names.
pub fn path(path: &std::path::Path) -> String {
    pilothouse_core::text::printable(&path.display().to_string(), PATH)
}

/// Prints a line. A reader that went away is no failure: what it wanted, it has.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // See above: nobody is left to be told.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints lines at once, and tells when nobody reads any more: what goes on without end stops then.
pub fn try_lines(lines: &[String]) -> std::io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    out.write_all((lines.join("\n") + "\n").as_bytes())?;
    out.flush()
}

/// Prints what was asked for, and an end of line. That it cannot be written is a failure, as on a full
/// disk; that nobody reads any more is none.
pub fn whole(text: &str) -> color_eyre::Result<()> {
    match try_lines(&[text.to_owned()]) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).wrap_err("cannot write to the standard output")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a line to the standard error.
pub fn error(text: &str) {
    // Nobody is left to be told.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a question without an end of line to the standard error, where it is seen even if the
/// output goes to a file.
pub fn question(text: &str) {
    let mut out = std::io::stderr().lock();
    // Nobody is left to be asked.
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a value as JSON, for programs.
pub fn json(value: &impl serde::Serialize) -> color_eyre::Result<()> {
    whole(&escaped(&serde_json::to_string_pretty(value)?))
}

/// A value as JSON in one line.
pub fn json_line(value: &impl serde::Serialize) -> std::io::Result<String> {
    Ok(escaped(&serde_json::to_string(value)?))
}

/// JSON whose text no terminal can obey: what is not plain is written as `\uXXXX`, which means the
/// same (RFC 8259, section 7). Only strings hold such characters, and those below U+0020 are escaped
/// in them already.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c < ' ' || is_plain(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// How a text is meant. The words say it too: colour alone says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Something wants to be looked at.
    Warn,
    /// Less important.
    Dim,
}

/// Colours a text where the output is a terminal and `NO_COLOR` is unset (no-color.org).
pub fn paint(tone: Tone, text: &str) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Warn => "33",
        Tone::Dim => "2",
    };
    if !colours() {
        return text.to_owned();
    }
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

fn colours() -> bool {
    let unset = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    unset && std::io::stdout().is_terminal()
}

/// The columns of the terminal that is printed to; none where it is no terminal.
pub fn columns() -> Option<usize> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(out).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// The most cells that the column of a cell claims for itself; one that is longer shifts its own
/// row, and no other. Where nothing is cut there is room for the address of a preview.
const COLUMN: usize = 48;
/// See [`COLUMN`].
const WIDE: usize = 80;
/// How far notes stand from the left border of their row, and the least room they are folded into.
const NOTE: (usize, usize) = (4, 30);

/// Rows whose columns stand below each other.
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Row>,
}

struct Row {
    cells: Vec<(Tone, String)>,
    notes: Vec<String>,
}

impl Table {
    /// A table with these column heads and no rows.
    pub fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row of plain cells.
    #[cfg(test)]
    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.toned(cells.map(|cell| (Tone::Plain, cell)));
    }

    /// Adds a row.
    pub fn toned<const N: usize>(&mut self, cells: [(Tone, String); N]) {
        let harmless = cells.into_iter().map(|(tone, cell)| (tone, printable(&cell, CELL)));
        self.rows.push(Row { cells: harmless.collect(), notes: Vec::new() });
    }

    /// Adds sentences below the row that was added last; they are folded and never cut.
    pub fn notes(&mut self, notes: &[String]) {
        if let Some(row) = self.rows.last_mut() {
            row.notes.extend(notes.iter().map(|note| printable(note, CELL)));
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints it, each row indented, and cut to the terminal's width where there is one.
    pub fn print(&self, indent: usize) -> color_eyre::Result<()> {
        let painted = |row: Vec<(Tone, String)>| {
            let cells: Vec<String> = row.iter().map(|(tone, text)| paint(*tone, text)).collect();
            cells.concat().trim_end().to_owned()
        };
        let rows: Vec<String> = self.lines(indent, columns()).into_iter().map(painted).collect();
        whole(&rows.join("\n"))
    }

    fn lines(&self, indent: usize, columns: Option<usize>) -> Vec<Vec<(Tone, String)>> {
        let head: Vec<(Tone, String)> =
            self.head.iter().map(|text| (Tone::Dim, (*text).to_owned())).collect();
        let rows = || std::iter::once(&head).chain(self.rows.iter().map(|row| &row.cells));
        let most = columns.map_or(WIDE, |all| (all / 3).clamp(COLUMN, WIDE));
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| rows().filter_map(|row| row.get(column)).map(|cell| cell.1.width()).max())
            .map(|widest| widest.unwrap_or_default().min(most))
            .collect();
        let mut lines = vec![laid_out(&head, &widths, indent, columns)];
        for row in &self.rows {
            lines.push(laid_out(&row.cells, &widths, indent, columns));
            let room = columns.map_or(usize::MAX, |all| all.saturating_sub(indent + NOTE.0));
            for note in &row.notes {
                for text in fold(note, room.max(NOTE.1)) {
                    let margin = " ".repeat(indent + NOTE.0);
                    lines.push(vec![(Tone::Plain, margin), (Tone::Plain, text)]);
                }
            }
        }
        lines
    }
}

/// A row whose cells begin where its columns do.
fn laid_out(
    cells: &[(Tone, String)],
    widths: &[usize],
    indent: usize,
    columns: Option<usize>,
) -> Vec<(Tone, String)> {
    let mut left = columns.unwrap_or(usize::MAX).saturating_sub(indent);
    let mut line = vec![(Tone::Plain, " ".repeat(indent))];
    for (number, (tone, text)) in cells.iter().enumerate() {
        let is_last = number + 1 == cells.len();
        let width = widths.get(number).copied().unwrap_or_default();
        // On a terminal no cell pushes those behind it out of sight.
        let most = if columns.is_some() && !is_last { left.min(width) } else { left };
        let shown = cut(text, most);
        left -= shown.width().min(left);
        let gap = if is_last { 0 } else { (width - shown.width().min(width)) + 2 };
        let gap = gap.min(left);
        left -= gap;
        line.push((*tone, shown));
        line.push((Tone::Plain, " ".repeat(gap)));
    }
    line
}

/// The text, or as much of it as fits, ending in `…`.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// How long ago something was, as `12s`, `3m`, `2h`, `9d`; `-` for the beginning of time, which
/// stands for never.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    if then.0 == 0 {
        return "-".to_owned();
    }
    let seconds = now.since(then).0 / 1000;
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A point in time in the form of RFC 3339, in UTC.
pub fn rfc3339(at: Timestamp) -> String {
    i64::try_from(at.0)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| at.0.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Vec<(Tone, String)>]) -> Vec<String> {
        let join = |line: &Vec<(Tone, String)>| {
            line.iter().map(|(_, text)| text.as_str()).collect::<String>().trim_end().to_owned()
        };
        lines.iter().map(join).collect()
    }

    #[test]
    fn columns_stand_below_each_other_in_every_script() {
        let mut table = Table::new(&["NAME", "SUBJECT", "N"]);
        table.row(["결제".to_owned(), "a\u{1b}[31m\n".to_owned(), "1".to_owned()]);
        table.row(["longer".to_owned(), "b".to_owned(), "2".to_owned()]);
        let lines = text(&table.lines(1, None));
        assert_eq!(
            lines,
            [" NAME    SUBJECT  N", " 결제    a\u{fffd}[31m\u{fffd}  1", " longer  b        2"]
        );
        let narrow = text(&table.lines(0, Some(9)));
        assert_eq!(narrow, ["NAME    …", "결제    …", "longer  b"]);
    }

    #[test]
    fn a_long_cell_shifts_its_own_row_alone_and_notes_are_never_cut() {
        let mut table = Table::new(&["NAME", "N"]);
        table.row(["x".repeat(90), "1".to_owned()]);
        table.row(["short".to_owned(), "2".to_owned()]);
        table.notes(&["one two three four five six seven eight nine".to_owned()]);
        let lines = text(&table.lines(0, None));
        assert_eq!(lines[1], format!("{}  1", "x".repeat(90)));
        assert_eq!(lines[2].find('2'), Some(82));
        assert_eq!(lines[3], "    one two three four five six seven eight nine");
        let narrow = text(&table.lines(0, Some(40)));
        assert_eq!(narrow[1], format!("{}…", "x".repeat(39)));
        assert_eq!(narrow[3..], ["    one two three four five six seven", "    eight nine"]);
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys() {
        let text = "결제 👍 \u{1b}[2J \u{7f}\u{9b}31m \u{202e}x \u{2028}\u{2029} \u{e0041}\u{200d}";
        let json = escaped(&serde_json::to_string_pretty(&[text]).unwrap());
        assert_eq!(
            json,
            "[\n  \"결제 👍 \\u001b[2J \\u007f\\u009b31m \\u202ex \\u2028\\u2029 \\udb40\\udc41\\u200d\"\n]"
        );
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }

    #[test]
    fn ages_are_short() {
        let ages = [0, 1, 119_000, 120_000, 7_200_000, 172_800_000]
            .map(|ms| ago(Timestamp(1_000_000_000_000 + ms), Timestamp(1_000_000_000_000)));
        assert_eq!(ages.join(" "), "0s 0s 119s 2m 2h 2d");
        assert_eq!(ago(Timestamp(5), Timestamp(0)), "-");
    }
}
