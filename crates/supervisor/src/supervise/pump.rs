//! Moves output from the program's pipes into the log.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::log::frame::Stream;
use crate::log::write::LogWriter;
use crate::mask::{Masker, Masks};

/// How much is read at once, and so the usual longest frame, in bytes.
pub(super) const READ_BYTES: usize = 256 * 1024;
/// The capacity asked for each pipe, which is what an ordinary user may have.
const PIPE_BYTES: usize = 1024 * 1024;
/// How often one pipe is read before signals and deadlines are looked at again.
const READS_PER_TURN: usize = 8;
/// How often a pipe is read when everything is over. More than fits into it,
/// and an end to it if a stranger keeps writing.
const READS_AT_END: usize = 2 * PIPE_BYTES / READ_BYTES + 64;

/// The reading end of one of the program's pipes.
pub(super) struct Pump {
    stream: Stream,
    pipe: Option<OwnedFd>,
    masker: Masker,
}

/// What all pumps of a unit share.
pub(super) struct Sink {
    pub log: LogWriter,
    pub masks: Option<Masks>,
    pub buffer: Vec<u8>,
    pub shown: Vec<u8>,
}

impl Pump {
    pub(super) fn new(stream: Stream, pipe: OwnedFd) -> std::io::Result<Self> {
        // The default capacity serves as well, only slower: a user may have used up
        // what pipe(7) allows.
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, PIPE_BYTES);
        let flags = rustix::fs::fcntl_getfl(&pipe)?;
        rustix::fs::fcntl_setfl(&pipe, flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Self { stream, pipe: Some(pipe), masker: Masker::default() })
    }

    /// The descriptor to wait for, until the pipe's end.
    pub(super) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Moves what is there, within one turn's share.
    pub(super) fn turn(&mut self, sink: &mut Sink) {
        self.pump(sink, READS_PER_TURN);
    }

    /// Moves all that is left and closes the pipe.
    pub(super) fn finish(&mut self, sink: &mut Sink) {
        self.pump(sink, READS_AT_END);
        self.pipe = None;
        self.flush(sink);
    }

    /// Lets go of what was held back because a secret may begin in it.
    fn flush(&mut self, sink: &mut Sink) {
        if let Some(masks) = &sink.masks {
            sink.shown.clear();
            self.masker.finish(masks, &mut sink.shown);
            keep(&mut sink.log, self.stream, &sink.shown, 0);
        }
    }

    fn pump(&mut self, sink: &mut Sink, reads: usize) {
        for _ in 0..reads {
            let Some(pipe) = &self.pipe else { return };
            let count = match rustix::io::read(pipe, &mut sink.buffer[..]) {
                Ok(0) => {
                    self.pipe = None;
                    return;
                }
                Ok(count) => count,
                Err(rustix::io::Errno::INTR) => continue,
                Err(rustix::io::Errno::AGAIN) => return,
                Err(error) => {
                    sink.log.note(&format!("the output cannot be read any more: {error}"));
                    self.pipe = None;
                    return;
                }
            };
            let bytes = &sink.buffer[..count];
            match &sink.masks {
                None => keep(&mut sink.log, self.stream, bytes, count as u64),
                Some(masks) => {
                    sink.shown.clear();
                    self.masker.push(masks, bytes, &mut sink.shown);
                    keep(&mut sink.log, self.stream, &sink.shown, count as u64);
                    // Each write of an owner is whole, and other notes may follow it.
                    if self.stream == Stream::Owner {
                        self.flush(sink);
                    }
                }
            }
        }
    }
}

/// Notes are few, and matter most where the output was too much.
fn keep(log: &mut LogWriter, stream: Stream, bytes: &[u8], read: u64) {
    match stream {
        Stream::Stdout | Stream::Stderr => log.output(stream, bytes, read),
        Stream::Note | Stream::Owner => log.keep(stream, bytes),
    }
}
