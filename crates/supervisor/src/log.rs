//! The framed log: how output is kept on disk, and how it is read back.
//!
//! The log is raw. What a program printed is kept byte for byte (but for masked
//! secrets), control sequences included; making it safe to show is the work of
//! whoever shows it.
//!
//! # Form
//! A segment begins with 16 bytes: the magic `PHLOG\x01\0\0` and, as a little-endian
//! u64, the **offset** of its first frame. Offsets count the bytes of frames since
//! the unit began and go on across rotation, so an offset names one place for
//! the unit's whole life. Then follow frames:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | `0xF7`, begins every frame |
//! | 1 | stream: 1 stdout, 2 stderr, 3 the supervisor's own notes, 4 an owner's |
//! | 2 | zero |
//! | 4 | length of the payload, little-endian |
//! | 8 | milliseconds since the Unix epoch, little-endian |
//! | length | payload |
//! | 4 | length again, so that the log can be walked backwards |
//! | 4 | `PHF\n` |
//!
//! A crash may leave half a frame at the end of the file; readers stop before it.

pub(crate) mod follow;
pub(crate) mod frame;
pub(crate) mod read;
pub(crate) mod segment;
pub(crate) mod tail;
pub(crate) mod write;
