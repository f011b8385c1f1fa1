//! Places of the container that a command is told.
//!
//! Responsible for the one rule on commands of which nothing else is known: who is told such a
//! place may write there, unless the command only reads, the place is where an image has its
//! programs, or an option says that it is read.

use super::write::{is_output, is_path};
use crate::plan::command::Command;

/// Commands that only read what they are told, or that `writes` knows all of.
const READS: &str = ". : [ [[ alias awk base64 basename bat case cat cd cksum cmp comm cp cut declare \
    df diff dirname done du echo egrep esac exit export expr false fgrep fi file find fold for \
    function gawk getfacl grep hash head hexdump in install jobs jq kill ldd less ln local ls lsof \
    md5sum more mv nl nm objdump od pgrep pkill printf ps pushd pwd read readelf readlink readonly \
    realpath return rg sed select seq set sha1sum sha256sum sha512sum shellcheck source ssh ssh-add \
    stat strings tail tar test tr trap true type typeset unset unzip wait wc whereis which xmllint \
    xmlstarlet xxd yamllint yq zcat zgrep zipinfo";
/// Interpreters: their first word is what they read.
const INTERPRETERS: [&str; 7] = ["deno", "java", "node", "perl", "php", "python", "ruby"];
/// Commands to which a place is one of a container of theirs, or of a cluster, unless an option
/// says that something is written there.
const CONTAINERS: [&str; 9] =
    ["buildah", "crictl", "docker", "docker-compose", "helm", "kubectl", "nerdctl", "oc", "podman"];
/// Commands to which a place may be a name in a cloud, as that of a parameter or of a log.
const CLOUDS: [&str; 7] = ["aws", "az", "consul", "gcloud", "gsutil", "ibmcloud", "vault"];
/// Words behind which stands what another container does.
const APART: [&str; 4] = ["create", "debug", "exec", "run"];
/// Words that copy from elsewhere, or to there.
const COPIES: [&str; 6] = ["copy", "cp", "mv", "rsync", "scp", "sync"];
/// Linters and their like: their plain words are what they read.
const READERS: &str = "cloc cppcheck flake8 hadolint jsonlint pycodestyle pylint tree";
/// Words of `git` that only read.
const LOOKS: &str = "blame cat-file check-ignore describe diff for-each-ref grep log ls-files ls-remote \
    ls-tree merge-base name-rev rev-list rev-parse shortlog show show-ref status";
/// Those that read what they are told, and write into their own repository.
const TAKES: &str = "am apply commit fetch pull remote tag";
/// Options of `git` that name another one.
const ELSEWHERE: [&str; 2] = ["--git-dir", "--work-tree"];
/// Parts of the name of an option that says what is read, or that is no place; also of several. Two
/// parts may be one.
const INPUTS: &str = "base binary cacert cert certificate classpath conf config configuration context \
    endpoint envfile exclude exclusion filter from href ignore in include inclusion input inventory \
    javaagent key library license manifest modulepath policy requirement rootdir route rule ruleset \
    schema settings source template toolchain uri url value varfile";
/// Parts beside which none of those says so.
const OTHERS: &str = "add cache create dump emit export gen generate init log make new report save \
    set store sync target to update write";
/// Programs that compile: what their short options name is read.
const COMPILERS: &str =
    "c++ cc clang clang++ cppcheck flatc g++ gcc iverilog protoc swig verilator";
/// How such an option is called.
const SEARCHED: [&str; 6] = ["-I", "-L", "-idirafter", "-include", "-iquote", "-isystem"];
/// How files are called that hold settings, and nothing else.
const SETTINGS: [&str; 8] =
    [".cfg", ".cnf", ".conf", ".ini", ".properties", ".toml", ".yaml", ".yml"];
