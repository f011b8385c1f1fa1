//! What a package's manifest says of its dependencies.
//!
//! Responsible for the few forms that the manifests here use, one dependency a line.

use std::fs;

use super::tree::root;

/// Which table a dependency stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// What the package is built with.
    Normal,
    /// What its tests are built with besides.
    Dev,
    /// What its build script is built with.
    Build,
    /// The versions that packages share.
    Workspace,
}

/// A dependency as it is written.
#[derive(Debug)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub table: Table,
    /// What stands behind the `=`.
    pub value: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// Reads the dependencies of the package in a directory (empty, or with a slash at its end).
pub fn dependencies(package: &str) -> Vec<Dependency> {
    let text = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
    let mut table = None;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            table = table_of(header);
            assert!(
                !header.contains("dependencies."),
                "{package}Cargo.toml:{}: write the dependency on one line of its table",
                index + 1
            );
            continue;
        }
        let Some(table) = table.filter(|_| !line.is_empty() && !line.starts_with('#')) else {
            continue;
        };
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim().trim_end_matches(".workspace").to_owned();
        found.push(Dependency { name, table, value: value.trim().to_owned(), line: index + 1 });
    }
    found
}

fn table_of(header: &str) -> Option<Table> {
    match header.rsplit('.').next()? {
        "dependencies" if header.starts_with("workspace") => Some(Table::Workspace),
        "dependencies" => Some(Table::Normal),
        "dev-dependencies" => Some(Table::Dev),
        "build-dependencies" => Some(Table::Build),
        _ => None,
    }
}
