//! Cutting texts into words.

use super::{Quote, string::cook, words};
use crate::token::Kind;

fn kinds(text: &str) -> String {
    let found = words(text);
    let names = found.tokens.iter().map(|token| match token.kind {
        Kind::Mark(mark) => mark.text().to_owned(),
        Kind::Word(word) => format!("{word:?}"),
        kind => format!("{kind:?}"),
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn ends_of_lines_count_outside_of_parentheses_alone() {
    assert_eq!(kinds("a(\n1,\n2)\n\n// x\nb"), "Name ( Integer , Integer ) Newline Name End");
    assert_eq!(kinds("[{\na\n}]"), "[ { Newline Name Newline } ] End");
}

#[test]
fn expressions_in_strings_nest() {
    let text = r#""a ${b("c ${d}")} e""#;
    let expected = "TemplateStart { Name ( TemplateStart { Name } TemplateEnd ) } TemplateEnd End";
    assert_eq!(kinds(text), expected);
    assert_eq!(kinds(r#""$a.b. c""#), "TemplateStart Name . Name TemplateEnd End");
}

#[test]
fn a_slash_divides_behind_a_value() {
    assert_eq!(kinds("a / b / c"), "Name / Name / Name End");
    assert_eq!(kinds("x = /b/"), "Name = Text End");
    assert_eq!(kinds("x = $/a/b$$/$"), "Name = Text End");
}

#[test]
fn escapes_are_cooked() {
    assert_eq!(cook(r"a\n\u0041\101\\", Quote::Single), "a\nAA\\");
    assert_eq!(cook(r"a\/\d", Quote::Slash), r"a/\d");
    assert_eq!(cook("a$/b$$c", Quote::DollarSlash), "a/b$c");
    assert_eq!(cook("a\r\nb\\\nc", Quote::TripleSingle), "a\nbc");
}

#[test]
fn what_is_no_word_is_told_once() {
    assert_eq!(words("\u{1}\u{2}\u{3}").problems.len(), 1);
    assert_eq!(words("'abc").problems.len(), 1);
    assert_eq!(words("/* abc").problems.len(), 1);
    assert_eq!(words("'\\d'").problems.len(), 1);
}
