//! Checks masking against every way to cut a stream into pieces.

use super::*;

fn check(secrets: &[&str], text: &[u8]) -> String {
    let masks = Masks::new(secrets.iter().copied()).unwrap();
    let whole = masked(&masks, [text]);
    for cut in 0..=text.len() {
        let (left, right) = text.split_at(cut);
        assert_eq!(masked(&masks, [left, right]), whole, "cut at {cut}");
    }
    assert_eq!(masked(&masks, text.chunks(1)), whole, "byte by byte");
    String::from_utf8_lossy(&whole).into_owned()
}

fn masked<'a>(masks: &Masks, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut masker, mut shown) = (Masker::default(), Vec::new());
    for piece in pieces {
        masker.push(masks, piece, &mut shown);
    }
    masker.finish(masks, &mut shown);
    shown
}

const SECRET: &str = "s3cr3t/+ p?ss";

#[test]
fn every_form_is_hidden_however_it_is_cut() {
    let forms = [
        "s3cr3t/+ p?ss",
        "7333637233742f2b20703f7373",
        "7333637233742F2B20703F7373",
        "s3cr3t%2F%2B%20p%3Fss",
        "s3cr3t%2f%2b%20p%3fss",
        "s3cr3t%2F%2B+p%3Fss",
    ];
    for form in forms {
        let text = format!("a={form}; again {form}{form}.");
        assert_eq!(check(&[SECRET], text.as_bytes()), "a=***; again ***.");
    }
}

#[test]
fn base64_is_hidden_at_every_alignment() {
    // Encoded from "s3cr3t/+ p?ss", "user:s3cr3t/+ p?ss" and "ab:s3cr3t/+ p?ss\n".
    for encoded in ["czNjcjN0LysgcD9zcw==", "dXNlcjpzM2NyM3QvKyBwP3Nz", "YWI6czNjcjN0LysgcD9zcwo="]
    {
        let shown = check(&[SECRET], format!("<{encoded}>").as_bytes());
        assert!(shown.contains("***"), "{encoded} became {shown}");
        // What is left is the neighbours' bits and the padding.
        assert!(!shown.contains("NjcjN0") && !shown.contains("M2NyM3"), "{shown}");
    }
}

#[test]
fn overlapping_secrets_leave_nothing_between() {
    assert_eq!(check(&["abcdef", "defghi"], b"-abcdefghi-abcdef-defghi"), "-***-***-***");
    assert_eq!(check(&["aaaa"], b"aaaaaaaaab"), "***b");
    assert_eq!(check(&["abcd", "abcdefgh"], b"abcdefgx abcdefgh abcd"), "***efgx *** ***");
}

#[test]
fn a_prefix_alone_is_shown_in_the_end() {
    assert_eq!(check(&["abcdef"], b"abcde"), "abcde");
    assert_eq!(check(&["abcdef", "cdex"], b"abcdex"), "ab***");
}

#[test]
fn lines_of_a_key_are_hidden_each() {
    let shown = check(&["first line\nsecond line\n"], b"1: first line\r\n2: second line\r\n");
    assert_eq!(shown, "1: ***\r\n2: ***\r\n");
}

#[test]
fn short_values_hide_nothing() {
    assert!(Masks::new(["abc", ""].into_iter()).is_none());
}

#[test]
fn hostile_bytes_pass_unchanged() {
    let text: Vec<u8> = (0..=255).cycle().take(2000).collect();
    let masks = Masks::new(["secret"].into_iter()).unwrap();
    assert_eq!(masked(&masks, text.chunks(7)), text);
}
