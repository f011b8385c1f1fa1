//! The house's rules that no compiler keeps: walls between crates, sizes, names, forgotten files.
//!
//! Responsible for reading the tree as text and saying which file breaks which rule and why the
//! rule is there. It must not build, run or change anything, but the binary whose commands the
//! README names. A rule here has no exceptions beyond those that it lists, and a list may only
//! get shorter.

mod code;
mod manifest;
mod readme;
mod tree;
mod walls;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tree::{Source, Tree};

/// The most lines of a file that grew past its aim.
const MOST_LINES: usize = 500;
/// The lines that a file aims to stay within.
const AIM_LINES: usize = 400;

/// Files past the aim, with the lines that they have. A file that is here may shrink and leave,
/// and none may grow or join.
const PAST_THE_AIM: [(&str, usize); 0] = [];

/// Fails with every line of `found`, and why the rule is there.
#[track_caller]
fn none(found: &[String], why: &str) {
    if found.is_empty() {
        return;
    }
    let mut text = format!("{} broken; {why}\n", found.len());
    for line in found {
        let _ = writeln!(text, "  {line}");
    }
    panic!("{text}");
}

/// Every line of code for which `is_wrong` says what is wrong, as `file:line: what`.
fn lines_that<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
    is_wrong: impl Fn(&Source, &str) -> Option<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (index, line) in source.code.lines().enumerate() {
            if let Some(what) = is_wrong(source, line) {
                found.push(format!("{}:{}: {what}", source.path, index + 1));
            }
        }
    }
    found
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let tree = Tree::get();
    let listed = BTreeMap::from(PAST_THE_AIM);
    let mut found = Vec::new();
    for source in &tree.sources {
        let lines = source.text.lines().count();
        let path = source.path.as_str();
        match listed.get(path) {
            _ if lines > MOST_LINES => found.push(format!("{path} has {lines} lines: split it")),
            None if lines > AIM_LINES => {
                found.push(format!("{path} has {lines} lines: split it by what it is about"));
            }
            Some(most) if lines > *most => {
                found.push(format!("{path} grew from {most} to {lines} lines: split it"));
            }
            Some(_) if lines <= AIM_LINES => {
                found.push(format!("{path} has {lines} lines: take it off PAST_THE_AIM"));
            }
            Some(_) | None => {}
        }
    }
    for path in listed.keys().filter(|path| tree.source(path).is_none()) {
        found.push(format!("{path} is gone: take it off PAST_THE_AIM"));
    }
    none(&found, &format!("a file has at most {AIM_LINES} lines, in no case over {MOST_LINES}"));
}

#[test]
fn no_file_is_forgotten() {
    let tree = Tree::get();
    let mut reached = tree.roots();
    let mut next = 0;
    while let Some(path) = reached.get(next).cloned() {
        next += 1;
        for child in tree.children(&path) {
            if !reached.contains(&child) {
                reached.push(child);
            }
        }
    }
    let found: Vec<String> = tree
        .sources
        .iter()
        .filter(|source| !reached.contains(&source.path))
        .map(|source| format!("{}: no `mod` names it", source.path))
        .collect();
    none(&found, "a file that no module names is never compiled, and its tests never run");
}

#[test]
fn tests_of_a_crate_are_one_binary() {
    let tree = Tree::get();
    let is_loose = |path: &str| {
        let inside = path.split_once("tests/").filter(|(before, _)| tree.is_package(before));
        inside.is_some_and(|(_, rest)| !rest.starts_with("it/"))
    };
    let found: Vec<String> =
        tree.sources.iter().filter(|s| is_loose(&s.path)).map(|s| s.path.clone()).collect();
    none(&found, "integration tests are modules of tests/it/main.rs, so that they link once");
}

#[test]
fn modules_stand_in_files_of_their_names() {
    let tree = Tree::get();
    let mut found: Vec<String> = tree
        .sources
        .iter()
        .filter(|source| source.path.ends_with("/mod.rs"))
        .map(|source| source.path.clone())
        .collect();
    // Tests may share a world with a bench or an example.
    let sources = tree.sources.iter().filter(|source| source.path.contains("src/"));
    found.extend(lines_that(sources, |_, line| {
        line.contains("#[path").then(|| "#[path] hides where a module is".to_owned())
    }));
    none(&found, "a module x is the file x.rs, and its parts stand in x/; there is no mod.rs");
}

#[test]
fn every_module_says_what_it_is_for() {
    let tree = Tree::get();
    let found: Vec<String> = tree
        .sources
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("{}:1", source.path))
        .collect();
    none(&found, "a module opens with //!, what it is responsible for and what it must not do");
}

#[test]
fn nothing_is_left_for_later() {
    let tree = Tree::get();
    let stubs = ["todo!", "unimplemented!", "unreachable!"];
    let found = lines_that(&tree.sources, |_, line| {
        let stub = stubs.into_iter().find(|stub| words::has_path(line, stub))?;
        Some(format!("{stub} ends the process that holds everything"))
    });
    none(&found, "write what happens, or make the case impossible by its type");
}

#[test]
fn no_test_is_ignored() {
    let tree = Tree::get();
    let found = lines_that(&tree.sources, |_, line| {
        let is_ignored = line.contains("#[ignore") || line.contains(", ignore)]");
        is_ignored.then(|| "an ignored test".to_owned())
    });
    none(&found, "a test that nobody runs guards nothing");
}

#[test]
fn no_test_sleeps() {
    let tree = Tree::get();
    let mut found = Vec::new();
    for source in &tree.sources {
        let from = source.tests_from();
        for (index, line) in source.code.lines().enumerate().skip(from) {
            // The simulated world's time is virtual: it stands still, and a sleep there moves it.
            let is_virtual =
                source.path.starts_with("crates/sim/") && line.contains("tokio::time::sleep(");
            if words::calls(line, "sleep") && !is_virtual {
                found.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
            }
        }
    }
    none(&found, "a test waits on a condition with a deadline; a slept guess is slow or flaky");
}

#[test]
fn names_say_the_thing() {
    let tree = Tree::get();
    let mut found = lines_that(&tree.sources, |_, line| {
        let name = words::declared(line)?;
        let word = words::empty_word(name)?;
        Some(format!("`{name}` says {word}, which could be anything"))
    });
    for source in &tree.sources {
        let last = source.path.rsplit('/').next().unwrap_or_default();
        if let Some(word) = words::empty_word(last.trim_end_matches(".rs")) {
            found.push(format!("{}: a file called {word} gathers whatever comes", source.path));
        }
    }
    none(&found, "a name says what a thing is or does");
}

#[test]
fn every_theme_and_keymap_is_in_the_binary() {
    let tree = Tree::get();
    let mut found = Vec::new();
    for folder in ["themes", "keymaps"] {
        for path in Tree::files_in(folder) {
            let include = format!("include_str!(\"../../../{path}\")");
            let is_embedded = |source: &Source| {
                source.path.starts_with("crates/cockpit/src/") && source.text.contains(&include)
            };
            if !tree.sources.iter().any(is_embedded) {
                found.push(format!("{path}: nothing in crates/cockpit/src includes it"));
            }
        }
    }
    none(&found, "what stands in themes/ and keymaps/ comes with the binary");
}

#[test]
fn what_the_readme_says_to_type_exists() {
    none(&readme::wrong(), "the README is what a newcomer types first");
}
