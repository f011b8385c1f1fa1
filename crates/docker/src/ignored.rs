//! What `.dockerignore` keeps out of a build.
//!
//! The rules are Docker's (docs.docker.com, "Build context", section `.dockerignore` files): a
//! pattern a line, `#` begins a comment, `*` and `?` stay within a name, `**` crosses names, a
//! pattern speaks of what lies below too, `!` takes back in, and the last line that fits decides.

use std::io;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

/// The file's name.
const NAME: &str = ".dockerignore";
/// The longest file that is read, in bytes.
const MOST: u64 = 1 << 20;

/// What is kept out.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// The path itself, and what lies below it.
    fits: [GlobMatcher; 2],
    takes_in: bool,
}

impl Ignored {
    /// Reads what a directory keeps out: nothing, where it has no such file.
    pub(crate) fn of(dir: &Path) -> io::Result<Self> {
        let path = dir.join(NAME);
        let is = |what: &str| io::Error::other(format!("{NAME} {what}"));
        let found = match std::fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(is(&format!("cannot be read: {error}"))),
        };
        // A link could lead out of the workspace, and a message quotes what is wrong.
        if !found.is_file() {
            return Err(is("must be a file of its own, not a link"));
        }
        if found.len() > MOST {
            return Err(is(&format!("is longer than {MOST} bytes")));
        }
        Self::parse(&std::fs::read_to_string(&path)?)
    }

    fn parse(text: &str) -> io::Result<Self> {
        let mut rules = Vec::new();
        for (place, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = if line.starts_with('#') { "" } else { line.trim() };
            let (pattern, takes_in) = match line.strip_prefix('!') {
                Some(pattern) => (pattern.trim(), true),
                None => (line, false),
            };
            let pattern = clean(pattern);
            if pattern.is_empty() {
                continue;
            }
            let glob = |pattern: &str| {
                let glob = GlobBuilder::new(pattern).literal_separator(true).build();
                let glob = glob.map(|glob| glob.compile_matcher());
                glob.map_err(|error| {
                    io::Error::other(format!("{NAME}, line {}: {}", place + 1, error.kind()))
                })
            };
            rules.push(Rule { fits: [glob(&pattern)?, glob(&format!("{pattern}/**"))?], takes_in });
        }
        Ok(Self { rules })
    }

    /// Whether a path, as the directory names it, is kept out.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let fits = |rule: &&Rule| rule.fits.iter().any(|glob| glob.is_match(path));
        self.rules.iter().rev().find(fits).is_some_and(|rule| !rule.takes_in)
    }

    /// Whether something below a path that is kept out may still be taken in.
    pub(crate) fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.takes_in)
    }
}

/// A pattern as Docker cleans it: without what leads nowhere, from the directory's root.
fn clean(pattern: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in pattern.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    // Braces are no pattern to Docker.
    names.join("/").replace('{', "[{]").replace('}', "[}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_fits_decides() {
        let text = "# all but the sources\n*\n!src\n!/docs/*.md\nsrc/**/*.tmp\n  \nsrc/gen/\n!src/gen/keep";
        let ignored = Ignored::parse(text).unwrap();
        let kept = ["src", "src/a.rs", "src/x/y.rs", "docs/a.md", "src/gen/keep", "src/gen/keep/b"];
        let out = ["target", "a.md", "src/a.tmp", "src/x/y/a.tmp", "src/gen", "src/gen/a", "docs"];
        for path in kept {
            assert!(!ignored.has(Path::new(path)), "{path}");
        }
        for path in out {
            assert!(ignored.has(Path::new(path)), "{path}");
        }
        assert!(ignored.has_exceptions());
    }

    #[test]
    fn stars_stay_within_a_name_and_braces_are_plain() {
        let ignored = Ignored::parse("*.log\n**/deep.txt\n{a,b}\nx[0-9].c\nq?").unwrap();
        for path in ["a.log", "deep.txt", "a/b/deep.txt", "{a,b}", "x7.c", "qq"] {
            assert!(ignored.has(Path::new(path)), "{path}");
        }
        for path in ["d/a.log", "a", "b", "xx.c", "q", "q/"] {
            assert!(!ignored.has(Path::new(path)), "{path}");
        }
        assert!(!ignored.has_exceptions());
    }

    #[test]
    fn what_is_wrong_is_said_by_line_and_a_link_is_not_read() {
        let error = Ignored::parse("fine\nbad[\n").unwrap_err().to_string();
        assert!(error.starts_with(".dockerignore, line 2: "), "{error}");
        let dir = tempfile::tempdir().unwrap();
        assert!(!Ignored::of(dir.path()).unwrap().has(Path::new("a")));
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join(NAME)).unwrap();
        let error = Ignored::of(dir.path()).unwrap_err().to_string();
        assert_eq!(error, ".dockerignore must be a file of its own, not a link");
    }
}
