//! Programs that are nearly right: a word left out, doubled, swapped, or put in.

use crate::random::Random;

const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    ".",
    "?",
    "?:",
    "?.",
    "*.",
    "->",
    "=",
    "==",
    "+",
    "-",
    "*",
    "/",
    "!",
    "++",
    "&&",
    "<",
    ">",
    "<<",
    "..",
    "=~",
    "\n",
    " ",
    "a",
    "b",
    "Foo",
    "1",
    "1.5",
    "'x'",
    "\"y\"",
    "\"z ${a} w\"",
    "\"$a.b\"",
    "def",
    "if",
    "else",
    "for",
    "in",
    "return",
    "new",
    "class",
    "as",
    "true",
    "null",
    "switch",
    "case",
    "try",
    "catch",
    "finally",
    "@A",
    "int",
    "// c\n",
    "/* c */",
    "sh",
    "echo",
    "stage",
    "script",
    "...",
    "/x/",
    "$/x/$",
    "'''q'''",
    "static",
    "void",
    "import",
    "throw",
    "assert",
    "break",
    "instanceof",
    "default",
    "this",
];

/// Words and gaps of a text, cut roughly.
pub fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut was_word = false;
    for letter in text.chars() {
        let is_word = letter.is_alphanumeric() || letter == '_';
        match pieces.last_mut() {
            Some(last) if is_word && was_word => last.push(letter),
            _ => pieces.push(letter.to_string()),
        }
        was_word = is_word;
    }
    pieces
}

/// One of the texts with one to three changes; of a long one some lines.
pub fn mutated(texts: &[String], random: &mut Random) -> String {
    let text = &texts[random.below(texts.len())];
    let lines: Vec<&str> = text.lines().collect();
    let from = if lines.len() > 40 { random.below(lines.len() - 30) } else { 0 };
    let text = lines.iter().skip(from).take(60).copied().collect::<Vec<_>>().join("\n");
    let mut pieces = pieces(&text);
    for _ in 0..=random.below(3) {
        let at = random.below(pieces.len());
        match random.below(5) {
            0 if !pieces.is_empty() => {
                pieces.remove(at);
            }
            1 if !pieces.is_empty() => pieces.insert(at, pieces[at].clone()),
            2 if !pieces.is_empty() => {
                let other = random.below(pieces.len());
                pieces.swap(at, other);
            }
            3 if !pieces.is_empty() => random.one(WORDS).clone_into(&mut pieces[at]),
            _ => pieces.insert(at, random.one(WORDS).to_owned()),
        }
    }
    pieces.concat()
}
