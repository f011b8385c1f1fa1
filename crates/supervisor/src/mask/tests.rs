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

/// What is left of a text without the places where it may be folded.
fn unfolded(text: &[u8]) -> String {
    String::from_utf8_lossy(text).split_ascii_whitespace().collect()
}

const FOLDED: [(&str, &str); 8] = [
    // base64, base64 with CR LF, indented.
    ("czNjcjN0\nLysgcD9z\ncw==\n", "***\n***\n***w==\n"),
    ("key: czNjcjN0Ly\r\nsgcD9zcw==\r\n", "key: ***\r\n***w==\r\n"),
    ("  c\n  zNjcjN0LysgcD9zcw==\n", "  ***\n***w==\n"),
    // xxd -p, od -An -tx1, in both cases.
    ("7333637233742f2b2\n0703f7373\n", "***\n***\n"),
    (" 73 33 63 72 33 74 2f 2b\n 20 70 3f 73 73\n", " ***\n***\n"),
    (" 73 33 63 72 33 74 2F 2B\n 20 70 3F 73 73 0A\n", " ***\n*** 0A\n"),
    // openssl, and what languages write.
    ("73:33:63:72:33:74:2f:2b:\n    20:70:3f:73:73\n", "***\n***\n"),
    (r"b'\x73\x33\x63\x72\x33\x74\x2f\x2b\x20\x70\x3f\x73\x73'", r"b'\x***'"),
];

#[test]
fn encodings_are_hidden_through_line_breaks_and_blanks() {
    for (text, wanted) in FOLDED {
        let masks = Masks::new([SECRET].into_iter()).unwrap();
        let whole = String::from_utf8(masked(&masks, [text.as_bytes()])).unwrap();
        // The last character of base64 holds bits of the padding, and stays.
        assert_eq!(whole, wanted);
    }
}

#[test]
fn folded_encodings_are_hidden_however_they_are_cut() {
    for (text, _) in FOLDED {
        let masks = Masks::new([SECRET].into_iter()).unwrap();
        for (first, second) in (0..=text.len()).flat_map(|a| (a..=text.len()).map(move |b| (a, b)))
        {
            let text = text.as_bytes();
            let pieces = [&text[..first], &text[first..second], &text[second..]];
            let shown = masked(&masks, pieces);
            let breaks = |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').count();
            assert_eq!(breaks(&shown), breaks(text), "cut at {first} and {second}");
            // At a cut behind a line break, up to three characters may have gone out.
            let (shown, text) = (unfolded(&shown), unfolded(text));
            for at in 4..text.len().saturating_sub(8) {
                let part = &text[at..at + 4];
                assert!(!shown.contains(part), "{part} in {shown}, cut at {first} and {second}");
            }
        }
    }
}

#[test]
fn a_line_that_ends_like_a_secret_begins_is_not_held_back() {
    let masks = Masks::new([SECRET].into_iter()).unwrap();
    let (mut masker, mut shown) = (Masker::default(), Vec::new());
    masker.push(&masks, b"listening on c\n", &mut shown);
    assert_eq!(shown, b"listening on c\n");
    masker.push(&masks, b"  zN", &mut shown);
    assert_eq!(shown, b"listening on c\n");
    masker.push(&masks, b"o\n", &mut shown);
    assert_eq!(shown, b"listening on c\n  zNo\n");
    masker.push(&masks, b"c\n", &mut shown);
    masker.push(&masks, b"zNjcjN0LysgcD9zcw==\n", &mut shown);
    masker.finish(&masks, &mut shown);
    assert_eq!(String::from_utf8_lossy(&shown), "listening on c\n  zNo\nc\n***w==\n");
}

#[test]
fn what_is_held_back_is_bounded() {
    let masks = Masks::new([SECRET].into_iter()).unwrap();
    let (mut masker, mut shown) = (Masker::default(), Vec::new());
    for _ in 0..10_000 {
        masker.push(&masks, b"7333 ", &mut shown);
        masker.push(&masks, b"                                ", &mut shown);
        assert!(masker.held.len() <= 26 * (MAX_GAP + 1), "{}", masker.held.len());
    }
    masker.finish(&masks, &mut shown);
    assert_eq!(shown.len(), 10_000 * 37);
}

