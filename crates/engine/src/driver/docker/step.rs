//! What the container of a step is to be.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pilothouse_core::container::{Container, Grants, Image, Volume};
use pilothouse_core::effect::{Fault, StepOrder};
use pilothouse_core::id::{EnvironmentName, RunId};
use pilothouse_core::pipeline::{StepRun, script_argv};
use pilothouse_core::run::StepExit;
use pilothouse_core::text::{printable, slug};
use pilothouse_docker::{ContainerSpec, Mount, NO_NEW_RIGHTS, Program};

use super::{Docker, PROCESSES, RUN, write};

/// The socket that a step gets where the operator's file grants it.
const SOCKET: &str = "/var/run/docker.sock";
/// What the names of the files begin with in which steps' containers are told of.
const STEP_RECORD: &str = "record-";

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
        let (user, group) = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
        mounts.extend(volumes(container, &order.grants, &order.shared, user)?);
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
            user: Some((user, group)),
            groups: groups(container)?,
            env: all,
            secrets: Vec::new(),
            mounts,
            publish: None,
            network: container.network.clone(),
            memory: container.limits.memory,
            milli_cpus: container.limits.milli_cpus,
            processes: PROCESSES,
            privileged: container.privileged,
            // Otherwise `su` or `sudo` of an image makes files that only root can remove.
            security: match container.power() {
                Some(_) => Vec::new(),
                None => vec![NO_NEW_RIGHTS.to_owned()],
            },
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

    /// How a step ended of which more is known than a status: the engine of containers took it along
    /// when it went away, there never was a container, or whoever owned it knows why it ended.
    pub(in super::super) fn exit_of(
        &self,
        run: RunId,
        step: u32,
    ) -> Result<Option<StepExit>, Fault> {
        let path = self.step_record(run, step);
        let record = super::read_record(&path).map_err(|error| {
            Fault::transient(format!("cannot read {}: {error}", path.display()))
        })?;
        Ok(record.and_then(|record| match (record.why_not, record.cause) {
            _ if record.is_taken => Some(StepExit::WithEngine),
            (Some(why), _) => Some(StepExit::NotStarted(printable(&why, 400))),
            (None, Some(why)) => Some(StepExit::Failed(printable(&why, 400))),
            (None, None) => None,
        }))
    }

    /// The file in which the owner of a step's container tells what runs.
    pub(super) fn step_record(&self, run: RunId, step: u32) -> PathBuf {
        self.places.run(run).join(format!("{STEP_RECORD}{step}.json"))
    }

    /// The files in which the owners of a run's containers told what runs.
    pub(super) fn step_records(&self, run: RunId) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.places.run(run)).into_iter().flatten().flatten();
        let is_record = |path: &PathBuf| {
            let name = path.file_stem().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(STEP_RECORD))
        };
        entries.map(|entry| entry.path()).filter(is_record).collect()
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
///
/// Docker looks for the path a second time, as root. So none is given to it that leads through a
/// directory in which steps, which run as `user`, could put a link in its place meanwhile, nor through
/// one that instances share.
fn volumes(
    container: &Container,
    grants: &Grants,
    shared: &BTreeSet<String>,
    user: u32,
) -> Result<Vec<Mount>, Fault> {
    let roots = roots(grants);
    let mut mounts = Vec::new();
    for volume in &container.volumes {
        let failed = |error: std::io::Error| {
            Fault::permanent(format!("cannot mount {}: {error}", volume.source))
        };
        let source = std::fs::canonicalize(&volume.source).map_err(failed)?;
        if !roots.iter().any(|root| source.starts_with(root)) {
            return Err(Fault::permanent(format!(
                "the volume {} leads to {}, which the operator's file does not grant",
                volume.source,
                source.display()
            )));
        }
        if std::fs::canonicalize(SOCKET).is_ok_and(|socket| socket.starts_with(&source)) {
            return Err(Fault::permanent(format!(
                "the volume {} holds Docker's socket, which no volume gives: whoever can push would \
                 be root on the host; mount what does not hold it, or write docker_socket = true \
                 into the operator's [docker] and into the step",
                volume.source
            )));
        }
        if let Some(dir) = loose(&source, &roots, user).map_err(failed)? {
            return Err(Fault::permanent(format!(
                "steps may change {}, and with it where the volume {} leads: grant that very \
                 directory in place of one above it, or take that one's writing away from the \
                 engine's user",
                dir.display(),
                volume.source
            )));
        }
        if let Some(dir) = shared.iter().find(|dir| leads_through(volume, &source, dir)) {
            return Err(Fault::permanent(format!(
                "instances may change {dir}, and with it where the volume {} leads: give them that \
                 one to be read alone, with :ro behind it, or grant a directory that is not in it",
                volume.source
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

/// The groups that a step is in besides the engine's own: without the socket's, a user other than
/// root could not open what was granted.
fn groups(container: &Container) -> Result<Vec<u32>, Fault> {
    if !container.docker_socket {
        return Ok(Vec::new());
    }
    let found = std::fs::metadata(SOCKET)
        .map_err(|error| Fault::permanent(format!("the step cannot have {SOCKET}: {error}")))?;
    Ok(vec![found.gid()])
}

/// Whether a volume lies within a directory, as it is written or where it really is.
fn leads_through(volume: &Volume, source: &Path, dir: &str) -> bool {
    let is_within = |path: &Path, dir: &Path| path != dir && path.starts_with(dir);
    is_within(Path::new(&volume.source), Path::new(dir))
        || std::fs::canonicalize(dir).is_ok_and(|dir| is_within(source, &dir))
}

/// Where the directories that are granted really are. One below another counts for nothing: it may
/// be a link that a step made in that one.
fn roots(grants: &Grants) -> Vec<PathBuf> {
    let all = &grants.volumes_below;
    let is_outer = |root: &&String| {
        let above = |other: &String| other != *root && Path::new(*root).starts_with(other);
        !all.iter().any(above)
    };
    all.iter().filter(is_outer).filter_map(|root| std::fs::canonicalize(root).ok()).collect()
}

/// The directory on the way from what is granted to a path in which a user could put something
/// else in the place of what is there, if there is one.
fn loose(source: &Path, roots: &[PathBuf], user: u32) -> std::io::Result<Option<PathBuf>> {
    for dir in source.ancestors().skip(1) {
        if roots.iter().any(|root| dir.starts_with(root)) {
            let metadata = std::fs::symlink_metadata(dir)?;
            let others = metadata.mode() & 0o022 != 0;
            if user == 0 || metadata.uid() == user || others {
                return Ok(Some(dir.to_owned()));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use pilothouse_core::container::Limits;

    use super::*;

    /// A user that owns nothing here.
    const USER: u32 = 54_323;

    fn mounted(source: &Path, granted: &[&Path], user: u32) -> Result<PathBuf, String> {
        mounted_beside(&[], source, granted, user)
    }

    fn mounted_beside(
        shared: &[&Path],
        source: &Path,
        granted: &[&Path],
        user: u32,
    ) -> Result<PathBuf, String> {
        let text = |path: &Path| path.display().to_string();
        let container = Container {
            image: Image::Named("x".to_owned()),
            caches: Vec::new(),
            volumes: vec![Volume {
                source: text(source),
                target: "/v".to_owned(),
                read_only: true,
            }],
            network: None,
            limits: Limits::default(),
            privileged: false,
            docker_socket: false,
        };
        let volumes_below = granted.iter().map(|path| text(path)).collect();
        let grants = Grants { volumes_below, ..Grants::default() };
        let shared = shared.iter().map(|path| text(path)).collect();
        let mounts = volumes(&container, &grants, &shared, user);
        let mut mounts = mounts.map_err(|fault| fault.why)?;
        Ok(mounts.remove(0).source)
    }

    #[test]
    fn a_volume_leads_through_nothing_that_a_step_may_change() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let (granted, inner, secret) = (dir.join("g"), dir.join("g/a/b"), dir.join("secret"));
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(secret.join("b")).unwrap();
        let mode = |path: &Path, mode: u32| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        };
        for path in [&granted, &granted.join("a"), &inner] {
            mode(path, 0o755);
        }
        let own = std::fs::metadata(&granted).unwrap().uid();
        // What is granted itself is nobody's to change, and what is below it the step's user's.
        assert_eq!(mounted(&granted, &[&granted], own), Ok(granted.clone()));
        assert_eq!(mounted(&inner, &[&inner], own), Ok(inner.clone()));
        assert!(mounted(&inner, &[&granted], own).unwrap_err().contains("steps may change"));
        assert_eq!(mounted(&inner, &[&granted], USER), Ok(inner.clone()));
        mode(&granted.join("a"), 0o775);
        assert!(mounted(&inner, &[&granted], USER).unwrap_err().contains("steps may change"));
        // A grant below another one is perhaps a link by now.
        std::fs::rename(granted.join("a"), dir.join("moved")).unwrap();
        symlink(&secret, granted.join("a")).unwrap();
        let refused = mounted(&inner, &[&granted, &granted.join("a")], USER).unwrap_err();
        assert!(refused.contains("does not grant"), "{refused}");
    }

    #[test]
    fn no_volume_holds_dockers_socket() {
        for granted in ["/", "/var/run", SOCKET] {
            let path = Path::new(granted);
            let refused = mounted(path, &[path], USER).unwrap_err();
            assert!(refused.contains("docker_socket = true"), "{granted}: {refused}");
        }
    }

    #[test]
    fn a_volume_leads_through_nothing_that_instances_may_change() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap();
        let (outer, inner) = (dir.join("g"), dir.join("g/a"));
        std::fs::create_dir_all(&inner).unwrap();
        let link = dir.join("link");
        symlink(&outer, &link).unwrap();
        // The same directory is nobody's to put something else in its place.
        assert_eq!(mounted_beside(&[&inner], &inner, &[&inner], USER), Ok(inner.clone()));
        assert_eq!(mounted_beside(&[&dir.join("b")], &inner, &[&inner], USER), Ok(inner.clone()));
        for shared in [&dir, &outer, &link] {
            let refused = mounted_beside(&[shared], &inner, &[&inner], USER).unwrap_err();
            assert!(refused.contains("instances may change"), "{refused}");
        }
        // Somebody has put a link in its place already.
        std::fs::rename(&inner, dir.join("moved")).unwrap();
        symlink(dir.join("moved"), &inner).unwrap();
        let refused = mounted_beside(&[&outer], &inner, &[&inner], USER).unwrap_err();
        assert!(refused.contains("instances may change"), "{refused}");
    }
}
