//! Every command line that the cockpit shows is one that the command line takes.

use std::path::Path;

use clap::Parser as _;
use pilothouse_cockpit::{Keymap, Model, cli};
use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::{DeploymentKind, EnvironmentKey};
use pilothouse_core::id::{ArtifactDigest, CommitId, ReleaseNumber, RunId};
use pilothouse_core::plan::{Plan, Side};
use pilothouse_core::time::Timestamp;

use super::Cli;

/// Splits a line as a shell does, as far as lines of ours need it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('\'', _) => quoted = !quoted,
            (' ', _) if !quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words
}

fn taken(line: &str) {
    if let Err(error) = Cli::try_parse_from(words(line)) {
        panic!("{line}: {error}");
    }
}

#[test]
fn every_action_has_a_command_line_that_exists() {
    let all = cli::all(&Model::new(Keymap::default(), Timestamp(0)));
    assert!(all.len() > 10, "{all:?}");
    for line in &all {
        taken(line);
    }
    assert_eq!(words("pilothouse run shop:'a b'"), ["pilothouse", "run", "shop:a b"]);
}

#[test]
fn every_plan_has_a_command_line_that_exists() {
    let side = Side {
        release: ReleaseNumber(1),
        artifact: ArtifactDigest::new("00"),
        commit: CommitId::new("4f1c2aa9"),
        subject: String::new(),
    };
    let whats = [
        DeployWhat::Ready,
        DeployWhat::Run(RunId(7)),
        DeployWhat::Rollback(None),
        DeployWhat::Rollback(Some(ReleaseNumber(1))),
        DeployWhat::Promotion("qa".into()),
    ];
    for what in whats {
        let line = cli::of_plan(&Plan {
            environment: EnvironmentKey { project: "shop".into(), name: "production".into() },
            what,
            kind: DeploymentKind::Deploy,
            from: None,
            to: side.clone(),
            exists: false,
            steps: Vec::new(),
            undo: String::new(),
            warnings: Vec::new(),
            hash: String::new(),
        });
        taken(&line);
    }
}

/// What stands between backticks in the cockpit's texts, in those around it and in the keymaps.
#[test]
fn every_command_line_in_a_text_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left: Vec<_> =
        ["crates/cockpit/src", "keymaps", "src/attach"].map(|dir| root.join(dir)).into();
    let mut found = 0;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("`pilothouse ") {
            let line = text[at + 1..].split('`').next().unwrap();
            taken(line);
            found += 1;
        }
    }
    assert!(found > 3, "{found}");
}
