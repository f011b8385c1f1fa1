//! The tree of files as text.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::code;

/// A Rust file.
pub struct Source {
    /// Its path, seen from the repository's root.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// The same lines without comments and without what stands in quotes.
    pub code: String,
}

impl Source {
    /// The first line, counted from 0, that is compiled for tests alone.
    pub fn tests_from(&self) -> usize {
        let is_test = self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs"));
        if is_test {
            return 0;
        }
        let mark = self.code.lines().position(|line| line.contains("#[cfg(test)]"));
        mark.unwrap_or(usize::MAX)
    }
}

/// Every Rust file, and where the packages are.
pub struct Tree {
    /// The Rust files in the order of their paths.
    pub sources: Vec<Source>,
    /// The packages' directories: empty for the root's, else with a slash at the end.
    pub packages: Vec<String>,
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Tree {
    /// The tree, read once for all tests.
    pub fn get() -> &'static Self {
        static TREE: OnceLock<Tree> = OnceLock::new();
        TREE.get_or_init(Self::read)
    }

    /// Reads every Rust file below the root.
    fn read() -> Self {
        let mut tree = Self { sources: Vec::new(), packages: Vec::new() };
        let mut left = vec![root().to_owned()];
        while let Some(folder) = left.pop() {
            for path in entries(&folder) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    // Hidden directories and build output are no part of the house.
                    if !name.starts_with('.') && name != "target" {
                        left.push(path);
                    }
                } else if name == "Cargo.toml" {
                    let package = below(&folder);
                    let slash = if package.is_empty() { "" } else { "/" };
                    tree.packages.push(format!("{package}{slash}"));
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    let code = code::only(&text);
                    tree.sources.push(Source { path: below(&path), text, code });
                }
            }
        }
        tree.sources.sort_by(|one, two| one.path.cmp(&two.path));
        tree.packages.sort();
        tree
    }

    /// The file at a path.
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    /// Tells whether a directory, with a slash at its end, is a package's.
    pub fn is_package(&self, folder: &str) -> bool {
        self.packages.iter().any(|package| package == folder)
    }

    /// The paths of the files in a directory of the root, none if there is no such directory.
    pub fn files_in(folder: &str) -> Vec<String> {
        let folder = root().join(folder);
        if !folder.is_dir() {
            return Vec::new();
        }
        entries(&folder).iter().map(|path| below(path)).collect()
    }

    /// The files that cargo compiles by itself: libraries, binaries, tests, benches, examples.
    pub fn roots(&self) -> Vec<String> {
        self.sources.iter().map(|s| s.path.clone()).filter(|path| self.is_root(path)).collect()
    }

    fn is_root(&self, path: &str) -> bool {
        self.packages.iter().any(|package| {
            let Some(inside) = path.strip_prefix(package.as_str()) else {
                return false;
            };
            let parts: Vec<&str> = inside.split('/').collect();
            matches!(
                parts.as_slice(),
                ["build.rs"]
                    | ["src", "lib.rs" | "main.rs"]
                    | ["src", "bin", _]
                    | ["tests" | "benches" | "examples", _]
                    | ["tests" | "benches" | "examples", _, "main.rs"]
            )
        })
    }

    /// The files of the modules that a file declares.
    pub fn children(&self, path: &str) -> Vec<String> {
        let Some(source) = self.source(path) else {
            return Vec::new();
        };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_root = self.is_root(path);
        let stem = name.trim_end_matches(".rs");
        let home = if is_root { folder.to_owned() } else { format!("{folder}/{stem}") };
        let named = |line: &str| {
            let (_, rest) = line.rsplit_once("mod ")?;
            let name = rest.trim().strip_suffix(';')?;
            Some(format!("{home}/{name}.rs"))
        };
        source.code.lines().filter_map(named).collect()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn below(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}
