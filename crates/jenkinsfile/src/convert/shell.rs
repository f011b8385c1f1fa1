//! Words of a shell.
//!
//! Responsible for turning a value into text of a POSIX shell: literals are quoted, `${env.A}` and
//! its like become `${A}`. An expression becomes nothing.

use std::fmt::Write as _;

use crate::model::{Value, ValueKind};
use crate::syntax::{Expression, ExpressionKind, Member};

/// One word that means exactly this text.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A script that a step is given: Groovy's variables become the shell's.
pub(super) fn script(value: &Value<'_>) -> Option<String> {
    match &value.kind {
        ValueKind::Text(text) => Some(text.clone().into_owned()),
        ValueKind::Code(code) => pieces(code.expression?, &|text| text.to_owned()),
        _ => None,
    }
}

/// One word for a value; the texts between variables are quoted.
pub(super) fn word(value: &Value<'_>) -> Option<String> {
    match &value.kind {
        ValueKind::Text(text) => Some(quoted(text)),
        ValueKind::Code(code) => {
            let inner = pieces(code.expression?, &|text| {
                let mut out = String::new();
                for c in text.chars() {
                    if matches!(c, '"' | '\\' | '$' | '`') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out
            })?;
            Some(format!("\"{inner}\""))
        }
        _ => Some(quoted(&value.shown())),
    }
}

fn pieces(expression: &Expression<'_>, text: &dyn Fn(&str) -> String) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Text(said) => Some(text(said)),
        ExpressionKind::Template(template) => {
            let mut out = String::new();
            for (index, said) in template.texts.iter().enumerate() {
                out.push_str(&text(said));
                if let Some(value) = template.values.get(index) {
                    let _ = write!(out, "${{{}}}", variable(value)?);
                }
            }
            Some(out)
        }
        ExpressionKind::Parenthesized(inner) => pieces(inner, text),
        _ => None,
    }
}

/// The variable of a run that Groovy's name stands for.
fn variable<'s>(expression: &Expression<'s>) -> Option<&'s str> {
    let name = match &expression.kind {
        ExpressionKind::Name(name) => name,
        ExpressionKind::Property { object, name: Member::Name(name), .. }
            // A run has no parameters.
            if object.kind.is_name("env") =>
        {
            name.text
        }
        _ => return None,
    };
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_word.then_some(name)
}
