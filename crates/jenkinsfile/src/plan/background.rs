//! Processes that a script leaves behind.
//!
//! Responsible for finding them in its text. Jenkins lets such a process live until the build ends;
//! a run ends it with its step. POSIX.1-2017, Shell Command Language, 2.9.3 "Asynchronous Lists".

/// Commands that put a process into the background by themselves, and what they are told for it.
const COMMANDS: [(&str, &[&str]); 25] = [
    ("adb", &["start-server"]),
    ("apachectl", &["start"]),
    ("catalina.sh", &["start"]),
    ("celery", &["-D", "multi"]),
    ("coproc", &[]),
    ("daemonize", &[]),
    ("forever", &["start"]),
    ("gunicorn", &["-D"]),
    ("mongod", &["--fork"]),
    ("mysqld_safe", &[]),
    ("pg_ctl", &["start"]),
    ("pg_ctlcluster", &["start"]),
    ("pm2", &["start"]),
    ("rails", &["-d"]),
    ("screen", &["-d"]),
    ("service", &["start", "restart"]),
    ("setsid", &[]),
    ("ssh-agent", &[]),
    ("start-stop-daemon", &["-b", "--background"]),
    ("startup.sh", &[]),
    ("supervisord", &[]),
    ("systemctl", &["start", "restart"]),
    ("tmux", &["-d"]),
    ("uwsgi", &["-d"]),
    ("vagrant", &["up"]),
];
/// What many commands are told for it.
const DAEMON: [&str; 5] = ["--daemon", "--daemonize", "--detach", "-daemon", "/etc/init.d/"];
/// Those of which what is left is no process of a build: containers, and what Gradle keeps by itself.
const APART: [&str; 5] = ["docker", "docker-compose", "podman", "gradle", "gradlew"];
/// What tells Jenkins to let processes live beyond the build (hudson.util.ProcessTree).
const COOKIE: &str = "dontKillMe";

/// Whether a process may be left; in doubt it is.
pub(super) fn leaves_process(script: &str) -> bool {
    let first = script.lines().next().unwrap_or_default();
    if first.starts_with("#!") && !first.ends_with("sh") && !first.contains("sh ") {
        // Another language has no background in a sign.
        return false;
    }
    // To a shell of POSIX `a &> b` is `a &` and `> b`.
    let is_bash = first.starts_with("#!") && first.contains("bash");
    let is_word = |c: char| c.is_whitespace() || ";()".contains(c);
    let is_told = |words: &[&str]| {
        let mut all = script.split(is_word);
        words.is_empty() || all.any(|word| words.iter().any(|told| word.starts_with(told)))
    };
    let is_one = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or_default();
        COMMANDS.iter().any(|(command, words)| *command == name && is_told(words))
    };
    let is_apart = |word: &str| APART.contains(&word.rsplit('/').next().unwrap_or_default());
    let is_daemon = |line: &str| {
        let mut words = line.split(is_word);
        let is_any = words.clone().any(|word| DAEMON.iter().any(|told| word.starts_with(told)));
        is_any && !words.any(is_apart)
    };
    if script.contains(COOKIE) || script.split(is_word).any(is_one) || script.lines().any(is_daemon)
    {
        return true;
    }
    match last_sign(script, is_bash) {
        // All of them are waited for.
        Some(rest) => !rest.split(['\n', ';']).any(|command| command.trim() == "wait"),
        None => false,
    }
}

/// What follows the last sign of the background.
fn last_sign(script: &str, is_bash: bool) -> Option<&str> {
    let mut found = None;
    let mut quote = None;
    let mut before = '\n';
    let mut rest = script.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        match (quote, c) {
            (None | Some('"'), '\\') => {
                rest.next();
            }
            (None, '#') if before.is_whitespace() || before == ';' => {
                let length = after.find('\n').unwrap_or(after.len());
                rest = after.get(length..).unwrap_or_default().chars();
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            // In quotes it may be a sign in a script for another shell, where a command ends.
            (Some(open), '&') if before == ' ' && after.starts_with([open, '\n', ';']) => {
                found = Some(after);
            }
            (None, '&') if after.starts_with('&') => {
                rest.next();
            }
            (None, '&') if "><|".contains(before) || (is_bash && after.starts_with('>')) => {}
            (None, '&') => {
                found = Some(after);
            }
            _ => {}
        }
        before = c;
    }
    found
}
