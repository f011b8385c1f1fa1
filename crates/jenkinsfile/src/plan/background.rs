//! Processes that a script leaves behind.
//!
//! Responsible for finding them in its text. Jenkins lets such a process live until the build ends;
//! a run ends it with its step. POSIX.1-2017, Shell Command Language, 2.9.3 "Asynchronous Lists".

use super::outside::commands;
use super::value::Bit;

/// Commands that put a process into the background by themselves, and what they are told for it.
const COMMANDS: [(&str, &[&str]); 41] = [
    ("adb", &["start-server"]),
    ("apache2ctl", &["start"]),
    ("apachectl", &["start"]),
    ("at", &["now"]),
    ("caddy", &["start"]),
    ("catalina.sh", &["start"]),
    ("celery", &["-D", "multi"]),
    ("cockroach", &["--background"]),
    ("coproc", &[]),
    ("daemonize", &[]),
    ("elasticsearch", &["-d"]),
    ("forever", &["start"]),
    ("gunicorn", &["-D"]),
    ("haproxy", &["-D"]),
    ("memcached", &["-d"]),
    ("mongod", &["--fork"]),
    ("mvn", &["cargo:start", "jetty:start", "spring-boot:start"]),
    ("mvnw", &["cargo:start", "jetty:start", "spring-boot:start"]),
    ("mysqld_safe", &[]),
    ("pg_ctl", &["start"]),
    ("pg_ctlcluster", &["start"]),
    ("php-fpm", &["-D"]),
    ("pm2", &["start", "resurrect"]),
    ("rabbitmq-server", &["-detached"]),
    ("rails", &["-d"]),
    ("rc-service", &["start", "restart"]),
    ("screen", &["-d"]),
    ("service", &["start", "restart"]),
    ("setsid", &[]),
    ("ssh", &["-f"]),
    ("ssh-agent", &[]),
    ("start-stop-daemon", &["-b", "--background"]),
    ("startup.sh", &[]),
    ("supervisord", &[]),
    ("systemctl", &["start", "restart"]),
    ("tmux", &["-d"]),
    ("uwsgi", &["-d"]),
    ("vagrant", &["up"]),
    ("vncserver", &[]),
    ("zkServer", &["start"]),
    ("zkServer.sh", &["start"]),
];
/// Servers that do so unless they are told one of these.
const SERVERS: [(&str, &[&str]); 2] = [
    ("httpd", &["-DFOREGROUND", "FOREGROUND", "-M", "-S", "-V", "-X", "-f", "-l", "-t", "-v"]),
    ("nginx", &["-T", "-V", "-h", "-s", "-t", "-v", "off", "off;"]),
];
/// What many commands are told for it.
const DAEMON: [&str; 5] = ["--daemon", "--daemonize", "--detach", "-daemon", "/etc/init.d/"];
/// Those of which what is left is no process of a build: containers, and what Gradle keeps by itself.
const APART: [&str; 5] = ["docker", "docker-compose", "podman", "gradle", "gradlew"];
/// Words behind a sign of the background with which a `wait` is another shell's, or is not reached.
const OTHERWISE: [&str; 10] =
    ["if", "then", "else", "elif", "case", "function", "{", "exec", "exit", "return"];
/// What tells Jenkins to let processes live beyond the build (hudson.util.ProcessTree).
const COOKIE: &str = "dontKillMe";
/// The variable by whose value it knows the processes of a build.
const MARK: &str = "JENKINS_NODE_COOKIE";

/// Whether a variable around a script tells Jenkins to let its processes live.
pub(super) fn keeps_processes(name: &str, bits: &[Bit]) -> bool {
    let tells = |bit: &Bit| matches!(bit, Bit::Text(text) if text.contains(COOKIE));
    MARK == name || bits.iter().any(tells)
}

/// Whether a process may be left; in doubt it is.
pub(super) fn leaves_process(script: &str) -> bool {
    if script.contains(COOKIE) || script.contains(MARK) {
        return true;
    }
    let interpreter = interpreter(script);
    if interpreter.is_some_and(|name| !name.ends_with("sh")) {
        // Another language has no background in a sign.
        return false;
    }
    let whole = script.replace("\\\n", " ");
    if whole.split(['\n', ';', '&', '|']).any(daemonizes) {
        return true;
    }
    // To a shell of POSIX `a &> b` is `a &` and `> b`.
    let is_bash = interpreter == Some("bash");
    let stays = |text: &str| last_sign(text, is_bash).is_some_and(|rest| !is_waited_for(rest));
    let (own, documents) = documents(script);
    stays(&own) || documents.iter().any(|document| stays(document))
}

/// A script without its here-documents, and these: quotes in them are none of the script's, and a
/// shell may be what reads them.
fn documents(script: &str) -> (String, Vec<String>) {
    let (mut own, mut documents) = (String::new(), Vec::new());
    let lines: Vec<&str> = script.split('\n').collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        own.push_str(line);
        own.push('\n');
        for end in ends(line) {
            let rest = lines.get(at..).unwrap_or_default();
            // Where it never ends, it is none.
            if let Some(length) = rest.iter().position(|line| line.trim_start_matches('\t') == end)
            {
                documents.push(rest.get(..length).unwrap_or_default().join("\n"));
                at += length + 1;
            }
        }
    }
    (own, documents)
}

/// The words that end the here-documents of a line.
fn ends(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.split("<<").skip(1).filter_map(move |rest| {
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches([' ', '\t']);
        let rest = rest.trim_start_matches(['\'', '"', '\\']);
        rest.split(|c| !is_name(c)).next().filter(|end| !end.is_empty())
    })
}

/// What reads a script, where it says so.
fn interpreter(script: &str) -> Option<&str> {
    let first = script.lines().next()?.strip_prefix("#!")?;
    let mut words = first.split_whitespace().filter_map(|word| word.rsplit('/').next());
    let name = words.next()?;
    if name == "env" { words.find(|word| !word.starts_with('-')) } else { Some(name) }
}

/// Whether a command puts a process into the background by itself.
fn daemonizes(command: &str) -> bool {
    let is_apart = |c: char| c.is_whitespace() || "()\"'`".contains(c);
    let words: Vec<&str> = command.split(is_apart).filter(|word| !word.is_empty()).collect();
    let name = |word: &&str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let is_told = |told: &[&str]| {
        told.is_empty() || words.iter().any(|word| told.iter().any(|one| word.starts_with(one)))
    };
    let is_one = |word: &&str| {
        COMMANDS.iter().any(|(command, told)| *command == name(word) && is_told(told))
    };
    let is_container = |word: &&str| APART.contains(&name(word).as_str());
    let is_server = commands(command)
        .into_iter()
        .any(|one| SERVERS.iter().any(|(server, told)| *server == one.name && !one.is_told(told)));
    is_server || words.iter().any(is_one) || (is_told(&DAEMON) && !words.iter().any(is_container))
}

/// Whether all processes in the background are waited for behind the last sign.
fn is_waited_for(rest: &str) -> bool {
    for command in rest.split(['\n', ';']).map(str::trim) {
        if command == "wait" {
            return true;
        }
        let is_otherwise = |word: &str| OTHERWISE.contains(&word);
        if command.contains(')') || command.split_whitespace().any(is_otherwise) {
            return false;
        }
    }
    false
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
            (_, '&') if after.starts_with('&') => {
                rest.next();
            }
            // In quotes it may be a sign in a script for another shell, where a command ends.
            (Some(open), '&')
                if before == ' '
                    && (after.is_empty() || after.starts_with([open, ' ', '\n', ';'])) =>
            {
                found = Some(after);
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
