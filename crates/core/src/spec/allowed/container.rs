//! What may be said of containers.

use std::ops::RangeInclusive;

use super::Wrong;
use crate::text::quoted;

/// The most volumes, caches, paths or networks of one thing.
pub const MOST: usize = 50;
/// The least memory that a container engine takes (Docker's own limit), and the most that is
/// believed to be meant.
pub const MEMORY: RangeInclusive<u64> = 6 << 20..=16 << 40;
/// The most processors that are believed to be meant, in thousandths.
pub const MILLI_CPUS: RangeInclusive<u32> = 1..=1_024_000;

/// Whether a path is absolute, is not the root, and is one part of how a volume is written.
pub fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
        && parts(path).next().is_some()
        && path.len() <= 1024
        && !path.contains([':', '\\', ','])
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..")
}

/// What is wrong with an absolute path.
pub fn path(text: &str) -> Option<String> {
    match parts(text).next() {
        None if text.starts_with('/') => {
            Some(format!("{} is the root and all that is below it", quoted(text)))
        }
        _ if is_absolute(text) => None,
        _ => Some(format!("{} is not an absolute path", quoted(text))),
    }
}

/// The parts of a path, none of the root, in one form of all its spellings.
pub fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

/// Why a text is not a network's name, and what to write instead. Another container's network has no
/// name, and joining it would undo what a container is for; a network has one name here, so that
/// what is granted and what is asked for can be compared.
pub fn network(text: &str, help: &str) -> Option<Wrong> {
    let is_name = text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match text {
        "default" => Some((
            "\"default\" is what Docker calls the network bridge where none is named".to_owned(),
            "write \"bridge\", or leave it out, which means the same".to_owned(),
        )),
        _ if !is_name => {
            Some((format!("{} is no network for this", quoted(text)), help.to_owned()))
        }
        _ => None,
    }
}

/// What is wrong with the network of instances. On the host's own no port could be mapped, and two
/// would clash; on none nothing could reach them.
pub fn own_network(name: &str) -> Option<Wrong> {
    matches!(name, "host" | "none").then(|| {
        let help = "write the name of a network, as in network = \"backend\"";
        (format!("\"{name}\" is no network for instances"), help.to_owned())
    })
}
