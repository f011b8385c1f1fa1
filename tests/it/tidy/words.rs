//! Words and names in a line of code.

/// Words that name nothing: whatever is called so could be called anything.
const EMPTY: [&str; 8] =
    ["manager", "helper", "helpers", "util", "utils", "handler", "info", "misc"];
/// What declares a name worth a look.
const DECLARING: [&str; 7] = ["struct", "enum", "trait", "type", "mod", "fn", "union"];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Tells whether a path or word such as `std::fs` or `SystemTime` stands in a line by itself.
pub fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Tells whether a line calls a free function of this name, a method of a fake aside.
pub fn calls(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}(")).any(|(at, _)| {
        let before = &line[..at];
        let is_method = before.ends_with('.') || before.ends_with("fn ");
        !is_method && !before.chars().next_back().is_some_and(is_word)
    })
}

/// The name that a line declares.
pub fn declared(line: &str) -> Option<&str> {
    let mut words = line.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    words.by_ref().find(|word| DECLARING.contains(word))?;
    words.next()
}

/// The part of a name that says nothing.
pub fn empty_word(name: &str) -> Option<&'static str> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_ascii_uppercase() {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut().filter(|_| c != '_') {
            last.push(c.to_ascii_lowercase());
        }
    }
    EMPTY.into_iter().find(|word| parts.iter().any(|part| part == word))
}

#[test]
fn a_word_is_found_by_itself_alone() {
    assert!(has_path("let a = std::fs::read(b);", "std::fs"));
    assert!(!has_path("let instant = my_Instant::now();", "Instant"));
    assert!(calls("    thread::sleep(STEP);", "sleep"));
    assert!(!calls("    world.sleep();", "sleep"));
    assert!(!calls("    fn sleep(&mut self)", "sleep"));
    assert_eq!(declared("pub(crate) struct RunInfo {"), Some("RunInfo"));
    assert_eq!(empty_word("RunInfo"), Some("info"));
    assert_eq!(empty_word("string_utils"), Some("utils"));
    assert_eq!(empty_word("Information"), None);
}
