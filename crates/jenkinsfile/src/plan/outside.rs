//! What a script changes in its container outside of the workspace.
//!
//! Responsible for finding that in its text. An agent of Jenkins is one container for all of its
//! steps; each step of a run has one of its own, and only the workspace and `$HOME` are the same in
//! all of them. What a program does that a script calls is not seen here, and what is only a cache
//! of downloads is fetched again.

/// Commands that change the system, and the words of which they are told one for it; any where
/// there are none.
const COMMANDS: [(&str, &[&str]); 38] = [
    ("a2enmod", &[]),
    ("addgroup", &[]),
    ("adduser", &[]),
    ("apk", &[]),
    ("apt", &[]),
    ("apt-get", &[]),
    ("aptitude", &[]),
    ("cargo", &["install"]),
    ("cmake", &["--install", "install"]),
    ("composer", &["global"]),
    ("conda", &["install", "create", "env", "update"]),
    ("corepack", &["enable", "prepare"]),
    ("cpan", &[]),
    ("cpanm", &[]),
    ("dnf", &[]),
    ("dpkg", &["-i", "--install"]),
    ("gem", &["install"]),
    ("git", &["--system"]),
    ("go", &["install", "get"]),
    ("groupadd", &[]),
    ("ldconfig", &[]),
    ("locale-gen", &[]),
    ("make", &["install"]),
    ("microdnf", &[]),
    ("ninja", &["install"]),
    ("npm", &["-g", "--global", "link"]),
    ("pnpm", &["-g", "--global", "link"]),
    ("python", &["setup.py"]),
    ("python3", &["setup.py"]),
    ("rpm", &["-i", "-ivh", "-U", "-Uvh", "--install"]),
    ("rustup", &[]),
    ("update-alternatives", &[]),
    ("update-ca-certificates", &[]),
    ("useradd", &[]),
    ("usermod", &[]),
    ("yarn", &["global", "link"]),
    ("yum", &[]),
    ("zypper", &[]),
];
/// Commands that write what they name; the last word of those that copy.
const WRITERS: [&str; 17] = [
    "cd", "chmod", "chown", "curl", "dd", "ln", "mkdir", "mv", "pushd", "rm", "sed", "tar", "tee",
    "touch", "unzip", "wget", "install",
];
/// Words before a command.
const BEFORE: [&str; 19] = [
    "!", "-c", "bash", "command", "do", "elif", "else", "env", "exec", "if", "nice", "nohup", "sh",
    "sudo", "then", "time", "until", "while", "xargs",
];
/// What shows that packages go into the workspace, or into `$HOME`.
const INSIDE: [&str; 11] = [
    "--deployment",
    "--path",
    "--prefix",
    "--root",
    "--target",
    "--user",
    "-t",
    "BUNDLE_PATH",
    "PYTHONUSERBASE",
    "activate",
    "config",
];

/// The command by which a script changes its container, as far as its text shows one.
pub(super) fn changed(script: &str) -> Option<String> {
    let is_inside = |word: &str| INSIDE.iter().any(|told| word.split('=').next() == Some(told));
    let has_place = script.split(|c: char| c.is_whitespace() || c == '/').any(is_inside);
    let script = script.replace("\\\n", " ");
    script.lines().find_map(|line| {
        let line = uncommented(line);
        let ends = |c: char| ";&|(){}`".contains(c);
        redirected(line).or_else(|| line.split(ends).find_map(|one| command(one, has_place)))
    })
}

/// A line up to its comment.
fn uncommented(line: &str) -> &str {
    let begins = |at: usize| line.get(..at).is_none_or(|before| before.trim_end().len() < at);
    let at = line.match_indices('#').map(|(at, _)| at).find(|at| *at == 0 || begins(*at));
    at.and_then(|at| line.get(..at)).unwrap_or(line)
}

/// A redirection to a file of the container.
fn redirected(line: &str) -> Option<String> {
    let begins = |at: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| c.is_whitespace() || c.is_ascii_digit() || "&>)\"'".contains(c))
    };
    line.match_indices('>').filter(|(at, _)| begins(*at)).find_map(|(at, _)| {
        let file = line.get(at + 1..)?.trim_start_matches(['>', '|', ' ', '"', '\'']);
        let file = file.split(|c: char| c.is_whitespace() || ";&|)\"'".contains(c)).next()?;
        is_outside(file).then(|| format!("> {file}"))
    })
}

/// Whether a path is one of the container, and no device.
fn is_outside(path: &str) -> bool {
    let is_device = ["/dev/", "/proc/"].iter().any(|place| path.starts_with(place));
    path.starts_with('/') && !is_device
}

fn command(text: &str, has_place: bool) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let is_before = |word: &&str| {
        let assigns = word
            .split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        assigns || BEFORE.contains(word) || word.is_empty()
    };
    let mut words = words.skip_while(is_before);
    let path = words.next()?;
    let words: Vec<&str> = words.collect();
    // One that is in the workspace works there, as that of a virtual environment.
    let name = match path.rsplit_once('/') {
        Some((place, name)) if place.is_empty() || place.starts_with('/') => name,
        Some(_) => return None,
        None => path,
    };
    let is_told = |all: &[&str]| all.is_empty() || words.iter().any(|word| all.contains(word));
    let is_change = COMMANDS.iter().any(|(command, all)| *command == name && is_told(all))
        || is_installer(name, &words) && !has_place
        || writes(name, &words);
    let shown = [name].into_iter().chain(words.iter().copied().take(2));
    is_change.then(|| shown.collect::<Vec<_>>().join(" "))
}

/// Whether it puts packages beside its own, where nothing names another place.
fn is_installer(name: &str, words: &[&str]) -> bool {
    match name {
        "bundle" => words.first().is_none_or(|word| matches!(*word, "install" | "update")),
        "pip" | "pip3" | "uv" => words.contains(&"install"),
        "pipenv" => words.contains(&"--system"),
        "python" | "python3" => words.contains(&"pip") && words.contains(&"install"),
        _ => false,
    }
}

fn writes(name: &str, words: &[&str]) -> bool {
    match name {
        "cp" => words.iter().rfind(|word| !word.starts_with('-')).is_some_and(|to| is_outside(to)),
        // What is read stands first.
        "sed" if !words.iter().any(|word| word.starts_with("-i")) => false,
        _ if WRITERS.contains(&name) => {
            words.iter().any(|word| is_outside(word.strip_prefix("of=").unwrap_or(word)))
        }
        _ => false,
    }
}
