//! Words as an engine reads them: without quotes, and with variables' values in their place.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use super::Values;

/// The most readings of one word.
const READINGS: usize = 64;

/// What a word may mean. A variable may have each of its values, or none.
///
/// # Errors
/// What about it is not understood.
pub(super) fn expand(word: &str, values: &Values) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::from([String::new()]);
    let mut rest = word.chars().peekable();
    let mut quote = None;
    while let Some(next) = rest.next() {
        match (next, quote) {
            ('\'' | '"', None) => quote = Some(next),
            (_, Some(open)) if next == open => quote = None,
            ('\\', None | Some('"')) => {
                let next = rest.next().map_or_else(String::new, String::from);
                all = follow(&all, [next])?;
            }
            ('$', None | Some('"')) => all = follow(&all, variable(&mut rest, values)?)?,
            _ => all = follow(&all, [next.to_string()])?,
        }
    }
    // To every engine a quote that stays open is an error.
    if quote.is_some() {
        all.clear();
    }
    Ok(all)
}

/// Every text before with every one after.
fn follow(
    before: &BTreeSet<String>,
    after: impl IntoIterator<Item = String>,
) -> Result<BTreeSet<String>, String> {
    let after: Vec<String> = after.into_iter().collect();
    let all: BTreeSet<String> =
        before.iter().flat_map(|one| after.iter().map(move |two| format!("{one}{two}"))).collect();
    if all.len() > READINGS { Err("there are too many readings".to_owned()) } else { Ok(all) }
}

/// What the variable behind a `$` may stand for: `$NAME`, `${NAME}`, and with a word to stand in,
/// `${NAME:-WORD}` or `${NAME:+WORD}`.
fn variable(rest: &mut Peekable<Chars<'_>>, values: &Values) -> Result<BTreeSet<String>, String> {
    let is_braced = rest.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
        name.push(next);
    }
    // Engines know names of other letters, of digits and of signs, and end them differently.
    let is_odd = name.starts_with(|first: char| first.is_ascii_digit());
    if name.is_empty() || is_odd || rest.peek().is_some_and(|next| !next.is_ascii()) {
        return Err("a variable's name is not understood".to_owned());
    }
    let mut all = values.get(&name).cloned().unwrap_or_default();
    all.insert(String::new());
    if !is_braced {
        return Ok(all);
    }
    let other = || format!("${{{name}…}} is not understood");
    let how = rest.next_if_eq(&':').and_then(|_| rest.next()).or_else(|| rest.next());
    match how {
        Some('}') => Ok(all),
        Some('-' | '+') => {
            let word: String = rest.by_ref().take_while(|next| *next != '}').collect();
            if word.contains(['$', '{', '\\', '"', '\'']) {
                return Err(other());
            }
            all.insert(word);
            Ok(all)
        }
        Some(_) | None => Err(other()),
    }
}
