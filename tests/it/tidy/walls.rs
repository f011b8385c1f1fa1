//! Who may use whom.
//!
//! Responsible for the walls between crates, around the outside kits that one file wraps, and
//! around the crates that are pure: they get time, ids and texts as arguments.

use super::manifest::{Dependency, Table, dependencies};
use super::tree::{Source, Tree};
use super::{none, words};

/// A crate of ours, and those that it may be built with.
const WALLS: [(&str, &[&str]); 11] = [
    ("crates/api/", &["core"]),
    ("crates/aws/", &["core", "engine"]),
    ("crates/cockpit/", &["api", "core"]),
    ("crates/core/", &[]),
    ("crates/docker/", &[]),
    ("crates/edge/", &["core"]),
    ("crates/engine/", &["api", "core", "docker", "jenkinsfile", "settings", "supervisor"]),
    ("crates/jenkinsfile/", &[]),
    ("crates/settings/", &["core"]),
    ("crates/sim/", &["core", "engine"]),
    ("crates/supervisor/", &[]),
];

/// An outside crate, and the packages whose manifests may name it (empty for the root's).
const NAMED_BY: [(&str, &[&str]); 17] = [
    ("arc-swap", &["crates/edge/"]),
    ("aws-", &["crates/aws/"]),
    ("bollard", &["crates/docker/"]),
    ("clap", &[""]),
    ("color-eyre", &[""]),
    ("crossterm", &[""]),
    ("git2", &["crates/engine/"]),
    ("hyper", &["crates/api/", "crates/docker/", "crates/edge/", "crates/engine/"]),
    ("hyper-util", &["crates/api/", "crates/docker/", "crates/edge/", "crates/engine/"]),
    ("jiff", &["", "crates/engine/"]),
    ("openssl", &[]),
    ("rand", &[]),
    ("ratatui", &["", "crates/cockpit/"]),
    ("signal-hook", &["", "crates/supervisor/"]),
    (
        "tokio",
        &[
            "",
            "crates/api/",
            "crates/aws/",
            "crates/docker/",
            "crates/edge/",
            "crates/engine/",
            "crates/sim/",
        ],
    ),
    ("tokio-util", &["", "crates/engine/", "crates/sim/"]),
    ("toml_edit", &["crates/settings/"]),
];

/// A kit's name in code, and the beginnings of the paths that may say it.
const SAID_BY: [(&str, &[&str]); 6] = [
    ("aws_config", &["crates/aws/src/"]),
    ("bollard", &["crates/docker/src/"]),
    ("git2", &["crates/engine/src/driver/git.rs"]),
    (
        "hyper",
        &[
            "crates/api/src/client",
            "crates/docker/src/line.rs",
            "crates/docker/src/raw.rs",
            "crates/edge/src/",
            "crates/engine/src/driver/edge/",
            "crates/engine/src/server/",
        ],
    ),
    ("crossterm", &["crates/cockpit/src/key.rs", "src/attach"]),
    ("color_eyre", &["src/"]),
];

/// Crates that are pure.
const PURE: [&str; 4] =
    ["crates/cockpit/", "crates/core/", "crates/jenkinsfile/", "crates/settings/"];

/// What a pure crate never says. Addresses are values, and so `std::net`'s may be named.
const IMPURE: [&str; 17] = [
    "tokio",
    "std::env",
    "std::fs",
    "std::io::stdin",
    "std::io::stdout",
    "std::os",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "UnixListener",
    "UnixStream",
    "thread_local!",
];

/// The modules of `std` that one `use std::{…}` must not bring along.
const IMPURE_MODULES: [&str; 5] = ["env", "fs", "os", "process", "thread"];

fn is_ours(dependency: &Dependency) -> Option<&str> {
    // The reader of Jenkinsfiles is useful without us, and is named after what it reads.
    if dependency.name == "jenkinsfile" {
        return Some("jenkinsfile");
    }
    dependency.name.strip_prefix("pilothouse-")
}

#[test]
fn crates_use_those_below_them_alone() {
    let tree = Tree::get();
    let mut found = Vec::new();
    for package in tree.packages.iter().filter(|package| !package.is_empty()) {
        let Some((_, may)) = WALLS.iter().find(|(name, _)| name == package) else {
            found.push(format!("{package}Cargo.toml: write into WALLS what it may use"));
            continue;
        };
        for dependency in dependencies(package) {
            let Some(name) = is_ours(&dependency) else {
                continue;
            };
            // Tests may use the simulated world, which is made for them.
            let is_for_tests = dependency.table == Table::Dev && name == "sim";
            if !may.contains(&name) && !is_for_tests {
                let line = dependency.line;
                found.push(format!("{package}Cargo.toml:{line}: {name} is beyond a wall"));
            }
        }
    }
    for (package, _) in WALLS.iter().filter(|(package, _)| !tree.is_package(package)) {
        found.push(format!("{package} is gone: take it off WALLS"));
    }
    none(&found, "crates depend in one direction; a type that two need lives below both");
}

