//! Steps and instances in containers of this machine's Docker engine.
//!
//! Each container is owned by a process of ours that runs under a supervisor, so that logs,
//! records, deadlines and restarts are those of every other step and instance. What is done here
//! is to say what a container is to be, to prove that it is ours, and to make sure that nothing
//! of it is left. A container, image or volume without this engine's label is never touched.

mod home;
mod image;
mod inspect;
mod instance;
mod listen;
mod others;
mod step;
mod sweep;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pilothouse_core::effect::Fault;
use pilothouse_core::id::{InstanceId, RunId};
use pilothouse_core::text::printable;
use pilothouse_docker::{Container, Docker as Client, Error, Record};
use pilothouse_supervisor::read_regular;

pub use self::home::Home;
pub use self::image::STEPS;
pub use self::others::Others;
use super::Surroundings;
use super::local::unit_of;
use crate::places::Places;

/// The label that every container of this engine has, with the engine's own id; images have
/// [`image::ORIGIN`].
pub(super) const ENGINE: &str = "pilothouse.engine";
/// The label that says which instance a container is.
const INSTANCE: &str = "pilothouse.instance";
/// The label that says which run a step's container belongs to.
pub(super) const RUN: &str = "pilothouse.run";
/// Processes of one container at most.
const PROCESSES: u32 = 4096;
/// How much longer than its container's grace an owning process has to end.
pub(super) const OWNER_GRACE: Duration = Duration::from_secs(5);
/// The file in an instance's directory that says what its container is to be.
const SPEC: &str = "container.json";
/// The file in a unit's directory in which the owning process tells what runs.
const RECORD: &str = "container.json";

/// Steps and instances in containers.
#[derive(Debug)]
pub struct Docker {
    places: Places,
    binary: PathBuf,
    engine_id: String,
    /// The ports of the host that instances may be reached by, the first and the last.
    ports: (u16, u16),
    /// Whether the engine that answers was found to be the one that has the instances.
    is_home: AtomicBool,
}

