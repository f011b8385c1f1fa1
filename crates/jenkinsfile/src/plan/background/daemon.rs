//! Programs that put themselves into the background.
//!
//! Responsible for knowing them: those that are told to, those that do unless they are told not to,
//! and whatever is told to start something.

use crate::plan::command::{Command, assigned};

/// Goals of Maven's plugins that start a server and leave it running.
const MAVEN: &[&str] = &[
    "cargo:start",
    "jetty:start",
    "liberty:start",
    "spring-boot:start",
    "tomee:start",
    "wildfly:start",
];

/// Commands, and how the words begin of which they are told to put a process there; any where there
/// are none.
const TOLD: [(&str, &[&str]); 46] = [
    ("adb", &["start-server"]),
    ("airflow", &["-D"]),
    ("at", &["now"]),
    ("batch", &[]),
    ("celery", &["-D", "multi"]),
    ("cockroach", &["--background"]),
    ("couchdb", &["-b"]),
    ("daemonize", &[]),
    ("dbus-daemon", &["--fork"]),
    ("dbus-launch", &[]),
    ("dtach", &["-n"]),
    ("elasticsearch", &["-d"]),
    ("exim", &["-bd"]),
    ("gpgconf", &["--launch"]),
    ("gunicorn", &["-D"]),
    ("haproxy", &["-D"]),
    ("ibus-daemon", &["-d"]),
    ("memcached", &["-d"]),
    ("mongod", &["--fork"]),
    ("mvn", MAVEN),
    ("mvnw", MAVEN),
    ("mysqld_safe", &[]),
    ("openconnect", &["-b", "--background"]),
    ("pm2", &["reload", "resurrect", "startOr"]),
    ("pulseaudio", &["-D", "--start"]),
    ("puma", &["-d"]),
    ("rabbitmq-server", &["-detached"]),
    ("rackup", &["-D"]),
    ("rails", &["-d"]),
    ("sccache", &["--start-server"]),
    ("screen", &["-d"]),
    ("sidekiq", &["-d"]),
    ("ssh-agent", &[]),
    ("start-all.sh", &[]),
    ("start-dfs.sh", &[]),
    ("start-stop-daemon", &["-b", "--background"]),
    ("startup.sh", &[]),
    ("svnserve", &["-d"]),
    ("thin", &["-d"]),
    ("tmux", &["-d"]),
    ("unicorn", &["-D"]),
    ("uwsgi", &["-d"]),
    ("vagrant", &["up"]),
    ("vncserver", &[]),
    ("wget", &["-b", "--background"]),
    ("x11vnc", &["-bg"]),
];
/// Servers that do so unless they are told one of these.
const SERVERS: [(&str, &[&str]); 35] = [
    ("apache2", &["-DFOREGROUND", "FOREGROUND", "-V", "-X", "-l", "-t", "-v"]),
    ("atd", &["-d", "-f"]),
    ("chronyd", &["-Q", "-d", "-n", "-q", "-v"]),
    ("clamd", &["-F", "--foreground"]),
    ("cron", &["-f"]),
    ("crond", &["-f", "-n"]),
    ("cupsd", &["-F", "-f"]),
    ("daemon", &["-V", "-f", "--foreground", "--list", "--running", "--stop"]),
    ("dnsmasq", &["-d", "-k", "--no-daemon", "--keep-in-foreground", "--test"]),
    ("fcgiwrap", &["-f", "-s"]),
    ("httpd", &["-DFOREGROUND", "FOREGROUND", "-M", "-S", "-V", "-X", "-l", "-t", "-v"]),
    ("inetd", &["-d", "-i"]),
    ("lighttpd", &["-D", "-V", "-t", "-tt", "-v"]),
    ("named", &["-V", "-f", "-g", "-v"]),
    ("nginx", &["-T", "-V", "-h", "-s", "-t", "-v"]),
    ("nmbd", &["-F", "--foreground"]),
    ("ntpd", &["-d", "-n", "-q"]),
    ("php-fpm", &["-F", "--nodaemonize", "-i", "-m", "-t", "-v"]),
    ("privoxy", &["--no-daemon"]),
    ("proftpd", &["-n", "--nodaemon", "-t", "-v"]),
    ("rsyslogd", &["-n", "-v"]),
    ("slapd", &["-V", "-d"]),
    ("smbd", &["-F", "--foreground"]),
    ("snmpd", &["-f", "-v"]),
    ("spawn-fcgi", &["-n"]),
    ("squid", &["-N", "-k", "-v", "-z"]),
    ("sshd", &["-D", "-T", "-V", "-d", "-t"]),
    ("stunnel", &["-version"]),
    ("supervisord", &["-n", "--nodaemon", "-v"]),
    ("thttpd", &["-D", "-V"]),
    ("tinyproxy", &["-d", "-v"]),
    ("twistd", &["--help", "--nodaemon", "--version", "-n", "-no", "-ny"]),
    ("unbound", &["-V", "-d", "-dd", "-dp", "-dv", "-dvv", "-h"]),
    ("varnishd", &["-C", "-F", "-V"]),
    ("xinetd", &["-d", "-dontfork"]),
];
/// What many commands are told for it.
const DAEMON: [&str; 4] = ["--daemon", "--daemonize", "--detach", "-daemon"];
/// What is told to those that start something else.
const START: [&str; 2] = ["restart", "start"];
/// Those of which nothing is left that is a process of a build: containers, and what Gradle keeps
/// by itself; those to which the words mean something else, as a file, a text or a test of that name;
/// and those whose `start` is a task in the foreground, or the name of a task that they run there, as
/// `rake` and `make` do.
const APART: &str = "[ [[ ansible ansible-playbook ant awk aws az basename bun case cat cd chmod chown cmp \
    composer cp craco curl declare deno diff dirname docker docker-compose echo egrep exit expo \
    export expr fgrep find for foreman function gcloud git gradle gradlew grep grunt gulp head \
    helm honcho in inv invoke java jest jq just kubectl lerna ln local ls mage make minikube \
    mkdir mocha mv mvn mvnw nest next node nox npm npx nuxt nx oc perl php phpunit pipenv \
    pm2-runtime pnpm podman poetry printf py.test pytest python rake react-app-rewired \
    react-native react-scripts read readonly return rm rmdir rsync ruby rush scp sed select set \
    shift sort sshpass start-server-and-test stat strapi tail tar task tee terraform terragrunt \
    test tofu touch tox tr turbo type typeset unset unzip wc wget which yarn zip";
