//! What the container of a step is to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pilothouse_core::container::{Container, Grants, Image};
use pilothouse_core::effect::{Fault, StepOrder};
use pilothouse_core::id::{EnvironmentName, RunId};
use pilothouse_core::pipeline::{StepRun, script_argv};
use pilothouse_core::run::StepExit;
use pilothouse_core::text::{printable, slug};
use pilothouse_docker::{ContainerSpec, Mount, Program, read_record};

use super::{Docker, PROCESSES, RUN, write};

/// The socket that a step gets where the operator's file grants it.
const SOCKET: &str = "/var/run/docker.sock";

impl Docker {
    /// Writes what a step's container is to be, and returns the command line of its owner.
    pub(in super::super) fn step(
        &self,
        order: &StepOrder,
        container: &Container,
        script: Option<&Path>,
        env: BTreeMap<String, String>,
        grace_ms: u64,
    ) -> Result<Vec<String>, Fault> {
        if let Some(why) = container.refusal(&order.grants) {
            return Err(Fault::permanent(why));
        }
        let workspace = self.places.workspace(order.run);
        let home = self.places.container_home(order.run);
        make(&home)?;
        let mut mounts = vec![mount(&workspace, false), mount(&home, false)];
        let program = match (&order.step.run, script) {
            (StepRun::Argv(argv), _) => Program::Argv(argv.clone()),
            (StepRun::Script(text), Some(script)) => {
                mounts.push(mount(script, true));
                Program::Argv(script_argv(text, &script.display().to_string()))
            }
            (StepRun::Script(_), None) | (StepRun::Image(_), _) => {
                return Err(Fault::permanent("the step has nothing to run in its container"));
            }
        };
        for path in &container.caches {
            mounts.push(self.cache(order, path)?);
        }
        mounts.extend(volumes(container, &order.grants)?);
        let mut all = env;
        all.insert("HOME".to_owned(), home.display().to_string());
        let run = order.run.0.to_string();
        let labels = [(RUN, run.as_str()), ("pilothouse.project", order.project.as_str())];
        let spec = ContainerSpec {
            name: self.step_name(order.run, order.index),
            labels: self.labels(&labels),
            image: self.image_of(order, &container.image)?,
            only: Some(self.own_images(&order.project)),
            program,
            dir: Some(workspace.display().to_string()),
            // What it makes in the workspace belongs to whoever has to remove it.
            user: Some((nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw())),
            env: all,
            secrets: Vec::new(),
            mounts,
            publish: None,
            network: container.network.clone(),
            memory: container.limits.memory,
            milli_cpus: container.limits.milli_cpus,
            processes: PROCESSES,
            privileged: container.privileged,
            warning: container.power().map(|what| {
                format!(
                    "this step has {what}, as the operator's file grants it: it can become root here"
                )
            }),
            stop_signal: 15,
            grace_ms,
            by_image: false,
            record: self.step_record(order.run, order.index),
            is_service: false,
        };
        self.note_use()?;
        let path = self.places.container(order.run, order.index);
        write(&path, &spec)?;
        Ok(self.owner(&path))
    }

    /// How a step ended that had no container to end with: the engine of containers took it along
    /// when it went away, or there never was one.
    pub(in super::super) fn exit_of(
        &self,
        run: RunId,
        step: u32,
    ) -> Result<Option<StepExit>, Fault> {
        let path = self.step_record(run, step);
        let record = read_record(&path).map_err(|error| {
            Fault::transient(format!("cannot read {}: {error}", path.display()))
        })?;
        Ok(record.and_then(|record| match record.why_not {
            _ if record.is_taken => Some(StepExit::WithEngine),
            Some(why) => Some(StepExit::NotStarted(printable(&why, 400))),
            None => None,
        }))
    }

    /// The file in which the owner of a step's container tells what runs.
    fn step_record(&self, run: RunId, step: u32) -> PathBuf {
        self.places.run(run).join(format!("record-{step}.json"))
    }

    /// A directory that is kept for an environment. Previews and other environments have others,
    /// so that nothing that a branch leaves is read by production.
    fn cache(&self, order: &StepOrder, path: &str) -> Result<Mount, Fault> {
        let environment = order.environment.as_ref().map(EnvironmentName::as_str);
        let dir = self.places.caches(&order.project, environment).join(slug(path));
        make(&dir)?;
        Ok(Mount { source: dir, target: path.to_owned(), read_only: false })
    }

    fn image_of(&self, order: &StepOrder, image: &Image) -> Result<String, Fault> {
        match image {
            Image::Named(name) => Ok(name.clone()),
            Image::Built(build) => Ok(self.built_before(order, build)?.id),
        }
    }
}

fn make(dir: &Path) -> Result<(), Fault> {
    std::fs::create_dir_all(dir)
        .map_err(|error| Fault::transient(format!("cannot make {}: {error}", dir.display())))
}

/// Something that is seen under the same path in the container.
fn mount(path: &Path, read_only: bool) -> Mount {
    Mount { source: path.to_owned(), target: path.display().to_string(), read_only }
}

/// The volumes of a container. What a link of the host leads to must be granted as well.
fn volumes(container: &Container, grants: &Grants) -> Result<Vec<Mount>, Fault> {
    let mut mounts = Vec::new();
    for volume in &container.volumes {
        let failed = |error: std::io::Error| {
            Fault::permanent(format!("cannot mount {}: {error}", volume.source))
        };
        let source = std::fs::canonicalize(&volume.source).map_err(failed)?;
        if !leads_below(&source, grants) {
            return Err(Fault::permanent(format!(
                "the volume {} leads to {}, which the operator's file does not grant",
                volume.source,
                source.display()
            )));
        }
        let (target, read_only) = (volume.target.clone(), volume.read_only);
        mounts.push(Mount { source, target, read_only });
    }
    if container.docker_socket {
        mounts.push(mount(&PathBuf::from(SOCKET), false));
    }
    Ok(mounts)
}

fn leads_below(source: &Path, grants: &Grants) -> bool {
    let mut roots = grants.volumes_below.iter().filter_map(|root| std::fs::canonicalize(root).ok());
    roots.any(|root| source.starts_with(root))
}