#[test]
fn a_secret_is_hidden_through_what_colours_it() {
    // As `grep --color` and tools that show differences print it.
    for text in [
        "a=s3cr3t\x1b[m\x1b[K/+ p?ss;",
        "a=s\x1b[01;31m3\x1b[0mcr3t/+ p?s\x1b]0;title\x07s;",
        "a=7333\x1b[m6372\n\x1b[K33742f2b20703f7373;",
        // As `tput sgr0` ends a colour, and with two intermediate bytes.
        "a=s3cr3t\x1b(B\x1b[m/+ p?ss;",
        "a=s\x1b#83cr3t/+\x1b$(C p?ss;",
    ] {
        assert_eq!(
            check(&[SECRET], text.as_bytes()),
            "a=***;".replace("***;", {
                // A line break stays, so that a log keeps its lines.
                if text.contains('\n') { "***\n***;" } else { "***;" }
            })
        );
    }
    // What is no secret keeps its colours, and so does what follows one.
    let plain = "\x1b[31ms3cr3t\x1b[0m and \x1b[1ms3cr\x1b[";
    assert_eq!(check(&[SECRET], plain.as_bytes()), plain);
    assert_eq!(check(&[SECRET], b"s3cr3t/+ p?ss\x1b[0m"), "***\x1b[0m");
    assert_eq!(check(&[SECRET], b"s3cr3t/+ p?ss\x1b(B"), "***\x1b(B");
    for begun in ["s3cr3t\x1b(", "s3cr3t\x1b"] {
        assert_eq!(check(&[SECRET], begun.as_bytes()), begun);
    }
}

#[test]
fn forms_of_other_languages_are_hidden() {
    let secret = "a\"b/c<'d";
    for form in [
        "%61%22%62%2F%63%3C%27%64",
        r#"a\"b\/c<'d"#,
        "a&quot;b/c&lt;&#39;d",
        "a&#34;b/c&lt;&#39;d",
        "a&quot;b/c&lt;&#x27;d",
        "a&quot;b/c&lt;'d",
    ] {
        assert_eq!(check(&[secret], format!("<{form}>").as_bytes()), "<***>", "{form}");
    }
    // As Python, Go, .NET, JavaScript and others write it where nothing is said of how.
    let secret = "pä s'w\"&<+/\\1";
    for form in [
        r#"p\u00e4 s'w\"&<+/\\1"#,
        r#"p\u00e4 s'w\"&<+\/\\1"#,
        r#"pä s'w\"\u0026\u003c+/\\1"#,
        r"p\u00E4 s\u0027w\u0022\u0026\u003C\u002B/\\1",
        "pä s'w\"&amp;&lt;+/\\1",
        "pä s&apos;w&quot;&amp;&lt;+/\\1",
        "pä s&#39;w&#34;&amp;&lt;&#43;/\\1",
        "p&#228; s&#39;w&quot;&amp;&lt;+/\\1",
        "p&#xe4;&#x20;s&#x27;w&#x22;&#x26;&#x3c;&#x2b;&#x2f;&#x5c;1",
        "p%C3%A4%20s'w%22&%3C+/%5C1",
        r#"pä s'w"&<+/\\1"#,
        r#"pä s'\''w"&<+/\1"#,
        "0x70, 0xc3, 0xa4, 0x20, 0x73, 0x27, 0x77, 0x22, 0x26, 0x3c, 0x2b, 0x2f, 0x5c, 0x31",
        "112,195,164,32,115,39,119,34,38,60,43,47,92,49",
        r#"p\303\244 s'w\"&<+/\\1"#,
        r#"p\303\244 s'w"&<+/\\1"#,
        r"p\303\244\040s\047w\042\046\074\053\057\1341",
        r"\160\303\244\040\163\047\167\042\046\074\053\057\134\061",
        r"\0160\0303\0244\0040\0163\0047\0167\0042\0046\0074\0053\0057\0134\0061",
        r"\u0070\u00e4\u0020\u0073\u0027\u0077\u0022\u0026\u003c\u002b\u002f\u005c\u0031",
    ] {
        assert_eq!(check(&[secret], format!("<{form}>").as_bytes()), "<***>", "{form}");
    }
}