#[test]
fn the_simulated_world_is_for_tests() {
    let mut found = Vec::new();
    for package in &Tree::get().packages {
        for dependency in dependencies(package) {
            let is_built_in = matches!(dependency.table, Table::Normal | Table::Build);
            if is_built_in && is_ours(&dependency) == Some("sim") {
                found.push(format!("{package}Cargo.toml:{}", dependency.line));
            }
        }
    }
    none(&found, "fakes never reach a binary: sim is a dev-dependency");
}

#[test]
fn outside_crates_are_named_where_they_belong() {
    let mut found = Vec::new();
    for package in &Tree::get().packages {
        for dependency in dependencies(package) {
            let name = dependency.name.as_str();
            let rule = NAMED_BY.iter().find(|(crates, _)| {
                name == *crates || (crates.ends_with('-') && name.starts_with(crates))
            });
            let is_shared = dependency.table == Table::Workspace;
            if let Some((_, may)) = rule
                && !is_shared
                && !may.contains(&package.as_str())
            {
                found.push(format!("{package}Cargo.toml:{}: {name}", dependency.line));
            }
        }
    }
    none(&found, "an outside crate is one crate's affair; ask that crate for what it does");
}

#[test]
fn versions_stand_in_one_place() {
    let mut found = Vec::new();
    for package in &Tree::get().packages {
        for dependency in dependencies(package) {
            let is_shared = dependency.table == Table::Workspace;
            let is_own = dependency.value != "true" && !dependency.value.contains("workspace");
            if !is_shared && is_own {
                let Dependency { name, line, .. } = dependency;
                found.push(format!("{package}Cargo.toml:{line}: {name}"));
            }
        }
    }
    none(&found, "every version stands in the root's [workspace.dependencies]");
}

#[test]
fn the_cockpit_takes_the_contract_without_its_client() {
    let is_api = |dependency: &Dependency| is_ours(dependency) == Some("api");
    let Some(named) = dependencies("crates/cockpit/").into_iter().find(is_api) else {
        return;
    };
    let shared = dependencies("").into_iter();
    let shared = shared.filter(|d| d.table == Table::Workspace).find(is_api);
    // Where the workspace leaves defaults on, a member cannot turn them off.
    let is_bare = shared.is_some_and(|d| d.value.contains("default-features = false"));
    let mut found = Vec::new();
    if !is_bare {
        found.push("Cargo.toml: write default-features = false behind pilothouse-api".to_owned());
    }
    if named.value.contains("client") {
        found.push(format!("crates/cockpit/Cargo.toml:{}", named.line));
    }
    none(&found, "the client brings a runtime, and the cockpit is pure");
}

#[test]
fn a_kits_types_stay_where_it_is_wrapped() {
    let tree = Tree::get();
    let mut found = Vec::new();
    for source in tree.sources.iter().filter(|source| source.path.contains("src/")) {
        for (index, line) in before_tests(source) {
            for (name, may) in SAID_BY {
                let is_home = may.iter().any(|begin| source.path.starts_with(begin));
                if !is_home && words::has_path(line, name) {
                    found.push(format!("{}:{}: {name}", source.path, index + 1));
                }
            }
        }
    }
    none(&found, "a kit can be replaced where one file wraps it, and nowhere else");
}

#[test]
fn pure_crates_touch_nothing() {
    let tree = Tree::get();
    let mut found = Vec::new();
    for source in &tree.sources {
        let is_pure = |pure: &&str| source.path.starts_with(&format!("{pure}src/"));
        if !PURE.iter().any(is_pure) {
            continue;
        }
        for (index, line) in before_tests(source) {
            let said = IMPURE.into_iter().find(|word| words::has_path(line, word));
            let brought = braced_use(line)
                .and_then(|list| IMPURE_MODULES.into_iter().find(|m| words::has_path(list, m)));
            if let Some(word) = said.or(brought) {
                found.push(format!("{}:{}: {word}", source.path, index + 1));
            }
        }
    }
    none(&found, "time, ids and texts are arguments, so that every case can be played in a test");
}

/// What stands between the braces of `use std::{…}`.
fn braced_use(line: &str) -> Option<&str> {
    line.split_once("std::{").map(|(_, list)| list)
}

fn before_tests(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source.code.lines().enumerate().take(source.tests_from())
}
