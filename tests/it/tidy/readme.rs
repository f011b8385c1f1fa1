//! The README's commands, asked of the things that they name.
//!
//! Responsible for finding what a reader types and for asking whether it exists. Beyond asking
//! this product's binary for its help, nothing of it is run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::tree::root;

/// What cargo can do by itself, of the verbs that a README names.
const CARGO: [&str; 9] =
    ["bench", "build", "clippy", "doc", "fmt", "install", "run", "test", "tree"];
/// Languages whose blocks are typed into a shell.
const SHELLS: [&str; 5] = ["sh", "bash", "shell", "console", "shell-session"];

/// Every command of the README, and of the pages that it sends to, that does not exist, as
/// `README.md:line: why`.
pub fn wrong() -> Vec<String> {
    let pages = ["README.md", "docs/aws.md", "docs/containers.md"];
    pages.into_iter().flat_map(wrong_in).collect()
}

fn wrong_in(page: &str) -> Vec<String> {
    let Ok(text) = fs::read_to_string(root().join(page)) else {
        return vec![format!("{page}: cannot be read")];
    };
    let faults =
        |(line, command): (usize, String)| Some(format!("{page}:{line}: {}", fault(&command)?));
    commands(&text).into_iter().filter_map(faults).collect()
}

/// The commands of the shell blocks, with their lines counted from 1.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_shell = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            is_shell = match is_shell {
                None => Some(SHELLS.contains(&language.trim())),
                Some(_) => None,
            };
            continue;
        }
        if is_shell == Some(true) {
            let command = line.trim_start_matches("$ ").split(" #").next().unwrap_or_default();
            let parts = command.split("&&").flat_map(|part| part.split('|'));
            found.extend(parts.map(|part| (index + 1, part.trim().to_owned())));
        }
    }
    found
}

fn fault(command: &str) -> Option<String> {
    let mut words = command.split_whitespace().filter(|word| !word.contains("=\""));
    let program = words.find(|word| !is_variable(word))?;
    let rest: Vec<&str> = words.collect();
    if program.rsplit('/').next() == Some("pilothouse") {
        return pilothouse(&rest);
    }
    if program == "cargo" {
        let verb = rest.first().copied().unwrap_or_default();
        let aliases = fs::read_to_string(root().join(".cargo/config.toml")).unwrap_or_default();
        let is_alias =
            aliases.lines().any(|line| line.split('=').next().map(str::trim) == Some(verb));
        return (!is_alias && !CARGO.contains(&verb)).then(|| format!("cargo has no {verb}"));
    }
    let path = program.strip_prefix("./").unwrap_or(program);
    if !path.starts_with("scripts/") && path == program {
        return None;
    }
    let mode = fs::metadata(root().join(path)).map(|about| about.permissions().mode());
    match mode {
        Err(_) => Some(format!("there is no {path}")),
        Ok(mode) => (mode & 0o111 == 0).then(|| format!("{path} cannot be run")),
    }
}

/// A variable that is set for one command.
fn is_variable(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// Asks the binary for the verb's help, and looks every option up in it.
fn pilothouse(words: &[&str]) -> Option<String> {
    let verb = words.first().filter(|word| !word.starts_with('-'));
    let output = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
        .args(verb)
        .arg("--help")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Some(format!("pilothouse has no {}", verb.unwrap_or(&"help")));
    }
    let options = words.iter().filter(|word| word.starts_with("--") && word.len() > 2);
    let mut names = options.map(|word| word.split('=').next().unwrap_or_default());
    let unknown = names.find(|name| !super::words::has_path(&help, name))?;
    Some(format!("pilothouse {} has no {unknown}", verb.unwrap_or(&"")))
}

#[test]
fn commands_are_found_and_judged() {
    let text = "```sh\n$ cargo demo && scripts/test # all\n```\n```toml\ncargo nothing\n```\n";
    let found = commands(text);
    assert_eq!(found, [(2, "cargo demo".to_owned()), (2, "scripts/test".to_owned())]);
    assert_eq!(fault("cargo demo"), None);
    assert_eq!(fault("scripts/test --quick"), None);
    assert_eq!(fault("RUST_LOG=info cargo nothing").as_deref(), Some("cargo has no nothing"));
    assert_eq!(fault("./scripts/nothing").as_deref(), Some("there is no scripts/nothing"));
    assert_eq!(fault("pilothouse serve --help"), None);
    assert_eq!(fault("pilothouse fly").as_deref(), Some("pilothouse has no fly"));
    let unknown = fault("target/release/pilothouse serve --fly");
    assert_eq!(unknown.as_deref(), Some("pilothouse serve has no --fly"));
}
