//! Where the owning process writes: what a container says to its own standard output and error,
//! which a supervisor keeps, and what it has to say itself apart from that.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;

use bollard::container::LogOutput;

/// Characters of a sentence at most. With four bytes each and a line feed they still are one
/// write that nothing tears, see pipe(7).
const SENTENCE: usize = 1000;

/// Passes a piece of a container's output on to the stream that it belongs to.
///
/// Writing may block: a supervisor that is behind holds the container up, as a pipe would.
///
/// # Errors
/// What the system said; then nobody reads any more.
pub(crate) fn pass(piece: &LogOutput) -> io::Result<()> {
    match piece {
        LogOutput::StdErr { message } => {
            let mut out = io::stderr().lock();
            out.write_all(message)
        }
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => {
            let mut out = io::stdout().lock();
            out.write_all(message)?;
            out.flush()
        }
    }
}

/// Says something of our own, where a container cannot say anything: a supervisor gives a pipe for
/// it as the standard input. By hand there is none, and standard error serves. Where nobody reads,
/// nothing is lost by it.
pub(crate) fn say(text: &str) {
    let line = format!("{}\n", sentence(text));
    if note(&line).is_err() {
        let _ = write!(io::stderr().lock(), "pilothouse: {line}");
    }
}

fn note(line: &str) -> io::Result<()> {
    let mut notes = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if !notes.metadata()?.file_type().is_fifo() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    notes.write_all(line.as_bytes())
}

/// One line, whatever the text quotes.
fn sentence(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").chars().take(SENTENCE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_begins_no_line_of_its_own() {
        assert_eq!(
            sentence("its own check fails: no\r\npulls x\n\u{85}y "),
            "its own check fails: no pulls x y"
        );
        assert!(sentence(&"\u{1f4a5}".repeat(5000)).len() < 4096);
    }
}