/// Those of them whose programs may be told to be daemons: they run what the words behind them say.
const INTERPRETERS: [&str; 8] = ["bun", "deno", "java", "node", "perl", "php", "python", "ruby"];
/// Commands behind which another one stands, and the words that say so; any word where there are
/// none.
const LAUNCHERS: [(&str, &[&str]); 28] = [
    ("asdf", &["exec"]),
    ("bun", &["run", "x"]),
    ("bundle", &["exec"]),
    ("bunx", &[]),
    ("composer", &["exec"]),
    ("conda", &["run"]),
    ("corepack", &[]),
    ("cross-env", &[]),
    ("doppler", &["run"]),
    ("dotenv", &[]),
    ("dumb-init", &[]),
    ("hatch", &["run"]),
    ("mise", &["exec", "x"]),
    ("npm", &["exec", "x"]),
    ("npx", &[]),
    ("pdm", &["run"]),
    ("pipenv", &["run"]),
    ("pipx", &["run"]),
    ("pixi", &["run"]),
    ("pnpm", &[]),
    ("poetry", &["run"]),
    ("pyenv", &["exec"]),
    ("rbenv", &["exec"]),
    ("rye", &["run"]),
    ("tini", &[]),
    ("uv", &["run"]),
    ("uvx", &[]),
    ("yarn", &[]),
];
/// Words before the command of those that need none.
const SAID: [&str; 3] = ["dlx", "exec", "run"];
/// Programs that keep what they are told to start, also where an option may take their name.
const MANAGERS: [&str; 2] = ["forever", "pm2"];
/// What tells an interpreter that it reads a text, or a module.
const TEXTS: [&str; 5] = ["-E", "-c", "-e", "-m", "-r"];
/// Options of Python that take a word of their own; behind `m` stands a module that it runs, and
/// behind `c` a text.
const OF_PYTHON: [char; 4] = ['W', 'X', 'c', 'm'];
/// The most words between a launcher and its command.
const MOST_BETWEEN: usize = 8;
/// How many launchers stand behind each other.
const MOST_LAUNCHERS: usize = 4;
/// Options of `ssh` that take a word of their own.
const OF_SSH: &str = "BbcDEeFIiJLlmOopQRSWw";

