//! Instructions as an engine splits them: lines, a keyword, options, words.

/// The longest instruction that may name an image, in bytes.
const INSTRUCTION: usize = 64 << 10;
/// The instructions that may say something of images.
const KEYWORDS: [&str; 6] = ["from", "copy", "add", "onbuild", "arg", "label"];

/// The lines that make one instruction, from its first: one that may say something of images.
///
/// # Errors
/// That it is too long to be read.
pub(super) fn joined(lines: &[&str], skips_indented_comments: bool) -> Result<String, String> {
    let mut whole = String::new();
    for (place, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let is_comment = if skips_indented_comments { bare } else { line }.starts_with('#');
        if place > 0 && (is_comment || bare.is_empty()) {
            continue;
        }
        let line = if place == 0 { bare } else { line };
        let Some(more) = line.trim_end_matches([' ', '\t']).strip_suffix('\\') else {
            whole.push_str(line);
            break;
        };
        whole.push_str(more);
        if whole.len() > INSTRUCTION {
            break;
        }
    }
    match keyword(&whole) {
        (name, _) if whole.len() > INSTRUCTION && KEYWORDS.contains(&&*name) => {
            Err(format!("{:?} has more than {INSTRUCTION} bytes", shown(&whole)))
        }
        (_, "") => Ok(String::new()),
        _ => Ok(whole),
    }
}

/// The first word of an instruction that may say something of images, in small letters, and what
/// follows it; nothing of others.
pub(super) fn keyword(instruction: &str) -> (String, &str) {
    let begin = instruction.trim_start();
    let (word, rest) = begin.split_once(char::is_whitespace).unwrap_or((begin, ""));
    // Engines make this letter a small one without its dot.
    let word = word.replace('\u{130}', "i").to_ascii_lowercase();
    let rest = if KEYWORDS.contains(&&*word) { rest.trim_start_matches(is_space) } else { "" };
    (word, rest)
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// Words that quotes and escapes hold together, with these.
pub(super) fn quoted_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        if next.is_whitespace() && quote.is_none() {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            continue;
        }
        word.push(next);
        match (next, quote) {
            ('\'' | '"', None) => quote = Some(next),
            (_, Some(open)) if next == open => quote = None,
            ('\\', None | Some('"')) => word.extend(rest.next()),
            _ => {}
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// What parts words to every engine.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// The options that an instruction begins with, and what follows them.
///
/// Engines take quotes and escapes away within an option, though not from the two dashes before it,
/// and some take each byte for a character, or a space of another script for one.
///
/// # Errors
/// That an option is written in a way that not every engine reads alike.
pub(super) fn options<'a>(
    rest: &'a str,
    instruction: &str,
) -> Result<(Vec<&'a str>, &'a str), String> {
    let wrong = |why: &str| Err(format!("an option {why} in {:?}", shown(instruction)));
    let (mut found, mut rest) = (Vec::new(), rest);
    loop {
        rest = rest.trim_start_matches(is_space);
        if rest.starts_with(char::is_whitespace) {
            return wrong("may begin with an odd space");
        }
        if !rest.starts_with("--") {
            return Ok((found, rest));
        }
        let mut quote = None;
        let ends = |c: char| {
            match quote {
                Some(open) => quote = quote.filter(|_| c != open),
                None if is_space(c) => return true,
                None => quote = Some(c).filter(|c| "\"'".contains(*c)),
            }
            false
        };
        let (option, more) = rest.split_once(ends).unwrap_or((rest, ""));
        let name = option.split('=').next().unwrap_or_default();
        if name.contains(['"', '\'']) || option.contains('\\') || !option.is_ascii() {
            return wrong("is quoted");
        }
        // Some engines take the next word for what it is set to.
        if option == "--from" || option == "--platform" {
            return wrong("is set to nothing");
        }
        // What follows two dashes alone is no option.
        if option == "--" {
            return Ok((found, more));
        }
        found.push(option);
        rest = more;
    }
}

/// As much of an instruction as a message shows.
pub(super) fn shown(instruction: &str) -> String {
    instruction.chars().take(80).collect()
}
