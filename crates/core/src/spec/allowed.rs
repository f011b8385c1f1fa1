//! What the parts of a specification may be.
//!
//! These rules stand here alone: the reader of the operator's file asks them of each value where it
//! stands, and [`ProjectSpec::check`](super::ProjectSpec::check) of a whole specification that came by any way. It must not
//! know where a value came from.

pub mod container;
pub mod rule;
pub mod watch;

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::matches_pattern;
use crate::text::{printable, quoted};
use crate::time::Millis;

/// What is wrong with a value, and what to write instead.
pub type Wrong = (String, String);

/// A day.
pub const DAY: Millis = Millis::minutes(24 * 60);
/// Time between two looks at a repository.
pub const POLL: RangeInclusive<Millis> = Millis(50)..=DAY;
/// How long requests in flight on an old instance may go on.
pub const DRAIN: RangeInclusive<Millis> = Millis(0)..=Millis::minutes(60);
/// How long a new release is watched.
pub const BAKE: RangeInclusive<Millis> = Millis(0)..=DAY;
/// The share of instances that serves at least.
pub const MIN_HEALTHY: RangeInclusive<u32> = 0..=100;
/// The share of instances that there is at most.
pub const MAX: RangeInclusive<u32> = 100..=1000;
/// How many runs are kept.
pub const KEEP_RUNS: RangeInclusive<u32> = 1..=100_000;
/// How many releases are kept.
pub const KEEP: RangeInclusive<u32> = 1..=1000;
/// How many instances serve an environment.
pub const INSTANCES: RangeInclusive<u32> = 1..=100;
/// The most environments of a project, a preview's many counted once.
pub const ENVIRONMENTS: usize = 50;
/// The most branches and patterns of an environment.
pub const BRANCHES: usize = 100;
/// The most addresses that are listened on, and the most blocks of one list.
pub const ADDRESSES: usize = 50;
/// The most variables of one thing.
pub const VARIABLES: usize = 500;
/// The most secrets of an environment.
pub const SECRETS: usize = 200;
/// The most arguments of a program, itself among them.
pub const ARGUMENTS: usize = 256;
/// The most that a budget may say, in dollars per hour.
pub const DOLLARS: u64 = 1_000_000;
/// The longest name of previews: `-` and a branch's slug of up to 29 characters follow it, and
/// an environment's name has at most 40.
pub const PREVIEW_NAME: usize = 10;
/// The longest text of one line, in bytes.
pub const LINE_BYTES: usize = 4096;
/// What stands for a branch's slug in a preview's domain.
pub const BRANCH: &str = "{branch}";

/// The longest value of a variable, in bytes: Linux takes at most 128 KiB for one string (execve(2)).
const VALUE_BYTES: usize = 64 * 1024;
/// The longest slug of a branch.
const SLUG: usize = 29;
/// RFC 1035 section 2.3.4.
const LABEL: usize = 63;
/// RFC 1035 section 2.3.4, without the root's dot.
const DOMAIN: usize = 253;

/// What is wrong with a text that has one line and is shown: it is empty, or holds what a terminal
/// would act on.
pub fn line(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("is empty");
    }
    let is_odd = text.len() > LINE_BYTES || printable(text, LINE_BYTES) != text;
    is_odd.then_some("holds control characters or is too long")
}

/// What to write for a repository.
pub const REPOSITORY: &str =
    "write repository = \"https://example.com/shop.git\" or = \"/srv/git/shop\"";

/// What is wrong with where a repository is.
pub fn repository(text: &str) -> Option<Wrong> {
    let wrong = |message: String, help: &str| Some((message, help.to_owned()));
    let shown = quoted(text);
    if text.starts_with('-') {
        // git would take it for an option.
        return wrong(format!("{shown} begins with -"), REPOSITORY);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        let login = authority.rsplit_once('@').map(|(login, _)| login);
        let is_secret =
            login.is_some_and(|login| login.contains(':') || scheme.starts_with("http"));
        if !is_secret {
            return None;
        }
        let message = "the repository's address holds a login, which every screen would show";
        let help = "leave the login out, and let git's credential helper or an SSH key give it";
        return wrong(message.to_owned(), help);
    }
    if text.contains("::") {
        let message = format!("{shown} names a remote helper, which runs a program");
        return wrong(message, REPOSITORY);
    }
    // What has a colon before any slash is `host:path`, git's short form for SSH.
    let before_slash = text.split('/').next().unwrap_or_default();
    if text.starts_with('/') || before_slash.contains(':') {
        return None;
    }
    let message = format!("{shown} is relative, and the engine has no directory of yours");
    wrong(message, "write the whole path, beginning with /, or an address that git fetches from")
}

/// What to write for a branch.
pub const BRANCH_HELP: &str = "write branch = \"main\" or branch = [\"release/*\", \"hotfix/*\"]";

