//! Processes that a script leaves behind.
//!
//! Responsible for finding them in its text. Jenkins lets such a process live until the build ends;
//! a run ends it with its step. POSIX.1-2017, Shell Command Language, 2.9.3 "Asynchronous Lists".

/// Commands that put a process into the background by themselves.
const COMMANDS: [&str; 2] = ["setsid", "coproc"];

/// Whether a process may be left; in doubt it is.
pub(super) fn leaves_process(script: &str) -> bool {
    let first = script.lines().next().unwrap_or_default();
    if first.starts_with("#!") && !first.ends_with("sh") && !first.contains("sh ") {
        // Another language has no background in a sign.
        return false;
    }
    // To a shell of POSIX `a &> b` is `a &` and `> b`.
    let is_bash = first.starts_with("#!") && first.contains("bash");
    let is_word = |c: char| c.is_whitespace() || ";()".contains(c);
    if script.split(is_word).any(|word| COMMANDS.contains(&word)) {
        return true;
    }
    match last_sign(script, is_bash) {
        // All of them are waited for.
        Some(rest) => !rest.split(['\n', ';']).any(|command| command.trim() == "wait"),
        None => false,
    }
}

/// What follows the last sign of the background.
fn last_sign(script: &str, is_bash: bool) -> Option<&str> {
    let mut found = None;
    let mut quote = None;
    let mut before = '\n';
    let mut rest = script.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        match (quote, c) {
            (None | Some('"'), '\\') => {
                rest.next();
            }
            (None, '#') if before.is_whitespace() || before == ';' => {
                let length = after.find('\n').unwrap_or(after.len());
                rest = after.get(length..).unwrap_or_default().chars();
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            // In quotes it may be a sign in a script for another shell, where a command ends.
            (Some(open), '&') if before == ' ' && after.starts_with([open, '\n', ';']) => {
                found = Some(after);
            }
            (None, '&') if after.starts_with('&') => {
                rest.next();
            }
            (None, '&') if "><|".contains(before) || (is_bash && after.starts_with('>')) => {}
            (None, '&') => {
                found = Some(after);
            }
            _ => {}
        }
        before = c;
    }
    found
}
