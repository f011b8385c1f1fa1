//! The log keeps what was printed, hides what is secret and survives a tear.

use std::io::Write;

use pilothouse_supervisor::{Kind, LogError, Stream, follow, read_log, tail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::support::Unit;

#[test]
fn hostile_bytes_are_kept_raw() {
    let hostile = b"\x1b[2J\x1b]52;c;ZXZpbA==\x07\r\0\xff\xfe\xf7\x01\0\0PHF\n";
    let unit = Unit::program(&["/bin/cat", "hostile"]);
    std::fs::write(unit.path("hostile"), hostile).unwrap();
    unit.run();
    assert_eq!(unit.bytes(Stream::Stdout), hostile);
}

#[test]
fn secrets_are_hidden_across_writes() {
    let secret = "pa/ss+wo rd";
    let forms = [
        secret,
        "pa%2Fss%2Bwo%20rd",
        "70612f73732b776f207264",
        "70612F73732B776F207264",
        "cGEvc3Mrd28gcmQ=",
    ];
    // Each form is written in two pieces by two processes, one after the other.
    let words = forms.map(|form| {
        let (left, right) = form.split_at(form.len() / 2);
        format!("/bin/printf %s '<{left}'; /bin/printf '%s\\n' '{right}>'")
    });
    let mut unit = Unit::shell(&words.join("; "));
    unit.secrets.masks = vec![secret.into()];
    let record = unit.run();
    assert_eq!(
        unit.text(Stream::Stdout),
        "<***>\n<***>\n<***>\n<***>\n<***=>\n".replace("***=", "***Q=")
    );
    let printed: usize = forms.iter().map(|form| form.len() + 3).sum();
    assert_eq!((record.output_bytes, record.dropped_bytes), (printed as u64, 0));
}

#[test]
fn an_owners_notes_are_kept_apart_whatever_it_passes_on() {
    // What it passes on says the same, and is more than is kept.
    let words = "echo 'pulls s3cret'; echo 'pulls s3cret' >&2; yes | head -c 5000; \
                 echo 'pulls s3cret' >&0";
    let mut unit = Unit::shell(words);
    unit.spec.kind = Kind::Step { deadline_ms: None, output_limit_bytes: 1000 };
    unit.secrets.masks = vec!["s3cret".into()];
    unit.spec.is_owner = true;
    let record = unit.run();
    assert_eq!(unit.text(Stream::Owner), "pulls ***\n");
    assert!(record.dropped_bytes > 0, "{record:?}");
    // Any other unit has no way to say such a thing.
    let unit = Unit::shell("echo forged >&0; echo forged >/proc/$PPID/fd/0");
    unit.run();
    assert_eq!(unit.text(Stream::Owner), "");
}

#[test]
fn folded_encodings_are_hidden_and_keep_their_lines() {
    let secret =
        "a token of some length, as they are made: 0123456789 abcdefghijklmnopqrstuvwxyz +/";
    let dump = "printf %s \"$TOKEN\" | od -An -v -tx1";
    let mut unit = Unit::shell(&format!(
        "printf %s \"$TOKEN\" | base64; echo; {dump}; echo; {dump} | tr -d ' \\n' | fold -w 60; \
         echo; echo; printf 'Authorization: %s' \"$TOKEN\" | base64 -w 40"
    ));
    unit.secrets.env.insert("TOKEN".into(), secret.into());
    unit.run();
    let shown = unit.text(Stream::Stdout);
    let parts: Vec<&str> = shown.split("\n\n").collect();
    assert_eq!(parts[0].replace("w==", "").lines().collect::<Vec<_>>(), ["***"; 2], "{shown}");
    assert_eq!(parts[1].lines().map(str::trim).collect::<Vec<_>>(), ["***"; 6], "{shown}");
    assert_eq!(parts[2].lines().collect::<Vec<_>>(), ["***"; 3], "{shown}");
    // Of the last, only the beginning is not the secret.
    assert_eq!(parts[3].lines().filter(|line| *line == "***").count(), 2, "{shown}");
    assert!(parts[3].starts_with("QXV0aG9yaXphdGlvbjog***\n"), "{shown}");
}

#[test]
fn a_torn_tail_is_passed_over() {
    let unit = Unit::shell("echo one; echo two >&2");
    unit.run();
    let whole = unit.frames();
    assert_eq!(whole.len(), 2);
    let path = unit.dir.join("log");
    let sound = std::fs::read(&path).unwrap();
    let slice = read_log(&unit.dir, 0, 1 << 20).unwrap();
    for tear in 1..60 {
        let end = sound.len() - tear.min(sound.len() - 16);
        std::fs::write(&path, &sound[..end]).unwrap();
        let left = read_log(&unit.dir, 0, 1 << 20).unwrap();
        assert_eq!(left.frames, whole[..left.frames.len()], "tear {tear}");
        assert!(left.frames.len() < 2 && left.next < slice.next);
        let last = tail(&unit.dir, 10, 1 << 20).unwrap();
        assert_eq!(last, left, "tear {tear}");
    }
    // A frame whose two lengths differ was not written whole.
    let mut damaged = sound.clone();
    let trailer = damaged.len() - 8;
    damaged[trailer] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    assert_eq!(read_log(&unit.dir, 0, 1 << 20).unwrap().frames, whole[..1]);
    assert_eq!(tail(&unit.dir, 10, 1 << 20).unwrap().frames, whole[..1]);
    // Nor is a beginning that lies at the end of all numbers.
    let mut forged = sound.clone();
    forged[8..16].fill(0xFF);
    std::fs::write(&path, &forged).unwrap();
    assert!(matches!(read_log(&unit.dir, 0, 1 << 20), Err(LogError::NotALog { .. })));
    assert!(matches!(tail(&unit.dir, 10, 1 << 20), Err(LogError::NotALog { .. })));
    // Garbage instead of a frame is not believed either.
    std::fs::write(&path, &sound).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&[0xF7, 1, 0, 0, 255, 255, 255, 255, 0, 0]).unwrap();
    assert_eq!(read_log(&unit.dir, 0, 1 << 20).unwrap(), slice);
    assert_eq!(tail(&unit.dir, 10, 1 << 20).unwrap().frames, whole);
}

