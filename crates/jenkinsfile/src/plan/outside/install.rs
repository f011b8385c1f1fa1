//! What puts programs and packages into a container.
//!
//! Responsible for knowing such commands, and where each of them puts things: a place in the
//! workspace or in `$HOME` is no change of the container.

use std::collections::BTreeSet;

use crate::plan::command::{Command, assigned, is_outside};
use crate::plan::value::Bit;

/// Commands that change the system, and the words of which they are told one for it; any where
/// there are none. Whatever else is told to install does so too.
const COMMANDS: [(&str, &[&str]); 71] = [
    ("a2disconf", &[]),
    ("a2dismod", &[]),
    ("a2dissite", &[]),
    ("a2enconf", &[]),
    ("a2enmod", &[]),
    ("a2ensite", &[]),
    ("add-apt-repository", &[]),
    ("addgroup", &[]),
    ("adduser", &[]),
    ("alternatives", &["--config", "--install", "--remove", "--set"]),
    ("apk", &[]),
    ("apt", &[]),
    ("apt-add-repository", &[]),
    ("apt-get", &[]),
    ("apt-key", &[]),
    ("apt-mark", &["auto", "hold", "manual", "minimize-manual", "unhold"]),
    ("aptitude", &[]),
    ("brew", &["link", "tap", "upgrade"]),
    ("bun", &["-g", "--global", "link"]),
    ("chpasswd", &[]),
    ("composer", &["global"]),
    ("conda", &["create", "env", "remove", "uninstall", "update"]),
    ("corepack", &["enable", "prepare"]),
    ("cpan", &[]),
    ("cpanm", &[]),
    ("debconf-set-selections", &[]),
    ("delgroup", &[]),
    ("deluser", &[]),
    ("dnf", &[]),
    ("docker-php-ext-configure", &[]),
    ("docker-php-ext-enable", &[]),
    ("docker-php-ext-install", &[]),
    ("dotnet", &["workload"]),
    (
        "dpkg",
        &[
            "--add-architecture",
            "--configure",
            "--install",
            "--purge",
            "--remove",
            "--remove-architecture",
            "--set-selections",
            "--unpack",
            "-P",
            "-i",
            "-r",
        ],
    ),
    ("dpkg-divert", &[]),
    ("dpkg-reconfigure", &[]),
    ("easy_install", &[]),
    ("emerge", &[]),
    ("gem", &["uninstall", "update"]),
    ("git", &["--system"]),
    ("go", &["get"]),
    ("groupadd", &[]),
    ("groupdel", &[]),
    ("groupmod", &[]),
    ("install-php-extensions", &[]),
    ("keytool", &["-cacerts"]),
    ("ldconfig", &[]),
    ("locale-gen", &[]),
    ("mamba", &["create", "env", "remove", "uninstall", "update"]),
    ("microdnf", &[]),
    ("micromamba", &["create", "env", "remove", "uninstall", "update"]),
    ("nix-env", &[]),
    ("npm", &["-g", "--global", "--location=global", "global", "link"]),
    ("npx", &["--with-deps", "install-deps"]),
    ("pacman", &[]),
    ("passwd", &[]),
    ("phpdismod", &[]),
    ("phpenmod", &[]),
    ("playwright", &["--with-deps", "install-deps"]),
    ("pnpm", &["-g", "--global", "--location=global", "global", "link"]),
    ("rustup", &[]),
    ("sdkmanager", &[]),
    ("update-alternatives", &[]),
    ("update-ca-certificates", &[]),
    ("update-java-alternatives", &["--set", "-s"]),
    ("useradd", &[]),
    ("userdel", &[]),
    ("usermod", &[]),
    ("yarn", &["global", "link"]),
    ("yum", &[]),
    ("zypper", &[]),
];
/// Those that install into the workspace, `$HOME`, or another machine.
const HERE: &str = "bower bun bundle cargo-make carthage cd composer conan cypress docker docker-compose echo \
    find gradle gradlew grep grunt gulp helm husky istioctl kubectl lein lerna librarian-puppet \
    meteor mvn mvnw npm npx nx oc pip pipenv playwright pnpm pod poetry pre-commit printf \
    puppeteer python r10k rush sbt ssh terraform test uv yarn";
/// Those that take something away by another word.
const REMOVES: [&str; 8] =
    ["brew", "gcloud", "helm", "kubectl", "luarocks", "opam", "snap", "tlmgr"];
