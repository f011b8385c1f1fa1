//! What is found when an instance is looked at closely, as names and what they are.

use pilothouse_api::inspection::{ContainerFacts, Inspection, ProcessFacts};
use pilothouse_core::text::shell_word;
use pilothouse_core::time::Timestamp;

use crate::age;
use crate::width;

/// What was found, a name and a text each, harmless. A name of a list stands at its first entry.
pub fn facts(found: &Inspection, now: Timestamp) -> Vec<(&'static str, String)> {
    let facts = match found {
        Inspection::Container(facts) => container(facts),
        Inspection::Process(facts) => process(facts, now),
    };
    facts.into_iter().map(|(name, text)| (name, width::clean(&text))).collect()
}

fn container(facts: &ContainerFacts) -> Vec<(&'static str, String)> {
    let health = facts.health.as_ref().map_or_else(String::new, |health| format!(", {health}"));
    let mut told = vec![
        ("container", facts.name.clone()),
        ("id", facts.id.clone()),
        ("image", facts.image.clone()),
    ];
    // An image that was named by its id has no other name.
    if facts.image_id != facts.image {
        told.push(("image id", facts.image_id.clone()));
    }
    told.push(("state", format!("{}{health}", facts.state)));
    told.push(("created", facts.created.clone()));
    told.push(("started", facts.started.clone()));
    told.extend(facts.finished.as_ref().map(|at| ("ended", at.clone())));
    if let Some(code) = facts.exit_code {
        let memory = if facts.out_of_memory { ", for want of memory" } else { "" };
        told.push(("exit", format!("{code}{memory}")));
    }
    if !facts.error.is_empty() {
        told.push(("error", facts.error.clone()));
    }
    told.extend(facts.pid.map(|pid| ("process", pid.to_string())));
    told.push(("restarts", facts.restarts.to_string()));
    told.push(("runs", words(&facts.argv)));
    told.push(("directory", or(&facts.dir, "/")));
    told.push(("user", or(&facts.user, "the image's")));
    told.extend(list("network", &facts.networks));
    told.extend(list("port", &facts.ports));
    told.extend(list("mount", &facts.mounts));
    told.push(("limits", limits(facts)));
    if facts.privileged {
        told.push(("privileged", "it is as powerful as root on the host".to_owned()));
    }
    told.push(("variables", or(&facts.env.join(", "), "none")));
    told
}

fn limits(facts: &ContainerFacts) -> String {
    let limits = [
        facts.memory.map(|bytes| format!("{} of memory", age::bytes(bytes))),
        facts.milli_cpus.map(|milli| format!("{}.{:03} processors", milli / 1000, milli % 1000)),
        facts.processes.map(|count| format!("{count} processes")),
    ];
    or(&limits.into_iter().flatten().collect::<Vec<_>>().join(", "), "none")
}

fn process(facts: &ProcessFacts, now: Timestamp) -> Vec<(&'static str, String)> {
    let none = || "none now: it waits to be started again".to_owned();
    let mut told = vec![
        ("process", facts.pid.map_or_else(none, |pid| pid.to_string())),
        ("supervisor", facts.supervisor.to_string()),
    ];
    told.extend(
        facts.started.map(|started| ("started", format!("{} ago", age::ago(now, started)))),
    );
    told.push(("restarts", facts.restarts.to_string()));
    told.extend(facts.last_exit.as_ref().map(|said| ("last end", said.clone())));
    told.push(("runs", words(&facts.argv)));
    told.push(("directory", facts.dir.clone()));
    told.extend(facts.cgroup.as_ref().map(|path| ("cgroup", path.clone())));
    told.push(("variables", or(&facts.env.join(", "), "none")));
    let lines: Vec<String> = facts
        .processes
        .iter()
        .map(|one| {
            format!("{} {}, child of {}, {}", one.pid, one.name, one.parent, age::bytes(one.memory))
        })
        .collect();
    told.extend(list("processes", &lines));
    if facts.more > 0 {
        told.push(("", format!("and {} more", facts.more)));
    }
    told
}

/// A list, whose name stands at its first entry; nothing where it is empty.
fn list<'a>(
    name: &'static str,
    entries: &'a [String],
) -> impl Iterator<Item = (&'static str, String)> + 'a {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(entries).map(|(name, entry)| (name, entry.clone()))
}

fn or(text: &str, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text.to_owned() }
}

/// A command line as it would be typed.
fn words(argv: &[String]) -> String {
    let told = |word: &String| {
        // What begins with a sign is quoted only where the rest needs it: nobody pastes this.
        let rest = word.trim_start_matches('-');
        let signs = word.get(..word.len() - rest.len()).unwrap_or_default();
        if rest.is_empty() && !signs.is_empty() {
            return signs.to_owned();
        }
        format!("{signs}{}", shell_word(rest))
    };
    argv.iter().map(told).collect::<Vec<_>>().join(" ")
}
