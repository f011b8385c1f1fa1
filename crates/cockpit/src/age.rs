//! Points and lengths of time as the screen says them.
//!
//! Ages move in whole minutes, so that a still screen is drawn once a minute and no more.

use pilothouse_core::time::{Millis, Timestamp};

/// How long ago something was: `<1m`, `5m`, `3h`, `12d`, and from a thousand days on `2y`.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let minutes = now.since(then).0 / 60_000;
    match minutes {
        0 => "<1m".to_owned(),
        1..=59 => format!("{minutes}m"),
        60..=2879 => format!("{}h", minutes / 60),
        2880..1_440_000 => format!("{}d", minutes / 1440),
        _ => format!("{}y", minutes / 525_600),
    }
}

/// How long something took or has run: `0.4s`, `38s`, `1:12`, `1h05`.
pub fn length(length: Millis) -> String {
    let seconds = length.0 / 1000;
    match seconds {
        0 => match (length.0 + 50) / 100 {
            0 => "0s".to_owned(),
            10 => "1s".to_owned(),
            tenths => format!("0.{tenths}s"),
        },
        1..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}:{:02}", seconds / 60, seconds % 60),
        3600..=172_799 => format!("{}h{:02}", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long something that still runs has run, in whole seconds.
pub fn running(now: Timestamp, since: Timestamp) -> String {
    let whole = now.since(since).0 / 1000 * 1000;
    if whole == 0 { "0s".to_owned() } else { length(Millis(whole)) }
}

/// The time of day, `18:04`, at an offset from UTC in minutes.
pub fn clock(at: Timestamp, offset_minutes: i32) -> String {
    let minutes = minutes_of_day(at, offset_minutes);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The time of day to the second, `18:04:11`, at an offset from UTC in minutes.
pub fn clock_seconds(at: Timestamp, offset_minutes: i32) -> String {
    format!("{}:{:02}", clock(at, offset_minutes), at.0 / 1000 % 60)
}

fn minutes_of_day(at: Timestamp, offset_minutes: i32) -> u64 {
    let day = i64::from(24 * 60);
    let minutes = i64::try_from(at.0 / 60_000).unwrap_or(0) + i64::from(offset_minutes);
    u64::try_from(minutes.rem_euclid(day)).unwrap_or(0)
}

/// A size in bytes: `12B`, `640K`, `41M`, `1.2G`.
pub fn bytes(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        0..1024 => format!("{bytes}B"),
        1024..MIB => format!("{}K", bytes / 1024),
        MIB..1_073_741_824 => format!("{}M", bytes / MIB),
        _ => format!("{}.{}G", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024),
    }
}

/// Bytes by the second: `0`, `0.3K`, `12K`, `1M`.
pub fn traffic(by_second: u64) -> String {
    match by_second {
        0 => "0".to_owned(),
        1..10_240 => format!("{}.{}K", by_second / 1024, by_second % 1024 * 10 / 1024),
        _ => bytes(by_second),
    }
}

/// US dollars by the hour from millionths: `$0.214/h`, and below half a thousandth `$0.000031/h`.
pub fn dollars(micro: u64) -> String {
    // What costs little is not shown as nothing.
    if (1..500).contains(&micro) {
        return format!("$0.{micro:06}/h");
    }
    let thousandths = (micro + 500) / 1000;
    format!("${}.{:03}/h", thousandths / 1000, thousandths % 1000)
}

/// Thousandths as people say a rate: `0.4`, `12`, `3.2k`.
pub fn rate(milli: u64) -> String {
    match milli {
        0 => "0".to_owned(),
        1..=9_999 => format!("{}.{}", milli / 1000, milli % 1000 / 100),
        10_000..=9_999_999 => format!("{}", milli / 1000),
        _ => format!("{}.{}k", milli / 1_000_000, milli / 100_000 % 10),
    }
}

/// A latency: `420us`, `8ms`, `1.2s`.
pub fn latency(micros: u64) -> String {
    match micros {
        0..=999 => format!("{micros}us"),
        1_000..=999_999 => format!("{}ms", micros / 1000),
        _ => format!("{}.{}s", micros / 1_000_000, micros / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_step_by_minutes() {
        let said = [0, 59_999, 60_000, 3_600_000, 172_800_000, 86_399_000_000, 86_400_000_000]
            .map(|ms| ago(Timestamp(ms), Timestamp(0)));
        assert_eq!(said.join(" "), "<1m <1m 1m 1h 2d 999d 2y");
    }

    #[test]
    fn lengths_sizes_and_rates() {
        let lengths = [49, 50, 400, 779, 950, 38_000, 72_000, 3_900_000];
        let lengths = lengths.map(|ms| length(Millis(ms)));
        assert_eq!(lengths.join(" "), "0s 0.1s 0.4s 0.8s 1s 38s 1:12 1h05");
        assert_eq!([2048, 43_000_000, 1_300_000_000].map(bytes).join(" "), "2K 41M 1.2G");
        assert_eq!([0, 400, 10_300, 43_000_000].map(traffic).join(" "), "0 0.3K 10K 41M");
        assert_eq!([0, 400, 212_000, 12_345_678].map(rate).join(" "), "0 0.4 212 12.3k");
        assert_eq!([214_000, 0].map(dollars).join(" "), "$0.214/h $0.000/h");
        assert_eq!(clock(Timestamp(0), -60), "23:00");
    }
}