/// What tells `rpm` to change something.
const OF_RPM: [&str; 9] = [
    "--erase",
    "--freshen",
    "--import",
    "--initdb",
    "--install",
    "--rebuilddb",
    "--reinstall",
    "--setperms",
    "--upgrade",
];
/// What tells some of those to install something for themselves.
const PLUGINS: [&str; 2] = ["krew", "plugin"];
/// What tells an installer of another place.
const PLACE: [&str; 10] = [
    "--install-dir",
    "--path",
    "--prefix",
    "--root",
    "--target",
    "--tool-path",
    "-t",
    "DESTDIR",
    "PREFIX",
    "prefix",
];
/// What tells a program so that builds.
const OF_BUILD: [&str; 5] = ["--install-dir", "--prefix", "DESTDIR", "PREFIX", "prefix"];
/// What tells a build where `make install` and its like put it.
const PREFIXES: [&str; 2] = ["--prefix", "-DCMAKE_INSTALL_PREFIX"];
/// What tells a program to say of itself only.
const ASKED: [&str; 2] = ["--help", "--version"];
/// What tells R where its packages are.
const OF_R: [&str; 2] = ["-l", "--library"];
/// What tells `pip` to put packages beside its own, or to take them away.
const INSTALLS: [&str; 2] = ["install", "uninstall"];
/// Releases of Node.js by their names.
const RELEASES: [&str; 4] = ["current", "latest", "lts", "stable"];
/// What tells Poetry to make no environment of its own.
const POETRY: &str = "POETRY_VIRTUALENVS_CREATE";

/// What is installed by one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    /// What is built, by `make install` and its like.
    Build,
    Go,
    Python,
    Ruby,
}

/// Where installers put packages by what stood before them.
pub(super) struct Places {
    /// What goes into the workspace.
    within: BTreeSet<Family>,
    /// Poetry puts packages beside its own.
    is_poetry_bare: bool,
}

impl Places {
    pub(super) fn of(script: &str, variables: &[(String, Vec<Bit>)]) -> Self {
        let is_told = variables.iter().any(|(name, _)| name == POETRY);
        let is_poetry_bare = is_told || script.contains(POETRY);
        Self { within: BTreeSet::new(), is_poetry_bare }
    }

    /// Looks at a simple command for what the following ones are told by it.
    pub(super) fn see(&mut self, words: &[String]) {
        let word = |at: usize| words.get(at).map(String::as_str);
        let activated = word(1).filter(|_| matches!(word(0), Some("." | "source")));
        if let Some(script) = activated.filter(|script| script.ends_with("/activate")) {
            self.put(Family::Python, script);
        }
        let is_bundle = word(0) == Some("bundle")
            && word(1) == Some("config")
            && words.iter().any(|word| matches!(word.as_str(), "path" | "deployment"));
        if is_bundle && !words.iter().any(|word| is_outside(word)) {
            self.within.insert(Family::Ruby);
        }
        let builds = |name: &str| name.ends_with("configure") || matches!(name, "cmake" | "meson");
        let prefix = |word: &String| {
            let value = PREFIXES.iter().find_map(|name| word.strip_prefix(name)?.strip_prefix('='));
            value.map(str::to_owned)
        };
        if word(0).is_some_and(builds)
            && let Some(place) = words.iter().find_map(prefix)
        {
            self.put(Family::Build, &place);
        }
        for (name, place) in words.iter().filter_map(|word| assigned(word)) {
            match name {
                "GOBIN" | "GOPATH" => self.put(Family::Go, place),
                "BUNDLE_PATH" => self.put(Family::Ruby, place),
                "PIP_PREFIX" | "PIP_TARGET" | "PIP_USER" => self.put(Family::Python, place),
                _ => {}
            }
        }
    }

    fn put(&mut self, family: Family, place: &str) {
        if is_outside(place) {
            self.within.remove(&family);
        } else {
            self.within.insert(family);
        }
    }

    fn has(&self, family: Family) -> bool {
        self.within.contains(&family)
    }
}

