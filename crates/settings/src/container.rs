//! What both files say of containers: images, volumes, limits.
//!
//! Responsible for the shape of these values alone. What a pipeline may ask for is for the
//! operator's grants to say, once both files are known.

use pilothouse_core::container::{ImageBuild, Limits, Volume};

use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::quoted;

/// The most volumes or caches of one container.
const MOST: usize = 50;
const BUILD_KEYS: [&str; 4] = ["dockerfile", "context", "memory", "cpus"];
const VOLUME: &str = "write volumes = [\"/srv/data:/data\"], with :ro behind it to be read alone";

/// An image's name, as `docker pull` takes it.
pub(crate) fn image(field: &Field<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = format!("write {} = \"debian:12\"", field.name);
    let text = field.line(found, &help)?;
    let is_name = text.len() <= 256
        && !text.starts_with(['-', '/', '.', ':'])
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/:@".contains(&b));
    if !is_name {
        field.wrong(found, &format!("{} is not an image's name", quoted(text)), &help);
        return None;
    }
    Some(text.to_owned())
}

/// How an image is built: `{ dockerfile = "Dockerfile", context = ".", memory = "2GiB" }`.
pub(crate) fn build(field: &Field<'_>, found: &mut Found<'_>) -> Option<ImageBuild> {
    let title = format!("{} = {{ … }}", field.name);
    let section = field.section(&title, &BUILD_KEYS, found)?;
    section.refuse_unknown(found, |_| None);
    let mut path = |key: &'static str, usual: &str| match section.get(key) {
        Some(field) => path_within(&field, found),
        None => Some(usual.to_owned()),
    };
    let (context, dockerfile) = (path("context", "."), path("dockerfile", "Dockerfile"));
    let limits = limits(&section, found);
    Some(ImageBuild { context: context?, dockerfile: dockerfile?, limits })
}

fn path_within(field: &Field<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = format!("write {} as it is seen from the repository's root", field.name);
    let text = field.line(found, &help)?;
    let leaves =
        text.starts_with('/') || text.split('/').any(|part| part == ".." || part == ".git");
    if leaves || text.contains('\\') || text.len() > 1024 {
        field.wrong(found, &format!("{} leaves the workspace", quoted(text)), &help);
        return None;
    }
    Some(text.to_owned())
}

/// Absolute paths of the host, and where a container sees them.
pub(crate) fn volumes(section: &Section<'_>, found: &mut Found<'_>) -> Vec<Volume> {
    let Some(field) = section.get("volumes") else { return Vec::new() };
    let mut volumes = Vec::new();
    for (text, at) in few(&field, VOLUME, found) {
        if let Some(volume) = volume(text) {
            volumes.push(volume);
        } else {
            let message = format!("{} is not a volume", quoted(text));
            found.add(crate::ProblemKind::WrongValue, at, &message, VOLUME);
        }
    }
    volumes
}

fn volume(text: &str) -> Option<Volume> {
    let (paths, read_only) = match text.strip_suffix(":ro") {
        Some(paths) => (paths, true),
        None => (text.strip_suffix(":rw").unwrap_or(text), false),
    };
    let (source, target) = paths.split_once(':')?;
    (is_absolute(source) && is_absolute(target)).then(|| Volume {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    })
}

/// Absolute paths, in the host or in a container.
pub(crate) fn paths(
    section: &Section<'_>,
    key: &'static str,
    found: &mut Found<'_>,
) -> Vec<String> {
    let Some(field) = section.get(key) else { return Vec::new() };
    let help = format!("write {key} = [\"/var/cache/npm\"], with absolute paths");
    let mut paths = Vec::new();
    for (text, at) in few(&field, &help, found) {
        if is_absolute(text) {
            paths.push(text.to_owned());
        } else {
            let message = format!("{} is not an absolute path", quoted(text));
            found.add(crate::ProblemKind::WrongValue, at, &message, &help);
        }
    }
    paths
}

fn few<'a>(
    field: &Field<'a>,
    help: &str,
    found: &mut Found<'_>,
) -> Vec<(&'a str, std::ops::Range<usize>)> {
    let texts = field.texts(found, help).unwrap_or_default();
    if texts.len() > MOST {
        field.wrong(found, &format!("`{}` takes at most {MOST}", field.name), help);
        return Vec::new();
    }
    texts
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
        && path.len() > 1
        && path.len() <= 1024
        && !path.contains([':', '\\', ','])
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..")
}

/// How much of the machine a container gets.
pub(crate) fn limits(section: &Section<'_>, found: &mut Found<'_>) -> Limits {
    Limits {
        memory: section.get("memory").and_then(|field| field.bytes(found)),
        milli_cpus: section.get("cpus").and_then(|field| field.milli_cpus(found)),
    }
}

/// The network that a container joins.
pub(crate) fn network(section: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let field = section.get("network")?;
    let help = "write network = \"none\" or the name of a network, as in network = \"backend\"";
    let text = field.line(found, help)?;
    if !is_network(text) {
        field.wrong(found, &format!("{} is no network for this", quoted(text)), help);
        return None;
    }
    Some(text.to_owned())
}

/// Names of networks.
pub(crate) fn networks(section: &Section<'_>, found: &mut Found<'_>) -> Vec<String> {
    const HELP: &str = "write networks = [\"backend\"], with the names of networks";
    let Some(field) = section.get("networks") else { return Vec::new() };
    let mut networks = Vec::new();
    for (text, at) in few(&field, HELP, found) {
        if is_network(text) {
            networks.push(text.to_owned());
        } else {
            let message = format!("{} is no network for this", quoted(text));
            found.add(crate::ProblemKind::WrongValue, at, &message, HELP);
        }
    }
    networks
}

/// Whether a text is a network's name. Another container's network has none, and joining it would
/// undo what a container is for.
fn is_network(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
