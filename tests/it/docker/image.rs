//! Images of one static program or of a Debian, and what a test does to containers behind the
//! engine's back.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pilothouse_docker::{Container, Details, Docker, Error, ImageFile};
use rustix::process::Signal;

use super::super::stage::{Stage, ended, processes, wait_until};

/// A test's own image. It goes with the test, and what was built on it too.
pub struct Base {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
    name: String,
    engines: RefCell<BTreeSet<String>>,
}

impl Base {
    /// Makes an image of one static program. A machine without a Docker engine fails the test.
    pub fn make(test: &str) -> Self {
        Self::make_in(test, Docker::local().unwrap())
    }

    /// Makes it in an engine that is not the machine's.
    pub fn make_in(test: &str, docker: Docker) -> Self {
        Self::of(test, docker, async |docker, name| docker.import(name, programs()).await)
    }

    /// Makes another one of its name, as somebody does who pulls a newer one.
    pub fn make_again(&self) {
        self.runtime.block_on(self.docker.import(&self.name, programs())).unwrap();
    }

    /// Makes an image of a Debian with Python.
    pub fn debian(test: &str) -> Self {
        let archive = debian_archive();
        let docker = Docker::local().unwrap();
        Self::of(test, docker, async |docker, name| docker.import_archive(name, &archive).await)
    }

    fn of(
        test: &str,
        docker: Docker,
        import: impl AsyncFnOnce(&Docker, &str) -> Result<(), Error>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let name = format!("pilothouse-test-{test}-{}:base", std::process::id());
        let docker = runtime.block_on(async {
            let docker = docker.ready().await.unwrap_or_else(|error| {
                panic!("these tests need a Docker engine; scripts/test starts one: {error}")
            });
            import(&docker, &name).await.unwrap();
            docker
        });
        Self { runtime, docker, name, engines: RefCell::default() }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The containers of a stage's instances.
    pub fn containers(&self, stage: &Stage) -> Vec<Container> {
        self.instances(&stage.state_dir())
    }

    /// The containers of the instances of the engine that keeps its state there.
    pub fn instances(&self, state_dir: &Path) -> Vec<Container> {
        let mut all = self.own(state_dir);
        all.retain(|one| one.labels.contains_key("pilothouse.instance"));
        all.sort_by(|one, two| one.name.cmp(&two.name));
        all
    }

    /// The names of all containers of a stage.
    pub fn all_of(&self, stage: &Stage) -> Vec<String> {
        self.own(&stage.state_dir()).into_iter().map(|one| one.name).collect()
    }

    /// All containers of the engine that keeps its state there.
    pub fn own(&self, state_dir: &Path) -> Vec<Container> {
        let id = std::fs::read_to_string(state_dir.join("engine-id")).unwrap();
        self.engines.borrow_mut().insert(id.clone());
        let all = self.runtime.block_on(self.docker.containers()).unwrap();
        let is_own = |one: &Container| one.labels.get("pilothouse.engine") == Some(&id);
        all.into_iter().filter(is_own).collect()
    }

    /// How many containers run, whosever they are.
    pub fn running(&self) -> usize {
        let all = self.runtime.block_on(self.docker.containers()).unwrap_or_default();
        all.iter().filter(|one| one.is_running).count()
    }

    /// Ends a container's first process.
    pub fn kill(&self, id: &str) {
        processes::signal(self.pid(id), Signal::KILL);
    }

    /// Has the machine's Docker engine restart a container, as `docker restart` does.
    pub fn restart(id: &str) {
        let (status, answer) = Self::asks("POST", &format!("/containers/{id}/restart?t=1"), "");
        assert_eq!(status, 204, "{answer}");
    }

    /// Asks the machine's Docker engine for what Pilothouse never does; the status and the answer.
    pub fn asks(method: &str, path: &str, body: &str) -> (u16, String) {
        use std::io::{Read as _, Write as _};
        let mut engine = std::os::unix::net::UnixStream::connect("/var/run/docker.sock").unwrap();
        let head =
            "HTTP/1.1\r\nhost: docker\r\ncontent-type: application/json\r\nconnection: close";
        let length = body.len();
        write!(engine, "{method} {path} {head}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        engine.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{answer}")), answer)
    }

    /// Makes a container's program hang: its first process is Docker's, the program is the next.
    pub fn hang(&self, id: &str) {
        let first = self.pid(id);
        let children = format!("/proc/{first}/task/{first}/children");
        let children = std::fs::read_to_string(children).unwrap();
        for child in children.split_whitespace() {
            processes::signal(child.parse().unwrap(), Signal::STOP);
        }
    }

    /// A path as a container sees it.
    pub fn inside(&self, id: &str, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.pid(id)))
    }

    /// Removes an image, as a person does who needs room.
    pub fn remove_image(&self, id: &str) {
        // Docker may refuse while it builds or removes another one that shares a layer.
        let removed = || self.runtime.block_on(self.docker.remove_image(id));
        wait_until(|| format!("{id} is removed: {:?}", removed()), || removed().is_ok());
    }

    /// A container by its name or id.
    pub fn container(&self, name: &str) -> Option<Container> {
        self.runtime.block_on(self.docker.container(name)).unwrap()
    }

    /// The ids of the images that a stage's engine built.
    pub fn images(&self, stage: &Stage) -> Vec<String> {
        let id = std::fs::read_to_string(stage.state_dir().join("engine-id")).unwrap();
        self.engines.borrow_mut().insert(id.clone());
        let all = self.runtime.block_on(self.docker.images("pilothouse.image")).unwrap();
        let is_own = |one: &&pilothouse_docker::Image| {
            one.labels["pilothouse.image"].split(' ').next() == Some(&*id)
        };
        all.iter().filter(is_own).map(|one| one.id.clone()).collect()
    }

    /// The images that have a label, and its value.
    pub fn labelled(&self, label: &str) -> std::collections::BTreeMap<String, String> {
        let all = self.runtime.block_on(self.docker.images(label)).unwrap();
        all.into_iter().map(|one| (one.id, one.labels[label].clone())).collect()
    }

    /// What an image is called.
    pub fn tag(&self, id: &str) -> String {
        self.tags(id).remove(0)
    }

    /// All that an image is called.
    pub fn tags(&self, image: &str) -> Vec<String> {
        self.runtime.block_on(self.docker.image(image)).unwrap().unwrap().tags
    }

    /// How many images have a name like this.
    pub fn named(&self, pattern: &str) -> usize {
        self.runtime.block_on(self.docker.images_named(pattern)).unwrap().len()
    }

    /// The id of an image.
    pub fn id(&self, name: &str) -> String {
        self.runtime.block_on(self.docker.image(name)).unwrap().unwrap().id
    }

    /// Gives an image a name, as a person does who wants to keep it.
    pub fn name_image(&self, id: &str, name: &str) {
        self.runtime.block_on(self.docker.name_image(id, name)).unwrap();
    }

    /// A container looked at closely.
    pub fn details(&self, id: &str) -> Details {
        self.runtime.block_on(self.docker.details(id)).unwrap().unwrap()
    }

    /// Where the engine keeps what it has.
    pub fn root(&self) -> PathBuf {
        self.runtime.block_on(self.docker.facts()).unwrap().root.into()
    }

    fn pid(&self, id: &str) -> u32 {
        let found = self.runtime.block_on(self.docker.container(id)).unwrap().unwrap();
        found.pid.try_into().unwrap()
    }

    /// Removes a container by force.
    pub fn remove(&self, id: &str) {
        self.runtime.block_on(self.docker.remove(id)).unwrap();
    }
}

