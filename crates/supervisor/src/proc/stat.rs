//! Reads `/proc/PID/stat`. Hostile process names are expected.

use std::fs::File;
use std::io::{self, Read};

/// The fields of `/proc/PID/stat` that matter here. Times are in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub pid: i32,
    pub state: u8,
    pub parent: i32,
    pub group: i32,
    pub user_ticks: u64,
    pub system_ticks: u64,
    pub reaped_user_ticks: u64,
    pub reaped_system_ticks: u64,
    pub start_time: u64,
    pub resident_pages: u64,
}

impl Stat {
    /// Whether the process has ended and only waits to be reaped.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads the process's line, which is always shorter than a page.
pub(crate) fn read_stat(pid: i32) -> io::Result<Stat> {
    let mut buffer = [0_u8; 1024];
    let mut file = File::open(format!("/proc/{pid}/stat"))?;
    let length = file.read(&mut buffer)?;
    parse_stat(&buffer[..length]).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat is not understood"))
    })
}

/// Parses one line. The name is in parentheses and may itself hold any byte,
/// parentheses and spaces included, so the fields begin after the last one.
pub(crate) fn parse_stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|&byte| byte == b'(')?;
    let close = line.iter().rposition(|&byte| byte == b')')?;
    let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Field 3 of proc(5), the state, is the first one here.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let signed = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let process = |field: usize| fields.get(field - 3)?.parse::<i32>().ok();
    Some(Stat {
        pid,
        state: *fields.first()?.as_bytes().first()?,
        parent: process(4)?,
        group: process(5)?,
        user_ticks: number(14)?,
        system_ticks: number(15)?,
        reaped_user_ticks: u64::try_from(signed(16)?).unwrap_or(0),
        reaped_system_ticks: u64::try_from(signed(17)?).unwrap_or(0),
        start_time: number(22)?,
        resident_pages: u64::try_from(signed(24)?).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_fields() {
        let line = b"77 (x) R 1 1 (y) S 5 6 7 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0 999 1000 55 18446744073709551615 1\n";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.pid, stat.state, stat.parent, stat.group), (77, b'S', 5, 6));
        assert_eq!((stat.user_ticks, stat.reaped_system_ticks), (11, 14));
        assert_eq!((stat.start_time, stat.resident_pages), (999, 55));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(parse_stat(b""), None);
        assert_eq!(parse_stat(b"12 (a) R"), None);
        assert_eq!(parse_stat(b") ("), None);
    }

    #[test]
    fn this_process_is_read() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let stat = read_stat(pid).unwrap();
        assert_eq!(stat.pid, pid);
        assert!(stat.resident_pages > 0 && !stat.is_dead());
    }
}
