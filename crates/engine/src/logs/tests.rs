//! Pages forwards and backwards over the same log.

use std::path::Path;

use super::*;

/// A segment as the supervisor's `log.rs` describes it.
fn write(dir: &Path, frames: &[(u8, String)]) {
    std::fs::create_dir_all(dir).unwrap();
    let mut bytes = b"PHLOG\x01\0\0".to_vec();
    bytes.extend([0; 8]);
    for (stream, text) in frames {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        bytes.extend([0xF7, *stream, 0, 0]);
        bytes.extend(length);
        bytes.extend(1u64.to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(length);
        bytes.extend(b"PHF\n");
    }
    std::fs::write(dir.join("log"), bytes).unwrap();
}

/// Two steps of which lines begin in one frame and end in another, output and errors mixed.
fn parts(dir: &Path, lines: u32) -> Vec<Part> {
    let mut all = Vec::new();
    for step in [0, 2] {
        let mut frames = Vec::new();
        for number in 0..lines {
            let stream = 1 + u8::from(number % 3 == 0);
            let text = format!("{step} line {number} {}\n", "x".repeat(number as usize % 50));
            let (head, tail) = text.split_at(text.len() / 2);
            frames.push((stream, head.to_owned()));
            if number % 5 == 0 {
                frames.push((3 - stream, format!("{step} between {number}\n")));
            }
            frames.push((stream, tail.to_owned()));
        }
        let dir = dir.join(step.to_string());
        write(&dir, &frames);
        all.push(Part { step, dir, open: false });
    }
    all.insert(1, Part { step: 1, dir: dir.join("nothing"), open: false });
    all
}

fn ask(parts: &[Part], query: &LogQuery) -> LogPage {
    page(parts, query).unwrap()
}

fn forwards(parts: &[Part]) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut query = LogQuery::default();
    loop {
        let page = ask(parts, &query);
        assert_eq!(page.older, query.after.is_some());
        lines.extend(page.lines);
        if !page.open {
            return lines;
        }
        query.after = Some(page.next);
    }
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    let mut texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    texts.sort_unstable();
    texts
}

#[test]
fn pages_backwards_hold_what_pages_forwards_hold() {
    let home = tempfile::tempdir().unwrap();
    let parts = parts(home.path(), 20_000);
    let all = forwards(&parts);
    assert_eq!(all.len(), 2 * (20_000 + 4_000));
    for tail in [1, 7, 4_000] {
        let newest = ask(&parts, &LogQuery { tail: Some(tail), ..LogQuery::default() });
        assert_eq!(newest.lines.len() as u64, tail);
        assert!(newest.older);
        let mut lines = newest.lines;
        let mut before = newest.first;
        loop {
            let page = ask(&parts, &LogQuery { before: Some(before), ..LogQuery::default() });
            lines.splice(0..0, page.lines);
            before = page.first;
            if !page.older {
                break;
            }
        }
        assert!(texts(&lines) == texts(&all), "tail {tail}");
        let none = ask(&parts, &LogQuery { before: Some(before), ..LogQuery::default() });
        assert_eq!((none.lines.len(), none.older), (0, false));
    }
}

#[test]
fn a_page_before_is_followed_by_where_it_was_asked_from() {
    let home = tempfile::tempdir().unwrap();
    let parts = parts(home.path(), 9_000);
    let newest = ask(&parts, &LogQuery { tail: Some(10), ..LogQuery::default() });
    let before = ask(&parts, &LogQuery { before: Some(newest.first), ..LogQuery::default() });
    let again = ask(&parts, &LogQuery { after: Some(before.next), ..LogQuery::default() });
    assert_eq!(again.lines, newest.lines);
    let own = ask(&parts, &LogQuery { after: Some(before.first), ..LogQuery::default() });
    assert_eq!(own.lines.first(), before.lines.first());
}

#[test]
fn a_line_longer_than_a_page_is_reached_from_behind() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("0");
    let long: Vec<(u8, String)> = (0..40).map(|_| (1, "y".repeat(20_000))).collect();
    let mut frames = vec![(1, "first\n".to_owned())];
    frames.extend(long);
    frames.push((1, "\nlast\n".to_owned()));
    write(&dir, &frames);
    let parts = [Part { step: 0, dir, open: false }];
    let newest = ask(&parts, &LogQuery { tail: Some(1), ..LogQuery::default() });
    assert_eq!(texts(&newest.lines), ["last"]);
    let mut page = newest;
    let mut seen = Vec::new();
    while page.older {
        let before = Some(page.first);
        page = ask(&parts, &LogQuery { before, ..LogQuery::default() });
        seen.extend(page.lines.iter().map(|line| line.text.len()));
    }
    assert!(seen.contains(&5) && seen.iter().any(|length| *length > 1000), "{seen:?}");
}

#[test]
fn of_a_line_longer_than_all_that_is_read_of_the_newest_the_end_is_told() {
    for open in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("0");
        let mut frames = vec![(1, "first\n".to_owned())];
        frames.extend((0..100).map(|_| (1, "y".repeat(1 << 16))));
        write(&dir, &frames);
        let parts = [Part { step: 0, dir, open }];
        let newest = ask(&parts, &LogQuery { tail: Some(3), ..LogQuery::default() });
        assert!(!newest.lines.is_empty() && newest.older && newest.skipped > 0, "{open}");
        assert!(texts(&newest.lines).iter().all(|text| text.starts_with("yyy")), "{open}");
        let before = Some(newest.first);
        let page = ask(&parts, &LogQuery { before, ..LogQuery::default() });
        assert!(!page.lines.is_empty(), "{open}");
    }
}

