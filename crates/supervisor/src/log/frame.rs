//! The layout of one frame, and nothing about files.

/// The bytes before a payload.
pub(crate) const HEADER_BYTES: usize = 16;
/// The bytes after a payload.
pub(crate) const TRAILER_BYTES: usize = 8;
/// The longest payload. A longer length on disk means a damaged log.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// The bytes before the first frame of a segment.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 16;

const SEGMENT_MAGIC: [u8; 8] = *b"PHLOG\x01\0\0";
const FRAME_MAGIC: u8 = 0xF7;
const TRAILER_MAGIC: [u8; 4] = *b"PHF\n";

/// Where a frame's bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The unit's standard output.
    Stdout,
    /// The unit's standard error.
    Stderr,
    /// The supervisor itself: UTF-8 sentences that end with a line feed.
    Note,
    /// A program of ours that owns what runs elsewhere, and passes that one's output on: sentences
    /// of its own, in the same form.
    Owner,
}

/// A piece of output as it was read, which need not end at a line's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame begins in the unit's log.
    pub offset: u64,
    /// Where the bytes came from.
    pub stream: Stream,
    /// When they were read, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The bytes, raw and possibly hostile.
    pub bytes: Vec<u8>,
}

/// What a frame's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub stream: Stream,
    pub length: usize,
    pub time_ms: u64,
}

impl Header {
    pub(crate) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = FRAME_MAGIC;
        bytes[1] = match self.stream {
            Stream::Stdout => 1,
            Stream::Stderr => 2,
            Stream::Note => 3,
            Stream::Owner => 4,
        };
        bytes[4..8].copy_from_slice(&length_bytes(self.length));
        bytes[8..].copy_from_slice(&self.time_ms.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[magic, stream, 0, 0], rest) = bytes.split_first_chunk::<4>()? else {
            return None;
        };
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (time, _) = rest.split_first_chunk::<8>()?;
        let stream = match stream {
            1 => Stream::Stdout,
            2 => Stream::Stderr,
            3 => Stream::Note,
            4 => Stream::Owner,
            _ => return None,
        };
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let valid = magic == FRAME_MAGIC && length <= MAX_PAYLOAD_BYTES;
        valid.then_some(Self { stream, length, time_ms: u64::from_le_bytes(*time) })
    }

    /// The whole frame's length on disk.
    pub(crate) fn frame_bytes(self) -> usize {
        HEADER_BYTES + self.length + TRAILER_BYTES
    }
}

pub(crate) fn encode_trailer(length: usize) -> [u8; TRAILER_BYTES] {
    let mut bytes = [0; TRAILER_BYTES];
    bytes[..4].copy_from_slice(&length_bytes(length));
    bytes[4..].copy_from_slice(&TRAILER_MAGIC);
    bytes
}

/// Reads the payload's length from a trailer.
pub(crate) fn decode_trailer(bytes: &[u8]) -> Option<usize> {
    let (length, magic) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (magic == TRAILER_MAGIC && length <= MAX_PAYLOAD_BYTES).then_some(length)
}

pub(crate) fn encode_segment_header(base: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    bytes[..8].copy_from_slice(&SEGMENT_MAGIC);
    bytes[8..].copy_from_slice(&base.to_le_bytes());
    bytes
}

/// Reads the offset of a segment's first frame.
pub(crate) fn decode_segment_header(bytes: &[u8]) -> Option<u64> {
    let (magic, base) = bytes.split_first_chunk::<8>()?;
    let (base, _) = base.split_first_chunk::<8>()?;
    (*magic == SEGMENT_MAGIC).then(|| u64::from_le_bytes(*base))
}

fn length_bytes(length: usize) -> [u8; 4] {
    debug_assert!(length <= MAX_PAYLOAD_BYTES, "a payload is split before it is framed");
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs outlive versions, so the bytes are fixed here.
    #[test]
    fn golden_bytes() {
        let header = Header { stream: Stream::Stderr, length: 3, time_ms: 0x0102_0304_0506 };
        assert_eq!(
            header.encode(),
            [0xF7, 2, 0, 0, 3, 0, 0, 0, 6, 5, 4, 3, 2, 1, 0, 0],
            "a frame's header"
        );
        assert_eq!(Header::decode(&header.encode()), Some(header));
        assert_eq!(encode_trailer(3), *b"\x03\0\0\0PHF\n");
        assert_eq!(decode_trailer(b"\x03\0\0\0PHF\n"), Some(3));
        assert_eq!(encode_segment_header(258), *b"PHLOG\x01\0\0\x02\x01\0\0\0\0\0\0");
        assert_eq!(decode_segment_header(&encode_segment_header(258)), Some(258));
    }

    #[test]
    fn damage_is_refused() {
        let good = Header { stream: Stream::Stdout, length: 3, time_ms: 1 }.encode();
        for (at, byte) in [(0, 0), (1, 9), (2, 1), (7, 0xFF)] {
            let mut bad = good;
            bad[at] = byte;
            assert_eq!(Header::decode(&bad), None, "byte {at}");
        }
        assert_eq!(Header::decode(&good[..15]), None);
        assert_eq!(decode_trailer(b"\x03\0\0\0PHF"), None);
    }
}
