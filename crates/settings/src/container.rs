//! What both files say of containers: images, volumes, limits.
//!
//! Responsible for the shape of these values alone. What a pipeline may ask for is for the
//! operator's grants to say, once both files are known.

use pilothouse_core::container::{ImageBuild, Limits, Volume};
pub(crate) use pilothouse_core::spec::allowed::container::parts;
use pilothouse_core::spec::allowed::container::{
    MOST, is_absolute, network as allowed_network, path,
};

use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::quoted;

/// What to do where two things would be in one place.
const ONE: &str = "leave one of the two out, or name another place";
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

/// Absolute paths of the host, and where a container sees them; `disturbs` says of such a place
/// what it would do to the run's own.
pub(crate) fn volumes(
    section: &Section<'_>,
    found: &mut Found<'_>,
    disturbs: impl Fn(&str) -> Option<String>,
) -> Vec<Volume> {
    let Some(field) = section.get("volumes") else { return Vec::new() };
    let mut volumes = Vec::new();
    for (text, at) in few(&field, VOLUME, found) {
        let volume = match volume(text) {
            Ok(volume) => volume,
            Err(message) => {
                found.add(ProblemKind::WrongValue, at, &message, VOLUME);
                continue;
            }
        };
        let is_there = |other: &&Volume| parts(&other.target).eq(parts(&volume.target));
        if let Some(message) = disturbs(&volume.target) {
            found.add(ProblemKind::WrongValue, at, &message, VOLUME);
        } else if let Some(other) = volumes.iter().find(is_there) {
            let message = format!(
                "{} would be seen where {} is",
                quoted(&volume.source),
                quoted(&other.source)
            );
            found.add(ProblemKind::WrongValue, at, &message, ONE);
        } else {
            volumes.push(volume);
        }
    }
    volumes
}

/// What a text says of a volume, or what is wrong with it.
fn volume(text: &str) -> Result<Volume, String> {
    let (paths, read_only) = match text.strip_suffix(":ro") {
        Some(paths) => (paths, true),
        None => (text.strip_suffix(":rw").unwrap_or(text), false),
    };
    let wrong = || format!("{} is not a volume", quoted(text));
    let (source, target) = paths.split_once(':').ok_or_else(wrong)?;
    let is_root = |text: &&str| text.starts_with('/') && parts(text).next().is_none();
    if let Some(message) = [source, target].into_iter().find(is_root).and_then(path) {
        return Err(message);
    }
    if !is_absolute(source) || !is_absolute(target) {
        return Err(wrong());
    }
    Ok(Volume { source: source.to_owned(), target: target.to_owned(), read_only })
}

/// Paths in a container that are kept; `disturbs` says of one what it would do to the run's own. None lies within
/// another, nor where a volume is: Docker would make a directory of its own there, which nobody but
/// root could remove, and what is kept in the outer one would be hidden.
pub(crate) fn caches(
    section: &Section<'_>,
    volumes: &[Volume],
    found: &mut Found<'_>,
    disturbs: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    const HELP: &str =
        "name the directory that a tool keeps things in, as in cache = [\"/var/cache/npm\"]";
    let refuse = |path: &str, caches: &[String]| {
        if let Some("proc" | "sys" | "dev") = parts(path).next() {
            let message = format!("{} is the kernel's, and nothing is kept there", quoted(path));
            return Some((message, HELP));
        }
        let message = disturbs(path).map(|message| (message, HELP));
        message.or_else(|| {
            let caches = caches.iter().map(|cache| (cache.as_str(), "a cache as well"));
            let volumes = volumes.iter().map(|volume| (volume.target.as_str(), "a volume's place"));
            caches.chain(volumes).find_map(|(other, what)| {
                let how = lies(path, other)?;
                Some((format!("{} {how} {}, {what}", quoted(path), quoted(other)), ONE))
            })
        })
    };
    absolute(section, "cache", found, HELP, refuse)
}

/// How a path lies to another, if one of the two holds the other.
pub(crate) fn lies(path: &str, other: &str) -> Option<&'static str> {
    let (mut own, mut others) = (parts(path), parts(other));
    loop {
        match (own.next(), others.next()) {
            (None, None) => return Some("is"),
            (Some(_), None) => return Some("lies within"),
            (None, Some(_)) => return Some("lies around"),
            (Some(part), Some(other)) if part == other => {}
            (Some(_), Some(_)) => return None,
        }
    }
}

/// Absolute paths of the host.
pub(crate) fn paths(
    section: &Section<'_>,
    key: &'static str,
    found: &mut Found<'_>,
) -> Vec<String> {
    let help = format!("write {key} = [\"/srv/cache\"], with absolute paths");
    absolute(section, key, found, &help, |_, _| None)
}

fn absolute(
    section: &Section<'_>,
    key: &'static str,
    found: &mut Found<'_>,
    help: &str,
    refuse: impl Fn(&str, &[String]) -> Option<(String, &'static str)>,
) -> Vec<String> {
    let Some(field) = section.get(key) else { return Vec::new() };
    let mut paths = Vec::new();
    for (text, at) in few(&field, help, found) {
        let wrong = path(text).map(|message| (message, help));
        match wrong.or_else(|| refuse(text, &paths)) {
            None => paths.push(text.to_owned()),
            Some((message, help)) => found.add(ProblemKind::WrongValue, at, &message, help),
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
    if let Some((message, help)) = allowed_network(text, help) {
        field.wrong(found, &message, &help);
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
        match allowed_network(text, HELP) {
            None => networks.push(text.to_owned()),
            Some((message, help)) => {
                found.add(ProblemKind::WrongValue, at, &message, &help);
            }
        }
    }
    networks
}