#[test]
fn a_log_is_followed_while_it_is_written() {
    let unit = Unit::shell("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done");
    let handle = unit.start();
    let (mut text, mut from) = (Vec::new(), 0);
    crate::support::until("the last line", || {
        let slice = read_log(&unit.dir, from, 1000).unwrap();
        assert!(slice.next >= from);
        from = slice.next;
        text.extend(slice.frames.into_iter().flat_map(|frame| frame.bytes));
        text.ends_with(b"\n1999\n").then_some(())
    });
    let numbers: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    let expected = numbers.join("\n") + "\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    unit.record_after(&handle);
}

#[test]
fn a_follower_is_woken_by_every_growth() {
    let mut unit = Unit::shell("while read -r line; do echo $line; done < fifo; echo end");
    unit.spec.stop.grace_ms = 100;
    let made = std::process::Command::new("mkfifo").arg(unit.path("fifo")).status();
    assert!(made.unwrap().success());
    let handle = unit.start();
    let mut fifo = std::fs::OpenOptions::new().write(true).open(unit.path("fifo")).unwrap();
    let follow = follow(&unit.dir).unwrap();
    let mut from = 0;
    for number in 0..20 {
        follow.clear();
        from = read_log(&unit.dir, from, 1 << 20).unwrap().next;
        writeln!(fifo, "{number}").unwrap();
        let mut fds = [PollFd::new(&follow, PollFlags::IN)];
        let limit = Timespec { tv_sec: 30, tv_nsec: 0 };
        assert_eq!(poll(&mut fds, Some(&limit)).unwrap(), 1, "growth {number}");
    }
    drop(fifo);
    unit.record_after(&handle);
    let numbers: Vec<String> = (0..20).map(|number| format!("{number}\n")).collect();
    assert_eq!(unit.text(Stream::Stdout), numbers.concat() + "end\n");
}

#[test]
fn the_tail_has_the_lines_asked_for() {
    let unit =
        Unit::shell("i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; printf end");
    unit.run();
    for lines in [1, 2, 37, 499, 501, 10_000] {
        let slice = tail(&unit.dir, lines, 1 << 20).unwrap();
        let bytes: Vec<u8> = slice.frames.into_iter().flat_map(|frame| frame.bytes).collect();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("line 499\nend"), "{text}");
        let count = text.lines().filter(|line| line.starts_with("line ") || *line == "end").count();
        assert!(count >= lines.min(501), "{count} lines of {lines}");
    }
    assert!(tail(&unit.dir, 0, 1 << 20).unwrap().frames.is_empty());
}