/// Whether a command puts a process into the background by itself, or what it launches does.
pub(super) fn daemonizes(command: &Command<'_>) -> bool {
    is_daemonized(command) || launched(command, MOST_LAUNCHERS)
}

/// Whether what a launcher runs puts a process there. Which of its options take a word of their
/// own is not known, so the word behind an option may be the command, or not.
fn launched<'s>(command: &Command<'s>, depth: usize) -> bool {
    let behind = |at: usize| command.words.get(at + 1..).unwrap_or_default();
    let inner = |(at, word): (usize, &'s String)| Command { path: word, words: behind(at) };
    if command.program() == "sshpass" {
        let mut inner = command.words.iter().enumerate().map(inner);
        return inner.find(|one| one.name() == "ssh").is_some_and(|one| is_sent_back(&one));
    }
    if command.program() == "python" {
        let module = module(command);
        return module.is_some_and(|one| {
            is_known(&one) || is_daemon(&one) || depth > 0 && launched(&one, depth - 1)
        });
    }
    let Some((_, said)) = LAUNCHERS.iter().find(|(known, _)| *known == command.program()) else {
        return false;
    };
    let is_said = |word: &String| said.contains(&word.as_str());
    let begin = match command.words.iter().position(is_said) {
        _ if said.is_empty() => 0,
        Some(at) => at + 1,
        None => return false,
    };
    let mut is_taken = false;
    for (at, word) in command.words.iter().enumerate().skip(begin).take(MOST_BETWEEN) {
        if assigned(word).is_some() {
            continue;
        }
        let is_name = word == "workspace";
        if word.starts_with('-') || is_name || SAID.contains(&word.as_str()) {
            is_taken = is_name || word.starts_with('-') && word != "--";
            continue;
        }
        let inner = inner((at, word));
        let is_sure = !is_taken || MANAGERS.contains(&inner.program()) || !starts(&inner);
        if is_sure && is_daemonized(&inner) || depth > 0 && launched(&inner, depth - 1) {
            return true;
        }
        if !std::mem::take(&mut is_taken) {
            return false;
        }
    }
    false
}

/// The module that Python is told to run, as a command.
fn module<'s>(command: &Command<'s>) -> Option<Command<'s>> {
    let mut words = command.words.iter().enumerate();
    while let Some((at, word)) = words.next() {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
        let Some((before, value)) = letters.split_once(OF_PYTHON) else {
            continue;
        };
        let (value, at) = match words.next() {
            Some((at, next)) if value.is_empty() => (next.as_str(), at),
            _ => (value, at),
        };
        match letters.get(before.len()..).and_then(|rest| rest.chars().next()) {
            Some('m') => {
                // As `gunicorn.app.wsgiapp`, which is a part of the program, or as
                // `supervisor.supervisord`, which is one of several.
                let first = value.split('.').next()?;
                let last = value.rsplit('.').next().filter(|last| last.starts_with(first));
                let path = last.unwrap_or(first);
                return Some(Command { path, words: command.words.get(at + 1..)? });
            }
            Some('c') => return None,
            _ => {}
        }
    }
    None
}