impl Docker {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        Self {
            places: surroundings.places.clone(),
            binary: surroundings.binary.clone(),
            engine_id: surroundings.engine_id.clone(),
            ports: (*surroundings.ports.start(), *surroundings.ports.end()),
            is_home: AtomicBool::new(false),
        }
    }

    /// Connects to whatever engine answers.
    async fn connect(&self) -> Result<Client, Fault> {
        let client = Client::local().map_err(|error| fault(&error))?;
        client.ready().await.map_err(|error| fault(&error))
    }

    /// Connects to the engine that has the instances, and to none in its stead.
    pub(super) async fn client(&self) -> Result<Client, Fault> {
        let client = self.connect().await?;
        // Whoever listens to it finds out when it is to be asked again.
        if !self.is_home.load(Ordering::Relaxed) {
            if let Some(why) = self.elsewhere(&client).await? {
                return Err(Fault::transient(why));
            }
            self.is_home.store(true, Ordering::Relaxed);
        }
        Ok(client)
    }

    /// Labels that say whose something is.
    fn labels(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = [(ENGINE, self.engine_id.as_str())];
        let all = own.iter().chain(more);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// A name that no other engine on this machine gives.
    fn name(&self, name: &str) -> String {
        format!("pilothouse-{}-{name}", self.engine_id)
    }

    /// The name of an instance's container.
    pub(super) fn instance_name(&self, id: &InstanceId) -> String {
        self.name(id.as_str())
    }

    /// The name of a step's container.
    pub(super) fn step_name(&self, run: RunId, step: u32) -> String {
        self.name(&format!("run-{}-{step}", run.0))
    }

    /// Ends a container of ours and removes it, by its name or its id. One of somebody else's that
    /// only has the name is left alone.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Fault> {
        let client = self.client().await?;
        let found = client.container(name).await.map_err(|error| fault(&error))?;
        let own = found.filter(|one| one.labels.get(ENGINE) == Some(&self.engine_id));
        match own {
            Some(own) => client.remove(&own.id).await.map_err(|error| fault(&error)),
            None => Ok(()),
        }
    }

    /// Ends an instance's container and removes it.
    pub(super) async fn remove_instance(&self, id: &InstanceId, unit: &Path) -> Result<(), Fault> {
        self.remove_noted(&self.instance_name(id), &unit.join(RECORD)).await
    }

    /// Ends a step's container and removes it.
    pub(super) async fn remove_step(&self, run: RunId, step: u32) -> Result<(), Fault> {
        self.remove_noted(&self.step_name(run, step), &self.step_record(run, step)).await
    }

    /// Ends a container and removes it, also one that somebody has renamed: its owner noted its id.
    async fn remove_noted(&self, name: &str, record: &Path) -> Result<(), Fault> {
        self.remove(name).await?;
        match record_at(record)? {
            Some(record) if !record.id.is_empty() => self.remove(&record.id).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a container is one that this engine had made. An image can have labels too, and gives
    /// them to whatever anybody makes of it, but neither a name nor an id that an owner noted.
    fn is_own(&self, one: &Container) -> bool {
        let label = |name: &str| one.labels.get(name).map(String::as_str);
        if label(ENGINE) != Some(&self.engine_id) {
            return false;
        }
        match (label(INSTANCE), label(RUN).and_then(|run| run.parse().ok()).map(RunId)) {
            (Some(id), _) => {
                let unit = unit_of(&self.places.instance(&InstanceId::new(id)));
                one.name == self.name(id) || is_noted(one, &unit.join(RECORD))
            }
            (None, Some(run)) => {
                let own = self.name(&format!("run-{}-", run.0));
                one.name.starts_with(&own)
                    || self.step_records(run).iter().any(|record| is_noted(one, record))
            }
            (None, None) => false,
        }
    }

    /// The command line of the process that owns a container.
    fn owner(&self, spec: &Path) -> Vec<String> {
        vec![self.binary.display().to_string(), "contain".to_owned(), spec.display().to_string()]
    }
}

/// What the owning process tells of an instance's container; where `owner` is given, only if that
/// is the process.
pub(super) fn record_of(unit: &Path, owner: Option<i32>) -> Result<Option<Record>, Fault> {
    let is_by =
        |record: &Record| owner.is_none_or(|owner| i64::from(record.owner) == i64::from(owner));
    Ok(record_at(&unit.join(RECORD))?.filter(is_by))
}

fn record_at(path: &Path) -> Result<Option<Record>, Fault> {
    read_record(path)
        .map_err(|error| Fault::transient(format!("cannot read {}: {error}", path.display())))
}

/// What whoever owns a container noted of it.
fn read_record(path: &Path) -> std::io::Result<Option<Record>> {
    let bytes = read_regular(path)?;
    Ok(bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose()?)
}

/// Whether a record tells of this container. One that cannot be read tells of none.
fn is_noted(one: &Container, record: &Path) -> bool {
    let noted = read_record(record).ok().flatten();
    noted.is_some_and(|noted| !noted.id.is_empty() && noted.id == one.id)
}

/// Names one start of a container: no other ever has the same.
pub(super) fn proof(record: &Record) -> String {
    format!("docker/{}/{}", record.id, record.started_at)
}

/// Whether an instance is a container.
pub(super) fn is_container(home: &Path) -> bool {
    home.join(SPEC).exists()
}

/// An engine's error as a fault: what may pass is tried again.
pub(super) fn fault(error: &Error) -> Fault {
    let why = printable(&error.why, 400);
    if error.may_pass() { Fault::transient(why) } else { Fault::permanent(why) }
}

fn write(path: &Path, value: &impl serde::Serialize) -> Result<(), Fault> {
    let failed = |error: std::io::Error| {
        Fault::transient(format!("cannot write {}: {error}", path.display()))
    };
    let bytes = serde_json::to_vec(value).map_err(|error| failed(error.into()))?;
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
    // It is there whole or not at all, whatever ends the machine: nobody writes it again.
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(failed)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_known_by_its_name_as_well_as_by_labels_that_its_image_may_have() {
        let docker = Docker {
            places: Places::new("/nowhere"),
            binary: PathBuf::new(),
            engine_id: "e1".to_owned(),
            ports: (1, 2),
            is_home: AtomicBool::new(false),
        };
        let is_own = |name: &str, labels: &[(&str, &str)]| {
            let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            let name = name.to_owned();
            docker.is_own(&Container { name, labels: labels.collect(), ..Container::default() })
        };
        let instance = [(ENGINE, "e1"), (INSTANCE, "shop-production-r1-0")];
        let step = [(ENGINE, "e1"), (RUN, "7")];
        assert!(is_own("pilothouse-e1-shop-production-r1-0", &instance));
        assert!(is_own("pilothouse-e1-run-7-0", &step));
        for (name, labels) in [
            ("kims", &instance),
            ("kims", &step),
            ("pilothouse-e1-run-70-0", &step),
            ("pilothouse-e1-run-7-0", &[(ENGINE, "e2"), (RUN, "7")]),
            ("pilothouse-e1-shop-production-r1-0", &[(ENGINE, "e2"), instance[1]]),
        ] {
            assert!(!is_own(name, labels), "{name}: {labels:?}");
        }
        assert!(!is_own("pilothouse-e1-run-7-0", &step[..1]));
    }

    #[test]
    fn one_that_somebody_renamed_is_known_by_the_id_that_its_owner_noted() {
        let dir = tempfile::tempdir().unwrap();
        let docker = Docker {
            places: Places::new(dir.path()),
            binary: PathBuf::new(),
            engine_id: "e1".to_owned(),
            ports: (1, 2),
            is_home: AtomicBool::new(false),
        };
        let unit = unit_of(&docker.places.instance(&InstanceId::new("shop-production-r1-0")));
        let (instance, step) = (unit.join(RECORD), docker.step_record(RunId(7), 0));
        for (path, id) in [(&instance, "c1"), (&step, "c2"), (&docker.step_record(RunId(7), 1), "")]
        {
            write(path, &Record { id: id.to_owned(), ..Record::default() }).unwrap();
        }
        let is_own = |id: &str, labels: &[(&str, &str)]| {
            let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            let (id, name) = (id.to_owned(), "kims".to_owned());
            docker.is_own(&Container { id, name, labels: labels.collect(), ..Container::default() })
        };
        let as_instance = [(ENGINE, "e1"), (INSTANCE, "shop-production-r1-0")];
        let as_step = [(ENGINE, "e1"), (RUN, "7")];
        assert!(is_own("c1", &as_instance) && is_own("c2", &as_step));
        for (id, labels) in [
            ("c3", as_instance),
            ("c3", as_step),
            ("", as_step),
            ("c1", as_step),
            ("c2", [(ENGINE, "e1"), (RUN, "8")]),
            ("c2", [(ENGINE, "e2"), (RUN, "7")]),
        ] {
            assert!(!is_own(id, &labels), "{id}: {labels:?}");
        }
    }
}
