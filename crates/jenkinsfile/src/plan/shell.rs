//! Texts that a shell reads.
//!
//! Responsible for words that mean exactly a value, and for putting variables of a run into a
//! script where the shell makes of them what Groovy would have made. POSIX.1-2017, Shell Command
//! Language, 2.2 "Quoting" and 2.6 "Word Expansions".

use std::fmt::Write as _;

use super::Scope;
use super::value::{Bit, ELSEWHERE, Left, left};
use crate::table::Support;

/// One word that means exactly this text.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// One word for a value.
pub(super) fn word(bits: &[Bit]) -> String {
    match bits {
        [] => quoted(""),
        [Bit::Text(text)] => quoted(text),
        _ => {
            let mut out = String::from("\"");
            for bit in bits {
                match bit {
                    Bit::Text(text) => {
                        for c in text.chars() {
                            if matches!(c, '"' | '\\' | '$' | '`') {
                                out.push('\\');
                            }
                            out.push(c);
                        }
                    }
                    Bit::Outside(outside) => {
                        let _ = write!(out, "${{{}}}", outside.ours);
                    }
                    Bit::Unset => {}
                }
            }
            out.push('"');
            out
        }
    }
}

/// A script whose text Groovy put together.
pub(super) fn script(bits: &[Bit]) -> Result<String, Left> {
    let mut out = String::new();
    // What the shell sees before a variable, with a plain word for each of those before it.
    let mut before = String::new();
    for (index, bit) in bits.iter().enumerate() {
        match bit {
            Bit::Text(text) => {
                out.push_str(text);
                before.push_str(text);
            }
            Bit::Outside(outside) => {
                let after = match bits.get(index + 1) {
                    Some(Bit::Text(text)) => text.as_str(),
                    Some(Bit::Outside(_)) => "0",
                    Some(Bit::Unset) | None => "",
                };
                let name = outside.theirs;
                if !outside.is_word {
                    let why = format!(
                        "Groovy makes the value of {name} part of the script; in a string with \
                         '' the shell reads ${name} itself"
                    );
                    return Err(left(Support::Interpreter, why));
                }
                if !is_safe(&before, after) {
                    let why = format!("Groovy puts {name} where the shell would not");
                    return Err(left(Support::Interpreter, why));
                }
                let _ = write!(out, "${{{}}}", outside.ours);
                before.push('0');
            }
            Bit::Unset => {}
        }
    }
    Ok(out)
}

/// Whether a plain word is the same to the shell in this place, written out or as a variable.
fn is_safe(before: &str, after: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // Of `$A`, `${`, `\`, and of what follows a redirection the word would be a part.
    let stem = before.trim_end_matches(is_name);
    if stem.ends_with(['$', '{', '\\', '&', '<', '>', '~', '#']) {
        return false;
    }
    // A word that is assigned to, and the number of a redirected file, are no expansions.
    let rest = after.trim_start_matches(is_name);
    if rest.starts_with(['=', '<', '>', '(', '+']) {
        return false;
    }
    // Whoever reads a here-document does not read it as the shell does, and with other separators
    // the shell takes a word apart.
    !before.contains("<<") && !before.contains("IFS") && quotes(before)
}

/// Whether a place behind this text is outside of all quotes, or in simple double ones.
fn quotes(before: &str) -> bool {
    let mut in_double = false;
    let mut is_word_start = true;
    let mut rest = before.chars();
    while let Some(c) = rest.next() {
        let begins = std::mem::replace(&mut is_word_start, c.is_whitespace() || c == ';');
        match c {
            '\\' => {
                rest.next();
            }
            '"' => in_double = !in_double,
            '\'' | '#' if !in_double && (c == '\'' || begins) => {
                let end = if c == '#' { '\n' } else { c };
                if !rest.by_ref().any(|c| c == end) {
                    return false;
                }
                is_word_start = c == '#';
            }
            // Quotes begin anew in a substitution.
            '`' => return false,
            '$' if in_double && rest.as_str().starts_with(['(', '{']) => return false,
            _ => {}
        }
    }
    true
}

/// The variable that a script uses, as far as its text shows, where its name is this or begins so.
pub(super) fn uses<'s>(script: &'s str, name: &str, is_beginning: bool) -> Option<&'s str> {
    // In arithmetic, and to other languages, a variable is its name alone.
    let is_any_word = script.contains("((") || script.to_ascii_lowercase().contains("env");
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.match_indices(name).find_map(|(at, _)| {
        let before = script.get(..at).unwrap_or_default();
        let rest = script.get(at..).unwrap_or_default();
        let whole = rest.split(|c| !is_name(c)).next().unwrap_or_default();
        let is_word = (is_beginning || whole.len() == name.len()) && !before.ends_with(is_name);
        let is_expanded =
            before.ends_with('$') || before.ends_with("${") || before.ends_with("${#");
        (is_word && (is_expanded || is_any_word)).then_some(whole)
    })
}

/// A variable that a script uses and that Jenkins alone would have set.
pub(super) fn missing<'s>(script: &'s str, scope: &Scope) -> Option<&'s str> {
    let is_set = |name: &str| scope.value(name).is_some();
    let theirs = ELSEWHERE.iter().filter(|name| !is_set(name));
    theirs.filter_map(|name| uses(script, name, name.ends_with('_'))).find(|name| !is_set(name))
}
