//! Tests of what a terminal sends.

use super::*;

/// Reads bytes at once and one by one, which must come to the same.
fn read(bytes: &[u8]) -> String {
    let mut parser = Parser::default();
    let mut whole = Vec::new();
    parser.push(bytes, &mut whole);
    parser.flush(&mut whole);
    let mut parser = Parser::default();
    let mut single = Vec::new();
    for byte in bytes {
        parser.push(std::slice::from_ref(byte), &mut single);
    }
    parser.flush(&mut single);
    assert_eq!(whole, single);
    let shown = whole.iter().map(|typed| match typed {
        Typed::Key(key) => key.to_string(),
        Typed::Mouse(mouse) => format!("{:?}@{},{}", mouse.what, mouse.x, mouse.y),
        Typed::Paste(text) => format!("paste {text:?}"),
        Typed::Ready => "ready".to_owned(),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn characters_and_control_keys() {
    assert_eq!(read("aG결é".as_bytes()), "a G 결 é");
    assert_eq!(read(b"\r\t\x7f\x03\x1a\x00"), "<Enter> <Tab> <Backspace> <C-c> <C-z> <C-Space>");
    assert_eq!(read(b"\x1ba\x1b\x03"), "<A-a> <C-A-c>");
}

#[test]
fn an_escape_alone_is_a_key_once_nothing_follows() {
    assert_eq!(read(b"\x1b"), "<Esc>");
    assert_eq!(read(b"\x1b\x1b"), "<Esc> <Esc>");
    assert_eq!(read(b"\x1b["), "<A-[>");
    assert_eq!(read(b"\x1bO"), "<A-O>");
    let mut parser = Parser::default();
    let mut out = Vec::new();
    parser.push(b"\x1b", &mut out);
    assert!(parser.waits() && out.is_empty());
}

#[test]
fn named_keys_of_several_terminals() {
    assert_eq!(read(b"\x1b[A\x1bOB\x1b[1;5C\x1b[Z"), "<Up> <Down> <C-Right> <S-Tab>");
    assert_eq!(read(b"\x1b[H\x1b[4~\x1b[5~\x1b[6;3~"), "<Home> <End> <PageUp> <A-PageDown>");
    assert_eq!(read(b"\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[24~"), "<F1> <F1> <F1> <F5> <F12>");
}

#[test]
fn clicks_and_the_wheel_but_no_motion() {
    assert_eq!(
        read(b"\x1b[<0;3;4M\x1b[<0;3;4m\x1b[<64;1;1M\x1b[<65;200;60M"),
        "Click@2,3 WheelUp@0,0 WheelDown@199,59"
    );
    assert_eq!(read(b"\x1b[<35;3;4M\x1b[<2;1;1M\x1b[<0;0;0M"), "");
}

#[test]
fn a_paste_is_one_text_even_with_escapes_in_it() {
    assert_eq!(read(b"a\x1b[200~x\x1b[Ay\r\x1b[201~b"), "a paste \"x\\u{1b}[Ay\\r\" b");
}

#[test]
fn a_paste_is_bounded() {
    let mut bytes = b"\x1b[200~".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 100_000));
    bytes.extend(PASTE_END);
    let mut out = Vec::new();
    let mut parser = Parser::default();
    for chunk in bytes.chunks(1000) {
        parser.push(chunk, &mut out);
        assert!(parser.kept.len() <= 1000);
    }
    assert_eq!(out, [Typed::Paste("x".repeat(PASTE))]);
}

#[test]
fn late_answers_are_swallowed() {
    assert_eq!(
        read(b"\x1b]11;rgb:0000/0000/0000\x1b\\a\x1b[?62;22cb\x1bP>|XTerm(380)\x1b\\c\x1b[12;40Rd"),
        "a b c d"
    );
    assert_eq!(read(b"\x1b[0nq"), "ready q");
}

#[test]
fn noise_is_survived_and_not_kept() {
    let mut seed = 1u32;
    let mut parser = Parser::default();
    for _ in 0..20_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, low, middle, high] = seed.to_le_bytes();
        let noise = [high, 0x1b, b'[', middle];
        parser.push(&noise[usize::from(low % 4)..], &mut Vec::new());
        assert!(parser.kept.len() < 2000);
    }
}
