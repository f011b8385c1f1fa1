//! Which engine of containers has this engine's instances, so that another one that answers in its
//! stead is not taken for it: what is not there is not gone, it is elsewhere.

use std::path::Path;

use pilothouse_core::effect::Fault;
use pilothouse_core::text::{printable, shell_word};
use pilothouse_docker::{Docker as Client, Facts};
use serde::{Deserialize, Serialize};

use super::{Docker, fault, write};
use crate::places::Places;

/// Characters that are told of an engine's id.
const ID: usize = 12;

/// An engine of containers, as it says itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Home {
    /// Its id, which engines of before share with every other of the machine.
    id: String,
    /// Where it keeps containers.
    root: String,
    /// Where it answered.
    socket: String,
}

impl Home {
    /// The one that has the containers of the engine which keeps its state there, where it is known.
    pub fn known(places: &Places) -> Option<Self> {
        match known(&places.docker_engine()) {
            Ok(Known::Is(home)) => Some(home),
            Ok(Known::Nothing | Known::Damaged) | Err(_) => None,
        }
    }

    /// A connection to it, where it answers and is still the same.
    pub async fn client(&self) -> Option<Client> {
        let client = Client::at(&self.socket).ok()?.ready().await.ok()?;
        let facts = client.facts().await.ok()?;
        self.says(&facts).then_some(client)
    }

    /// What a shell has to say so that programs find it.
    pub fn host(&self) -> String {
        format!("DOCKER_HOST={}", shell_word(&format!("unix://{}", self.socket)))
    }

    /// Whether it says this of itself.
    pub fn says(&self, facts: &Facts) -> bool {
        self.id == facts.id && self.root == facts.root
    }

    fn of(facts: Facts, client: &Client) -> Self {
        let socket = client.socket().display().to_string();
        Self { id: facts.id, root: facts.root, socket }
    }

    fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.root == other.root
    }
}

impl std::fmt::Display for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (root, id) = (printable(&self.root, 80), printable(&self.id, ID));
        write!(f, "{root}, id {id}, at {}", printable(&self.socket, 107))
    }
}

impl Docker {
    /// Why the engine that answers is another than the one that has this engine's instances, if it
    /// is. Where none was known, this one is remembered.
    pub(super) async fn come_home(&self, client: &Client) -> Result<Option<String>, Fault> {
        let path = self.places.docker_engine();
        if !matches!(known(&path)?, Known::Nothing) {
            return self.elsewhere(client).await;
        }
        if let Some(here) = here(client).await? {
            write(&path, &here)?;
        }
        Ok(None)
    }

    /// Why the engine that answers is another than the one that is known, if it is.
    pub(super) async fn elsewhere(&self, client: &Client) -> Result<Option<String>, Fault> {
        let path = self.places.docker_engine();
        let known = match known(&path)? {
            Known::Nothing => return Ok(None),
            Known::Is(known) => Some(known),
            Known::Damaged => None,
        };
        let here = here(client).await?;
        let Some(known) = known else {
            return Ok(Some(damaged(here.as_ref(), &path)));
        };
        Ok(here.filter(|here| !known.is(here)).map(|here| elsewhere(&known, &here, &path)))
    }

    /// Forgets which engine it was: it has none of this engine's instances any more.
    pub(super) fn leave_home(&self) {
        let path = self.places.docker_engine();
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "cannot be removed");
        }
    }
}

/// The engine that answers. One that does not say what it is, as behind a proxy that lets few
/// questions through, is told from no other.
async fn here(client: &Client) -> Result<Option<Home>, Fault> {
    match client.facts().await {
        Ok(facts) => Ok(Some(Home::of(facts, client))),
        Err(error) if error.may_pass() => Err(fault(&error)),
        Err(_) => Ok(None),
    }
}

/// Which engine is known to have the containers.
enum Known {
    /// None has any.
    Nothing,
    /// This one.
    Is(Home),
    /// One, and which it is was lost by a disk that failed.
    Damaged,
}

/// The engine that is known, if one is.
fn known(path: &Path) -> Result<Known, Fault> {
    let failed = |error: &dyn std::fmt::Display| {
        Fault::transient(format!("cannot read {}: {error}", path.display()))
    };
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).map_or(Known::Damaged, Known::Is)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Known::Nothing),
        Err(error) => Err(failed(&error)),
    }
}

fn elsewhere(known: &Home, here: &Home, path: &Path) -> String {
    let path = shell_word(&path.display().to_string());
    format!(
        "another Docker engine ({here}) answers than the one with the containers ({known}): start \
         pilothouse with that one's DOCKER_HOST, or give those containers up: rm {path}"
    )
}

fn damaged(here: Option<&Home>, path: &Path) -> String {
    let path = shell_word(&path.display().to_string());
    let here = here.map_or_else(|| "which does not say what it is".to_owned(), Home::to_string);
    format!(
        "{path} is damaged, and told which Docker engine has the containers: put it back, or, if it is \
         the one that answers ({here}), rm {path}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(id: &str, root: &str) -> Home {
        Home { id: id.to_owned(), root: root.to_owned(), socket: "/run/docker.sock".to_owned() }
    }

    #[test]
    fn an_engine_is_known_by_its_id_and_by_where_it_keeps_containers() {
        let known = home("AB:CD", "/var/lib/docker");
        assert!(known.is(&Home { socket: "/elsewhere.sock".to_owned(), ..known.clone() }));
        assert!(!known.is(&home("AB:CE", "/var/lib/docker")));
        assert!(!known.is(&home("AB:CD", "/home/kim/.local/share/docker")));
    }

    #[test]
    fn whoever_is_told_of_another_reads_both_and_the_way_on() {
        let (known, here) = (home("AB:CD", "/var/lib/docker"), home("\x1b[2J", "/srv/docker"));
        let told = elsewhere(&known, &here, Path::new("/state dir/docker-engine.json"));
        assert!(
            told.contains("/var/lib/docker, id AB:CD") && told.contains("(/srv/docker"),
            "{told}"
        );
        assert!(told.ends_with("rm '/state dir/docker-engine.json'"), "{told}");
        assert!(!told.contains('\x1b'), "{told}");
    }

    #[test]
    fn what_is_known_is_read_back_and_what_cannot_be_read_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("docker-engine.json");
        assert!(matches!(known(&path).unwrap(), Known::Nothing));
        write(&path, &home("AB:CD", "/var/lib/docker")).unwrap();
        let is = |known: Known| matches!(known, Known::Is(it) if it.is(&home("AB:CD", "/var/lib/docker")));
        assert!(is(known(&path).unwrap()));
        for damaged in ["", "{", "\0\0"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(known(&path).unwrap(), Known::Damaged));
        }
        let told = super::damaged(Some(&home("AB:CD", "/var/lib/docker")), &path);
        assert!(
            told.contains("is damaged") && told.contains("(/var/lib/docker, id AB:CD"),
            "{told}"
        );
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(known(&path).is_err_and(|fault| fault.why.contains("docker-engine.json")));
    }
}