/// Whether it puts something into the container.
pub(super) fn installs(command: &Command<'_>, places: &Places) -> bool {
    let name = command.program();
    let is_asked = command.words.first().is_some_and(|word| ASKED.contains(&word.as_str()));
    let is_told = |all: &[&str]| (all.is_empty() && !is_asked) || command.is_told(all);
    COMMANDS.iter().any(|(known, all)| *known == name && is_told(all))
        || (is_installer(name, command, places) || is_told_to(name, command, places))
            && !is_placed(command)
}

/// Whether it is told to install something, or to take it away, as in `go install`, or `gcloud components install`.
fn is_told_to(name: &str, command: &Command<'_>, places: &Places) -> bool {
    let is_here = match name {
        "cmake" | "make" | "ninja" => places.has(Family::Build),
        "go" => places.has(Family::Go),
        _ => HERE.split_ascii_whitespace().any(|known| known == name) && !command.is_told(&PLUGINS),
    };
    let mut words = command.plain().filter(|word| !word.contains('='));
    let is_told = words.by_ref().take(3).any(|word| match word {
        "install" | "uninstall" => true,
        // To others it is a word for a line of a file.
        "remove" => REMOVES.contains(&name),
        _ => false,
    });
    !is_here && (is_told || name == "cmake" && command.has("--install"))
}

/// Whether it names a place of the workspace, or of `$HOME`.
fn is_placed(command: &Command<'_>) -> bool {
    // To those a target is what they make.
    let is_build = matches!(command.name(), "ant" | "cmake" | "make" | "ninja" | "rake");
    let places = if is_build { &OF_BUILD[..] } else { &PLACE[..] };
    let mut values = command.values(places).peekable();
    match values.peek() {
        Some(_) => values.all(|value| !is_outside(value)),
        None => command.is_told(&["--deployment", "--user"]),
    }
}

/// Whether it puts packages beside its own, where nothing names another place.
fn is_installer(name: &str, command: &Command<'_>, places: &Places) -> bool {
    let has = |word: &str| command.has(word);
    match name {
        "bundle" => {
            let first = command.words.first();
            !places.has(Family::Ruby)
                && first.is_none_or(|word| matches!(word.as_str(), "install" | "update"))
        }
        "pip" | "uv" => command.is_told(&INSTALLS) && !places.has(Family::Python),
        // A text of theirs, as in `Rscript -e "install.packages('x')"`.
        "R" | "Rscript" | "perl" => {
            let texts = command.words.iter().filter(|word| word.contains(['(', ' ', ':']));
            let is_word = |text: &String| {
                text.contains("install") || name != "perl" && text.contains("remove.packages")
            };
            texts.into_iter().any(is_word)
                || name == "R" && command.is_told(&["INSTALL", "REMOVE"]) && {
                    let mut places = command.values(&OF_R).peekable();
                    places.peek().is_none() || places.any(is_outside)
                }
        }
        "rpm" => is_told_rpm(command),
        // Where it puts what is global; the place is looked at as that of any other.
        "npm" => {
            let is_prefix = |word: &String| word.split('=').next() == Some("prefix");
            has("set") && command.words.iter().any(is_prefix)
        }
        // Its own word for it is none.
        "n" => command.words.first().is_some_and(|word| {
            word.starts_with(|c: char| c.is_ascii_digit()) || RELEASES.contains(&word.as_str())
        }),
        "pipenv" => has("--system"),
        "poetry" if has("virtualenvs.create") => has("false"),
        "poetry" => {
            let installs = ["add", "install", "sync", "update"];
            places.is_poetry_bare && command.is_told(&installs)
        }
        "python" if has("venv") => command.words.iter().any(|word| is_outside(word)),
        "python" if has("setup.py") => command.is_told(&["develop", "easy_install", "install"]),
        "python" => has("pip") && command.is_told(&INSTALLS) && !places.has(Family::Python),
        _ => false,
    }
}

/// Whether `rpm` is told to change something; other letters ask, and mean something else by these.
fn is_told_rpm(command: &Command<'_>) -> bool {
    let letters = || {
        let short = command.words.iter().filter(|word| !word.starts_with("--"));
        short.filter_map(|word| word.strip_prefix('-'))
    };
    let asks = ["--checksig", "--eval", "--query", "--verify"];
    let is_asked =
        command.is_told(&asks) || letters().any(|word| word.contains(['E', 'K', 'V', 'q']));
    command.is_told(&OF_RPM)
        || !is_asked && letters().any(|word| word.contains(['F', 'U', 'e', 'i']))
}