impl Drop for Base {
    /// Removes the image, those that engines of this test built on it, and their containers.
    fn drop(&mut self) {
        let mut engines = self.engines.take();
        engines.extend(ended::engines());
        // A test that failed leaves containers.
        for one in self.runtime.block_on(self.docker.containers()).unwrap_or_default() {
            if one.labels.get("pilothouse.engine").is_some_and(|id| engines.contains(id)) {
                let _ = self.runtime.block_on(self.docker.remove(&one.id));
            }
        }
        let built = self.runtime.block_on(self.docker.images("pilothouse.image"));
        for image in built.unwrap_or_default() {
            let origin = image.labels.get("pilothouse.image").map_or("", String::as_str);
            if engines.iter().any(|id| origin.starts_with(id.as_str())) {
                let _ = self.runtime.block_on(self.docker.remove_image(&image.id));
            }
        }
        let _ = self.runtime.block_on(self.docker.remove_image(&self.name));
    }
}

/// The files of an image of one static program.
fn programs() -> Vec<ImageFile> {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from);
    let source = busybox.into_iter().find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("these tests need Debian's busybox-static; scripts/test installs it")
    });
    let programs = [
        "busybox", "sh", "mkdir", "cp", "cat", "grep", "id", "sleep", "setsid", "true", "yes",
        "head", "test",
    ];
    let file =
        |name| ImageFile { source: source.clone(), target: PathBuf::from("/bin").join(name) };
    programs.map(file).to_vec()
}

/// The archive of a Debian with Python, which is made where there is none yet.
fn debian_archive() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/debian-python");
    let made = Command::new(script).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(made.status.success(), "scripts/debian-python ended with {}", made.status);
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end())
}
