//! What puts programs and packages into a container.
//!
//! Responsible for knowing such commands, and where each of them puts things: a place in the
//! workspace or in `$HOME` is no change of the container.

use super::words::{Command, assigned, is_outside, words};
use crate::plan::value::Bit;

/// Commands that change the system, and the words of which they are told one for it; any where
/// there are none.
const COMMANDS: [(&str, &[&str]); 56] = [
    ("a2dismod", &[]),
    ("a2enmod", &[]),
    ("a2ensite", &[]),
    ("addgroup", &[]),
    ("adduser", &[]),
    ("apk", &[]),
    ("apt", &[]),
    ("apt-get", &[]),
    ("aptitude", &[]),
    ("brew", &["install", "link", "upgrade"]),
    ("cargo", &["install"]),
    ("chpasswd", &[]),
    ("cmake", &["--install", "install"]),
    ("composer", &["global"]),
    ("conda", &["install", "create", "env", "update"]),
    ("corepack", &["enable", "prepare"]),
    ("cpan", &[]),
    ("cpanm", &[]),
    ("dnf", &[]),
    ("docker-php-ext-configure", &[]),
    ("docker-php-ext-enable", &[]),
    ("docker-php-ext-install", &[]),
    ("dpkg", &["-i", "--install"]),
    ("easy_install", &[]),
    ("gem", &["install"]),
    ("git", &["--system"]),
    ("go", &["install", "get"]),
    ("groupadd", &[]),
    ("ldconfig", &[]),
    ("locale-gen", &[]),
    ("luarocks", &["install"]),
    ("make", &["install"]),
    ("mamba", &["install", "create", "env", "update"]),
    ("microdnf", &[]),
    ("micromamba", &["install", "create", "env", "update"]),
    ("ninja", &["install"]),
    ("npm", &["-g", "--global", "--location=global", "global", "link"]),
    ("npx", &["--with-deps", "install-deps"]),
    ("pacman", &[]),
    ("pear", &["install"]),
    ("pecl", &["install"]),
    ("phpenmod", &[]),
    ("playwright", &["--with-deps", "install-deps"]),
    ("pnpm", &["-g", "--global", "--location=global", "global", "link"]),
    ("python", &["setup.py"]),
    ("rpm", &["-i", "-ivh", "-U", "-Uvh", "--install"]),
    ("rustup", &[]),
    ("snap", &["install"]),
    ("update-alternatives", &[]),
    ("update-ca-certificates", &[]),
    ("useradd", &[]),
    ("usermod", &[]),
    ("userdel", &[]),
    ("yarn", &["global", "link"]),
    ("yum", &[]),
    ("zypper", &[]),
];
/// What tells an installer of another place.
const PLACE: [&str; 5] = ["--path", "--prefix", "--root", "--target", "-t"];
/// What tells Poetry to make no environment of its own.
const POETRY: &str = "POETRY_VIRTUALENVS_CREATE";

/// Where installers put packages by what stood before them.
pub(super) struct Places {
    /// Those of Python go into the workspace.
    is_python: bool,
    /// Those of Ruby do.
    is_ruby: bool,
    /// Poetry puts them beside its own.
    is_poetry_bare: bool,
}

impl Places {
    pub(super) fn of(script: &str, variables: &[(String, Vec<Bit>)]) -> Self {
        let is_told = variables.iter().any(|(name, _)| name == POETRY);
        let is_poetry_bare = is_told || script.contains(POETRY);
        Self { is_python: false, is_ruby: false, is_poetry_bare }
    }

    /// Looks at a simple command for what the following ones are told by it.
    pub(super) fn see(&mut self, simple: &str) {
        let words = words(simple);
        let is = |word: &str| words.first() == Some(&word);
        let activated = words.get(1).filter(|_| is(".") || is("source"));
        if let Some(script) = activated.filter(|script| script.ends_with("/activate")) {
            self.is_python = !is_outside(script);
        }
        self.is_ruby |= is("bundle")
            && words.get(1) == Some(&"config")
            && words.iter().any(|word| matches!(*word, "path" | "deployment"))
            && !words.iter().any(|word| is_outside(word));
        for (name, value) in words.iter().filter_map(|word| assigned(word)) {
            let value = value.trim_matches(['"', '\'']);
            match name {
                "BUNDLE_PATH" => self.is_ruby = !is_outside(value),
                "PIP_PREFIX" | "PIP_TARGET" | "PIP_USER" => self.is_python = !is_outside(value),
                _ => {}
            }
        }
    }
}

/// Whether it puts something into the container.
pub(super) fn installs(command: &Command<'_>, places: &Places) -> bool {
    let name = plain(command.name);
    let is_told = |all: &[&str]| all.is_empty() || command.is_told(all);
    COMMANDS.iter().any(|(known, all)| *known == name && is_told(all))
        || is_installer(name, command, places) && !is_placed(command)
}

/// A name without its version, as of `python3.11`.
fn plain(name: &str) -> &str {
    let known = ["python", "pip", "easy_install"].into_iter().find(|known| {
        let rest = name.strip_prefix(known);
        rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || ".-".contains(c)))
    });
    known.unwrap_or(name)
}

/// Whether it names a place of the workspace, or of `$HOME`.
fn is_placed(command: &Command<'_>) -> bool {
    let mut values = command.values(&PLACE).peekable();
    match values.peek() {
        Some(_) => values.all(|value| !is_outside(value)),
        None => command.is_told(&["--deployment", "--user"]),
    }
}

/// Whether it puts packages beside its own, where nothing names another place.
fn is_installer(name: &str, command: &Command<'_>, places: &Places) -> bool {
    let has = |word: &str| command.words.contains(&word);
    match name {
        "bundle" => {
            let first = command.words.first();
            !places.is_ruby && first.is_none_or(|word| matches!(*word, "install" | "update"))
        }
        "pip" | "uv" => has("install") && !places.is_python,
        "pipenv" => has("--system"),
        "poetry" if has("virtualenvs.create") => has("false"),
        "poetry" => {
            let installs = ["add", "install", "sync", "update"];
            places.is_poetry_bare && command.is_told(&installs)
        }
        "python" if has("venv") => command.words.iter().any(|word| is_outside(word)),
        "python" => has("pip") && has("install") && !places.is_python,
        _ => false,
    }
}