/// Why no branch can be called so; git's own rules are in git-check-ref-format(1).
pub fn branch(branch: &str) -> Option<Wrong> {
    let shown = quoted(branch);
    for prefix in ["refs/heads/", "refs/remotes/origin/", "origin/"] {
        if let Some(short) = branch.strip_prefix(prefix) {
            let message = format!("{shown} is not how a branch is written here");
            return Some((message, format!("write {}", quoted(short))));
        }
    }
    let is_odd = |c: char| c.is_control() || " ~^:?[\\".contains(c);
    let is_wrong = branch.is_empty()
        || branch.len() > 250
        || branch.starts_with(['-', '/', '.'])
        || branch.ends_with(['/', '.'])
        || branch.contains("..")
        || branch.contains("//")
        || branch.contains("@{")
        || branch.strip_suffix(".lock").is_some()
        || branch.contains(is_odd);
    is_wrong.then(|| {
        let message = format!("{shown} cannot be a branch");
        (message, format!("{BRANCH_HELP}; * stands for any characters"))
    })
}

/// Whether a pattern of an environment leaves nothing for another's that comes after it.
pub fn covers(earlier: &str, pattern: &str) -> bool {
    pattern.contains('*') && matches_pattern(earlier, pattern)
}

/// What is wrong with a domain; `help` says what is usual.
pub fn domain(domain: &str, preview: bool, help: &str) -> Option<Wrong> {
    let shown = quoted(domain);
    let wrong = |message: String, help: &str| Some((message, help.to_owned()));
    if domain.contains("://") || domain.contains('/') {
        return wrong(
            format!("{shown} is an address, not a domain"),
            "leave out http:// and the path",
        );
    }
    if domain.contains(':') {
        let help = "leave the port out; the load balancer's `listen` says it";
        return wrong(format!("{shown} holds a port"), help);
    }
    if domain.contains('*') {
        let help = "name one domain; previews write {branch} where the branch's name belongs";
        return wrong(format!("{shown} is a pattern"), help);
    }
    if !domain.is_ascii() {
        let help = "write it in its ASCII form, which begins with xn--";
        return wrong(format!("{shown} is not ASCII, which domains are on the wire"), help);
    }
    let times = domain.matches(BRANCH).count();
    if preview && times != 1 {
        let message = format!("{shown} must hold {BRANCH} once, or all previews would share it");
        return wrong(message, help);
    }
    if !preview && times > 0 {
        let message = format!("{shown} holds {BRANCH}, and this environment is not a preview");
        return wrong(message, "leave {branch} out, or write preview = true");
    }
    let filled = domain.replace(BRANCH, &"b".repeat(SLUG));
    let is_label = |label: &str| {
        (1..=LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if filled.len() > DOMAIN || !filled.split('.').all(is_label) {
        let message = format!("{shown} is not a domain (RFC 1035)");
        let help = format!("use parts of a-z, 0-9 and - with dots between; {help}");
        return wrong(message, &help);
    }
    None
}

/// What is wrong with an address that is listened on.
pub fn address(address: SocketAddr) -> Option<Wrong> {
    (address.port() == 0).then(|| {
        let message = format!("{address} has no port, so that nobody would know where to ask");
        (message, "give it a port from 1 to 65535, as in 127.0.0.1:8080".to_owned())
    })
}

/// Whether two addresses cannot be listened on beside each other.
pub fn overlap(one: SocketAddr, two: SocketAddr) -> bool {
    let is_same_port = one.port() == two.port();
    let is_everywhere = one.ip().is_unspecified() || two.ip().is_unspecified();
    let is_same_family = one.is_ipv4() == two.is_ipv4();
    is_same_port && is_same_family && (is_everywhere || one.ip() == two.ip())
}

/// Whose variables these are, which decides what names are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A step of a pipeline.
    Step,
    /// An instance, which gets `PORT`.
    Instance,
}

/// What is wrong with a variable's name.
pub fn variable(name: &str, owner: Owner) -> Option<Wrong> {
    let shown = printable(name, 60);
    let mut bytes = name.bytes();
    // A name that every shell can use (POSIX.1-2017, Base Definitions 3.235).
    let is_variable = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.len() <= 128
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_variable {
        let help = "use letters, digits and _, not beginning with a digit, as in DATABASE_URL";
        return Some((format!("`{shown}` cannot name an environment variable"), help.to_owned()));
    }
    let is_port = owner == Owner::Instance && name == "PORT";
    if is_port || name.starts_with("PILOTHOUSE_") {
        let help = "leave it out; every instance gets PORT and PILOTHOUSE_* on its own";
        return Some((format!("`{shown}` is set by Pilothouse itself"), help.to_owned()));
    }
    None
}

/// What is wrong with a variable's value.
pub fn value(value: &str) -> Option<&'static str> {
    let is_wrong = value.contains('\0') || value.len() > VALUE_BYTES;
    is_wrong.then_some("a variable's value is too long or holds NUL")
}

/// What is wrong with a program and its arguments, where there are some.
pub fn argument(index: usize, text: &str) -> Option<&'static str> {
    let is_wrong = (index == 0 && text.trim().is_empty()) || text.contains('\0');
    is_wrong.then_some("the program is empty, or an argument holds NUL")
}

/// What is wrong with the path of a secret's file.
pub fn secret_path(text: &str) -> Option<String> {
    (!text.starts_with('/'))
        .then(|| format!("{} is relative, and the engine has no directory of yours", quoted(text)))
}