/// Short options of which that is so, by the command.
const SHORT_INPUTS: [(&str, &[&str]); 19] = [
    ("ansible-playbook", &["-e", "-i"]),
    ("ant", &["-f"]),
    ("curl", &["-E", "-K", "-T", "-b"]),
    ("eslint", &["-c"]),
    ("git", &["-m"]),
    ("gradle", &["-I", "-b", "-c"]),
    ("gradlew", &["-I", "-b", "-c"]),
    ("java", &["-cp", "-jar"]),
    ("javac", &["-cp"]),
    ("jest", &["-c"]),
    ("jmeter", &["-p", "-q", "-t"]),
    ("make", &["-f"]),
    ("mvn", &["-f", "-gs", "-s", "-t"]),
    ("mvnw", &["-f", "-gs", "-s", "-t"]),
    ("phpunit", &["-c"]),
    ("psql", &["-f"]),
    ("rubocop", &["-c"]),
    ("tsc", &["-p"]),
    ("webpack", &["-c"]),
];
/// Letters of options that say where something is found.
const FOUND: [&str; 3] = ["I", "L", "isystem"];
/// Where an image has its programs and their settings, and where devices are.
const KNOWN: [&str; 9] =
    ["/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];
/// Where nothing is in an image.
const EMPTY: [&str; 2] = ["/tmp", "/var/tmp"];
/// What tells pytest of a directory that it empties before it uses it.
const SCRATCH: &str = "--basetemp";
/// The most letters before a place in one word.
const MOST_LETTERS: usize = 8;

/// Whether this is a word for it, of those that stand in a list.
fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// Whether more is known of a command than what it is told.
pub(super) fn is_known(command: &Command<'_>) -> bool {
    let name = command.name();
    let all = [&CONTAINERS[..], &CLOUDS, &INTERPRETERS, &COPIES];
    is_in(READS, name) || name == "git" || all.iter().any(|all| all.contains(&name))
}

/// Whether a command that nothing else is known of is told a place of the container where it may
/// write.
pub(super) fn is_told_place(command: &Command<'_>) -> bool {
    let name = command.name();
    let words = command.words;
    let first = |all: &[&str]| words.iter().position(|word| all.contains(&word.as_str()));
    let behind = |at: usize| words.get(at + 1..).unwrap_or_default();
    let is_packed = name == "jar" && words.first().is_some_and(|word| word.contains(['t', 'x']));
    if is_in(READS, name) || is_packed || name == "git" && command.is_told(&["clone", "config"]) {
        return false;
    }
    let is_elsewhere =
        || words.iter().any(|word| ELSEWHERE.iter().any(|option| word.starts_with(option)));
    let takes = || verb(command).is_some_and(|verb| is_in(TAKES, verb)) && !is_elsewhere();
    if looks(command) || name == "git" && takes() {
        return is_named(command);
    }
    let is_cloud = CLOUDS.contains(&name);
    if is_cloud || CONTAINERS.contains(&name) || name == "sshpass" {
        let apart = first(&APART).filter(|_| !is_cloud);
        let copied = first(&COPIES).filter(|at| apart.is_none_or(|apart| *at < apart));
        let value =
            |word: &'_ String| word.split_once('=').is_some_and(|(_, v)| is_below(v, &EMPTY));
        let is_empty = |word: &String| is_below(word, &EMPTY) || value(word);
        return match copied {
            Some(at) => copies(behind(at)),
            None if apart.is_some() || name == "sshpass" => false,
            None => is_named(command) || is_cloud && words.iter().any(is_empty),
        };
    }
    if matches!(name, "rsync" | "scp" | "sftp") {
        return copies(words);
    }
    is_named(command) || is_written(command)
}

/// Whether something is copied to a place of the container: the first word says from where, and
/// one with a colon is on another machine.
fn copies(words: &[String]) -> bool {
    let mut is_key = false;
    let plain = words.iter().filter(|word| {
        let is_value = std::mem::replace(&mut is_key, matches!(word.as_str(), "-F" | "-i"));
        !is_value && !word.starts_with('-')
    });
    plain.skip(1).any(|word| !word.contains(':') && (is_path(word) || place(word)))
}

/// Whether an option, or a variable, says of a place that something is written there.
fn is_named(command: &Command<'_>) -> bool {
    let pairs = command.words.iter().zip(command.words.iter().skip(1));
    let mut apart = pairs.filter(|(option, _)| option.starts_with('-') && !option.contains('='));
    let mut joined = command.words.iter().filter_map(|word| word.split_once('='));
    apart.any(|(option, value)| is_output(option, value))
        || joined.any(|(option, value)| is_output(option, value))
        || command.words.iter().any(|word| attached(word).is_some_and(is_path))
}

/// What stands in one word with `-o`, `-b` or `-d`, or with several of one letter.
fn attached(word: &str) -> Option<&str> {
    let (letters, value) = bundled(word)?;
    letters.trim_end_matches('=').ends_with(['o', 'b', 'd']).then_some(value)
}

/// The letters of an option, and the place that stands in one word with them, as in `-C/usr` and
/// `-sSLo/usr/bin/x`.
fn bundled(word: &str) -> Option<(&str, &str)> {
    let letters = word.strip_prefix('-').filter(|_| !word.starts_with("--"))?;
    letters
        .split_at_checked(letters.find(['/', '$'])?)
        .filter(|(letters, _)| letters.len() <= MOST_LETTERS && !FOUND.contains(letters))
}

/// Whether one of the words, or what stands in it behind `=`, `:` or an option's letters, is a
/// place where images have nothing that is only read.
fn is_written(command: &Command<'_>) -> bool {
    let name = command.name();
    let short = SHORT_INPUTS.iter().find(|(known, _)| *known == name);
    let is_short = |option: &str| short.is_some_and(|(_, all)| all.contains(&option));
    let compiler = name.rsplit('-').find(|part| !part.starts_with(|c: char| c.is_ascii_digit()));
    let is_compiler = compiler.is_some_and(|name| is_in(COMPILERS, name));
    let is_searched = |option: &str| is_compiler && SEARCHED.contains(&option);
    let is_reader = is_in(READERS, name);
    // As in `perl -ne '/a/ && print'`.
    let is_text = |option: &str| matches!(name, "perl" | "ruby") && option.ends_with('e');
    let is_read = |option: &str| {
        let is_told = is_short(option) || is_searched(option) || is_text(option);
        option == SCRATCH || is_told || is_input(option)
    };
    let mut is_first = INTERPRETERS.contains(&name) || name.starts_with("python");
    let mut before = "";
    for word in command.words {
        let option = std::mem::replace(&mut before, word);
        let is_option = word.starts_with('-');
        let is_script = is_first && !is_option;
        is_first &= is_option;
        let is_settings = option == "-c" && SETTINGS.iter().any(|end| word.ends_with(end));
        let is_value = option.starts_with('-') && !option.contains('=') && is_read(option);
        let is_told = option.starts_with('-') && !(option == "--" || option.contains('='));
        let is_operand = is_reader && !is_option && !is_told;
        if is_script || is_value || is_settings || is_operand {
            continue;
        }
        if word.starts_with('/') {
            if place(word) {
                return true;
            }
        } else if let Some((name, value)) = word.split_once('=') {
            if !is_read(name) && (place(value) || behind(value)) {
                return true;
            }
        } else if bundled(word).is_some_and(|(_, value)| place(value)) || behind(word) {
            return true;
        }
    }
    false
}

/// Whether a place stands behind a colon; one of another machine is none.
fn behind(word: &str) -> bool {
    if word.contains(char::is_whitespace) || word.contains('@') {
        return false;
    }
    word.match_indices(':').any(|(at, _)| {
        let rest = word.get(at + 1..).unwrap_or_default();
        let is_file = word.get(..at).is_some_and(|name| name.ends_with("file"));
        place(if is_file { rest.strip_prefix("//").unwrap_or(rest) } else { rest })
    })
}

/// Whether this begins with a place of the container where an image has nothing that is only read.
fn place(path: &str) -> bool {
    let path = path.strip_prefix('{').unwrap_or(path);
    let Some(rest) = path.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        return false;
    };
    // As in `cmake ..`, which says where the sources are.
    let is_above =
        || rest.strip_prefix("./").is_some_and(|up| up.split('/').all(|one| one == ".."));
    // As in `dotnet test /p:A=b`, which is an option.
    let is_option = || {
        let end = rest.find([':', '=', '/']).and_then(|at| rest.as_bytes().get(at));
        end.is_some_and(|end| *end != b'/')
    };
    !rest.starts_with('/') && !is_option() && !is_below(path, &KNOWN) && !is_above()
}

/// Whether this begins with one of these directories.
fn is_below(path: &str, all: &[&str]) -> bool {
    let rest = all.iter().find_map(|place| path.strip_prefix(place));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
}

/// Whether an option of this name says what is read.
fn is_input(option: &str) -> bool {
    let parts = option.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
    let is_input = |part: &str| {
        let one = part.strip_suffix("ies").map(|stem| format!("{stem}y"));
        let one = one.as_deref().or_else(|| part.strip_suffix('s')).unwrap_or(part);
        is_in(INPUTS, part) || is_in(INPUTS, one)
    };
    let is_other = parts.iter().any(|part| is_in(OTHERS, part));
    !is_other
        && (parts.iter().any(|part| is_input(part))
            || parts.windows(2).any(|two| is_input(&two.concat())))
}

/// What `git` is told to do.
fn verb<'s>(command: &Command<'s>) -> Option<&'s str> {
    let mut words = command.words.iter();
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-C" | "-c") || ELSEWHERE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// Whether `git` is told to look only.
pub(super) fn looks(command: &Command<'_>) -> bool {
    command.name() == "git" && verb(command).is_some_and(|verb| is_in(LOOKS, verb))
}