fn is_daemonized(command: &Command<'_>) -> bool {
    let name = command.program();
    is_known(command)
        || match name {
            "autossh" | "ssh" => false,
            _ if INTERPRETERS.contains(&name) => is_daemon(command) || interprets(command),
            _ if is_apart(name) => false,
            // What these are told is told to what they launch.
            _ if LAUNCHERS.iter().any(|(known, _)| *known == name) => false,
            _ => starts(command) || is_daemon(command),
        }
}

fn is_apart(name: &str) -> bool {
    APART.split_ascii_whitespace().any(|known| known == name)
}

/// Whether what an interpreter reads is told to be a daemon, or to start something. Which of its
/// options take a word of their own is not known, so the word behind an option may be it, or not.
fn interprets(command: &Command<'_>) -> bool {
    // To those it is the name of a task.
    if matches!(command.program(), "bun" | "deno") {
        return false;
    }
    let mut is_taken = false;
    for (at, word) in command.words.iter().enumerate().take(MOST_BETWEEN) {
        if TEXTS.contains(&word.as_str()) {
            return false;
        }
        if word.starts_with('-') {
            is_taken = word != "--";
            continue;
        }
        let path = word.strip_suffix(".js").unwrap_or(word);
        let inner = Command { path, words: command.words.get(at + 1..).unwrap_or_default() };
        let name = inner.program();
        let is_launcher = || LAUNCHERS.iter().any(|(known, _)| *known == name);
        if is_known(&inner) || !is_apart(name) && !is_launcher() && starts(&inner) {
            return true;
        }
        if !std::mem::take(&mut is_taken) {
            return false;
        }
    }
    false
}

/// Whether it is one that is known to leave the foreground, so told.
fn is_known(command: &Command<'_>) -> bool {
    let name = command.program();
    let begins = |told: &&str| command.words.iter().any(|word| word.starts_with(*told));
    let is_told = TOLD
        .iter()
        .any(|(known, told)| *known == name && (told.is_empty() || told.iter().any(begins)));
    let is_server = SERVERS.iter().any(|(known, told)| *known == name && !command.is_told(told))
        && !command.words.iter().any(|word| word.contains("daemon off"))
        && !(name == "httpd" && is_small(command));
    // To other words of git that one is a place in the history.
    let is_git = || name == "git" && command.has("daemon") && command.has("--detach");
    is_told || is_server || is_git() || matches!(name, "autossh" | "ssh") && is_sent_back(command)
}

/// Whether this is the `httpd` of `BusyBox`, told to stay: to Apache's that word names a file.
fn is_small(command: &Command<'_>) -> bool {
    let at = command.words.iter().position(|word| matches!(word.as_str(), "-f" | "-fv" | "-fvv"));
    at.is_some_and(|at| command.words.get(at + 1).is_none_or(|next| next.starts_with('-')))
}

/// Whether it is told to start something, as in `service x start` and `systemctl start x`.
fn starts(command: &Command<'_>) -> bool {
    let mut words = command.plain().take(3).chain(command.plain().next_back());
    words.any(|word| START.contains(&word))
}

/// Whether it is told to be a daemon.
fn is_daemon(command: &Command<'_>) -> bool {
    command.values(&DAEMON).any(|value| !matches!(value, "no" | "false"))
}

/// Whether `ssh` is told to go into the background; what is behind the host runs there.
fn is_sent_back(command: &Command<'_>) -> bool {
    let is_taking = |c: char| OF_SSH.contains(c) || c == 'M' && command.name() == "autossh";
    let mut is_value = false;
    for word in command.words {
        let Some(letters) = word.strip_prefix('-').filter(|_| !is_value) else {
            if !is_value {
                return false;
            }
            is_value = false;
            continue;
        };
        // Behind the first that takes a word stands that word, in the same one or in the next.
        let (flags, value) = match letters.find(is_taking) {
            Some(at) => (letters.get(..at), letters.get(at + 1..)),
            None => (Some(letters), None),
        };
        if flags.is_some_and(|flags| flags.contains('f')) {
            return true;
        }
        is_value = value.is_some_and(str::is_empty);
    }
    false
}
