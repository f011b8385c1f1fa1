//! Patterns of branches as a shell asks them.
//!
//! Jenkins compares by Ant's rules, without regard to case (the plugin's Comparator, "GLOB"; Ant's
//! `SelectorUtils`, "matchPath"): `*` stands for what a name has between two slashes, and a `**` at the
//! end for any more parts or none. A `*` of a shell also stands for slashes, so they are counted.

/// The longest pattern in bytes.
const BYTES: usize = 200;

/// A pattern that a shell can ask as Jenkins does.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// As `case` takes it.
    shell: String,
    /// How many slashes a name has that it matches, where a `*` of the shell would take more.
    slashes: Option<usize>,
}

impl Glob {
    /// Reads a pattern; [`None`] where a shell would ask something else.
    pub(super) fn of(pattern: &str) -> Option<Self> {
        if pattern.len() > BYTES {
            return None;
        }
        if pattern == "**" {
            return Some(Self { shell: "*".to_owned(), slashes: None });
        }
        if let Some(name) = pattern.strip_suffix("/**") {
            let name = is_name(name, false).then(|| either(name))?;
            return Some(Self { shell: format!("{name}|{name}/*"), slashes: None });
        }
        if !is_name(pattern, true) {
            return None;
        }
        let slashes = pattern.contains('*').then(|| pattern.matches('/').count());
        Some(Self { shell: either(pattern), slashes })
    }
}

/// What a stage asks of the branch: that it is one of the patterns, or that it is none.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) globs: Vec<Glob>,
    pub(super) is_not: bool,
}

impl Guard {
    /// A line that ends a script on every other branch.
    pub(super) fn line(&self) -> String {
        let arm = |patterns: &str, is_match: bool| {
            let end = if is_match == self.is_not { "exit 0 " } else { "" };
            format!("{patterns}) {end};;")
        };
        let of = |slashes: Option<usize>| {
            let those = self.globs.iter().filter(|glob| glob.slashes == slashes);
            those.map(|glob| glob.shell.as_str()).collect::<Vec<_>>().join("|")
        };
        let mut arms = Vec::new();
        if self.globs.iter().any(|glob| glob.slashes.is_none()) {
            arms.push(arm(&of(None), true));
        }
        let mut counts: Vec<usize> = self.globs.iter().filter_map(|glob| glob.slashes).collect();
        counts.sort_unstable();
        counts.dedup();
        for count in counts.into_iter().rev() {
            // What has more slashes matches none of those that follow.
            arms.push(arm(&format!("{}*", "*/".repeat(count + 1)), false));
            arms.push(arm(&of(Some(count)), true));
        }
        if !self.is_not {
            arms.push(arm("*", false));
        }
        format!("case $PILOTHOUSE_BRANCH in {} esac\n", arms.join(" "))
    }
}

/// Whether a pattern is a name of a branch, with a `*` in its parts where they may have one.
fn is_name(pattern: &str, may_be_wild: bool) -> bool {
    let is_fit = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c) || c == b'*';
    let is_part = |part: &str| !part.is_empty() && !part.contains("**") && part.bytes().all(is_fit);
    pattern.split('/').all(is_part) && (may_be_wild || !pattern.contains('*'))
}

/// The pattern for letters of both cases.
fn either(pattern: &str) -> String {
    let both = |c: char| match c {
        c if c.is_ascii_alphabetic() => {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        }
        c => c.to_string(),
    };
    pattern.chars().map(both).collect()
}
