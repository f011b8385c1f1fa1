//! One form for all spellings of a path, so that no spelling passes a rule.
//!
//! Responsible for the form that path conditions look at. A target and a redirect get the path
//! as it was sent: what it means beyond this form is the target's to say.
//!
//! The form is what most servers would find: escapes are decoded once, `\` is `/`, what follows
//! a `;` in a segment is left out, slashes in a row are one, and a `.` is left out.
//! Three decisions are its own:
//!
//! - A percent sign is `%25`, whether it was sent so or as an escape that is none. So what was
//!   encoded twice is not decoded twice, as a target would not either: `%2561` is not `a`.
//! - A control character is refused, decoded or not: programs in C end a text at NUL, and others
//!   end a line. Nobody's file or route has one.
//! - A `..` is refused: `/admin/..` is below `/admin` for a server that does not resolve it, and not
//!   for the next. Clients resolve it before they send (RFC 3986, section 5.2.4).
//!
//! Bytes that are not UTF-8 stay as they are.
//!
//! A path that begins with two slashes has a second form: many take it for a reference to another
//! host (RFC 3986, section 4.2), as `urlsplit` of Python and `new URL` of JavaScript do.

use std::borrow::Cow;

/// A request's path, as it was sent and in its one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    sent: &'a str,
    normal: Cow<'a, [u8]>,
}

/// A path that servers would read in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path holds a control character, or a `..`, which not every server resolves")]
pub struct UnclearPath;

impl RequestPath<'static> {
    /// The path `/`.
    pub const ROOT: Self = Self { sent: "/", normal: Cow::Borrowed(b"/") };
}

impl<'a> RequestPath<'a> {
    /// Reads a path, without its query; allocates only where it is not in its one form already.
    pub fn read(sent: &'a str) -> Result<Self, UnclearPath> {
        Ok(Self { sent, normal: normal(sent.as_bytes())? })
    }

    /// The path as it was sent.
    pub fn sent(&self) -> &'a str {
        self.sent
    }

    /// What is found by servers that take what two slashes begin for a host; nothing where none is.
    /// To some of them a backslash ends it as well.
    pub fn behind_host(&self) -> impl Iterator<Item = Self> + use<'a> {
        let is_slash = |c| matches!(c, '/' | '\\');
        let host = self.sent.trim_start_matches(is_slash);
        let begins_host = self.sent.len() - host.len() >= 2;
        let ends = [host.find('/'), host.find(is_slash)].into_iter().filter(move |_| begins_host);
        ends.filter_map(move |end| {
            Self::read(end.and_then(|at| host.get(at..)).unwrap_or("/")).ok()
        })
    }

    /// The one form of all its spellings.
    pub fn normal(&self) -> &[u8] {
        &self.normal
    }
}

/// Says whether a pattern has, outside of wildcards, what no path has in its one form, so that
/// it never matches.
pub fn is_beyond_paths(pattern: &str) -> bool {
    let text = pattern.as_bytes();
    let is_escape = |at: &[u8]| matches!(decoded(at), Some((byte, 3)) if byte != b'%');
    let is_odd = |at: &[u8]| {
        matches!(at, [b'/', b'/', ..] | [b'/', b'.', b'/', ..] | [b'/', b'.', b'.', b'/', ..])
            || matches!(at, [b'/', b'.'] | [b'/', b'.', b'.'])
    };
    text.contains(&b';') || (0..text.len()).any(|at| is_escape(&text[at..]) || is_odd(&text[at..]))
}

pub(super) fn normal(sent: &[u8]) -> Result<Cow<'_, [u8]>, UnclearPath> {
    // `*` asks about the server as a whole (RFC 9112, section 3.2.4) and is no path.
    if sent == b"*" || is_normal(sent) {
        return Ok(Cow::Borrowed(sent));
    }
    let mut written = Written::new(sent.len());
    let mut rest = sent.strip_prefix(b"/").unwrap_or(sent);
    while let Some((byte, width)) = decoded(rest) {
        rest = &rest[width..];
        match byte {
            b'/' | b'\\' => written.end_segment(true)?,
            0..b' ' | 0x7f => return Err(UnclearPath),
            _ if written.is_in_parameters => {}
            b';' => written.is_in_parameters = true,
            b'%' => written.out.extend(b"%25"),
            _ => written.out.push(byte),
        }
    }
    written.end_segment(false)?;
    Ok(Cow::Owned(written.out))
}

/// Says whether a path is in its one form; nearly all are.
fn is_normal(path: &[u8]) -> bool {
    let is_plain = |byte: &u8| !matches!(byte, 0..b' ' | 0x7f | b'%' | b';' | b'\\');
    let is_odd = |after_slash: &[u8]| {
        matches!(
            after_slash,
            [b'/', ..] | [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..]
        )
    };
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    path.first() == Some(&b'/')
        && path.iter().all(is_plain)
        && !slashes.any(|(at, _)| is_odd(&path[at + 1..]))
}

/// The first byte that a text stands for, and how many it takes to write it.
fn decoded(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match text {
        [] => None,
        [b'%', high, low, ..] => match (hex(high), hex(low)) {
            (Some(high), Some(low)) => Some((high << 4 | low, 3)),
            (None, _) | (_, None) => Some((b'%', 1)),
        },
        [byte, ..] => Some((*byte, 1)),
    }
}

/// What is written of the form so far; everything before the segment at hand is final.
struct Written {
    out: Vec<u8>,
    /// Where the segment at hand begins, behind a slash.
    start: usize,
    is_in_parameters: bool,
}

impl Written {
    fn new(length: usize) -> Self {
        let mut out = Vec::with_capacity(length + 1);
        out.push(b'/');
        Self { out, start: 1, is_in_parameters: false }
    }

    /// Ends the segment at hand, which the path's end does as well.
    fn end_segment(&mut self, has_next: bool) -> Result<(), UnclearPath> {
        match &self.out[self.start..] {
            b"" | b"." => self.out.truncate(self.start),
            b".." => return Err(UnclearPath),
            _ if has_next => self.out.push(b'/'),
            _ => {}
        }
        self.start = self.out.len();
        self.is_in_parameters = false;
        Ok(())
    }
}