#[test]
fn the_newest_lines_go_on_with_what_runs_while_a_later_step_waits() {
    let home = tempfile::tempdir().unwrap();
    let dirs = [home.path().join("0"), home.path().join("1")];
    let lines = |count: u32| (0..count).map(|n| (1, format!("line {n}\n"))).collect::<Vec<_>>();
    write(&dirs[0], &lines(3));
    let [first, second] = dirs.clone();
    let parts =
        [Part { step: 0, dir: first, open: true }, Part { step: 1, dir: second, open: true }];
    for waits in [false, true] {
        if waits {
            // It has begun and said nothing yet.
            write(&dirs[1], &[]);
        }
        write(&dirs[0], &lines(3));
        let newest = ask(&parts, &LogQuery { tail: Some(10), ..LogQuery::default() });
        assert_eq!((newest.lines.len(), newest.open), (3, true));
        write(&dirs[0], &lines(5));
        let after = Some(newest.next);
        let more = ask(&parts, &LogQuery { after, ..LogQuery::default() });
        assert_eq!(texts(&more.lines), ["line 3", "line 4"]);
    }
}

#[test]
fn a_follower_that_falls_behind_goes_on_near_the_end_and_is_told_how_many_lines_it_passed() {
    let home = tempfile::tempdir().unwrap();
    let parts = parts(home.path(), 100_000);
    let all = forwards(&parts);
    let start = ask(&parts, &LogQuery::default());
    let after = Some(start.next.clone());
    let page = ask(&parts, &LogQuery { after, tail: Some(500), ..LogQuery::default() });
    assert_eq!(page.lines.len(), 500);
    assert_eq!(page.skipped, (all.len() - start.lines.len() - 500) as u64);
    // What was passed over stands before it.
    let (mut lines, mut before) = (page.lines, Some(page.first));
    while let Some(place) = before {
        let page = ask(&parts, &LogQuery { before: Some(place), ..LogQuery::default() });
        lines.extend(page.lines);
        before = page.older.then_some(page.first);
    }
    assert!(texts(&lines) == texts(&all));
}

#[test]
fn a_follower_that_is_a_little_behind_misses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let parts = parts(home.path(), 5_000);
    let mut lines = Vec::new();
    let mut page = ask(&parts, &LogQuery::default());
    loop {
        assert_eq!(page.skipped, 0);
        lines.extend(page.lines);
        if !page.open {
            break;
        }
        let after = Some(page.next);
        page = ask(&parts, &LogQuery { after, tail: Some(10), ..LogQuery::default() });
    }
    assert!(texts(&lines) == texts(&forwards(&parts)));
}

#[test]
fn a_page_of_short_lines_in_long_frames_holds_few_of_them() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("0");
    // As a supervisor writes what comes fast: frames of as much as one read gives, cut anywhere.
    let all: Vec<String> = (0..60_000).map(|number| number.to_string()).collect();
    let all = all.join("\n") + "\n";
    let frames: Vec<(u8, String)> = all
        .as_bytes()
        .chunks(262_138)
        .map(|bytes| (1, String::from_utf8(bytes.to_vec()).unwrap()))
        .collect();
    write(&dir, &frames);
    let parts = [Part { step: 0, dir, open: false }];
    let mut number = 0;
    let mut query = LogQuery::default();
    loop {
        let page = ask(&parts, &query);
        assert!(page.lines.len() <= LINES, "{} lines", page.lines.len());
        for line in &page.lines {
            assert_eq!(line.text, number.to_string());
            number += 1;
        }
        let before = LogQuery { before: Some(page.next.clone()), ..LogQuery::default() };
        let back = ask(&parts, &before);
        assert!(back.lines.len() <= LINES, "{} lines back", back.lines.len());
        assert!(back.lines.last() == page.lines.last());
        if !page.open {
            break;
        }
        query.after = Some(page.next);
    }
    assert_eq!(number, 60_000);
}

#[test]
fn a_page_is_never_large_and_all_pages_together_hold_all() {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in [("quotes", "\"".repeat(3_000)), ("wide", "\u{fffd}".repeat(700))] {
        let dir = home.path().join(name);
        let numbered = |number: u32| (1, format!("{number} {text}\n"));
        write(&dir, &(0..600).map(numbered).collect::<Vec<_>>());
        let parts = [Part { step: 0, dir, open: false }];
        let is_small = |page: &LogPage| {
            assert!(!page.lines.is_empty());
            let bytes = serde_json::to_vec(page).unwrap().len();
            assert!(bytes <= SENT + 1024, "{bytes} bytes of {name}");
        };
        let mut forwards = Vec::new();
        let mut query = LogQuery::default();
        loop {
            let page = ask(&parts, &query);
            is_small(&page);
            forwards.extend(page.lines);
            query.after = Some(page.next);
            if !page.open {
                break;
            }
        }
        assert_eq!(forwards.len(), 600);
        let mut page = ask(&parts, &LogQuery { tail: Some(10_000), ..LogQuery::default() });
        assert!(page.skipped > 0);
        let mut backwards = Vec::new();
        loop {
            is_small(&page);
            backwards.splice(0..0, page.lines);
            if !page.older {
                break;
            }
            let before = Some(page.first);
            page = ask(&parts, &LogQuery { before, tail: Some(50), ..LogQuery::default() });
            assert!(page.lines.len() <= 50);
        }
        assert!(backwards == forwards);
    }
}
