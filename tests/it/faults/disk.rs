//! A disk that is full: what serves serves on, and everything says why it waits.

use std::path::Path;
use std::process::Command as Program;

use pilothouse_api::client::ClientError;
use pilothouse_core::command::{Command, RejectionKind, Reply};
use pilothouse_core::deployment::Phase;
use pilothouse_core::id::{DeploymentId, RunId};
use pilothouse_core::instance::Instance;
use pilothouse_core::run::{RunPhase, Trigger};

use super::super::stage::{Stage, processes, wait_until};

/// A small file system of its own, unmounted when it is dropped.
pub(super) struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(place: &'a Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(place).unwrap();
        let output = Program::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},nr_inodes=4096,mode=755"), "tmpfs"])
            .arg(place)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self(place))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl<'a> SmallDisk<'a> {
    /// One that gives each directory a block, as most do.
    fn mount_ext4(place: &'a Path, image: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(place).unwrap();
        std::fs::File::create(image).and_then(|file| file.set_len(64 << 20)).unwrap();
        let run = |program: &str, arguments: &[&Path]| {
            let output = Program::new(program).args(arguments).output();
            let output = output.map_err(|error| format!("{program}: {error}"))?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() { Ok(()) } else { Err(format!("{program}: {said}")) }
        };
        let path = Path::new;
        run("mkfs.ext4", &[path("-q"), path("-m"), path("0"), image])?;
        run("mount", &[path("-o"), path("loop"), image, place])?;
        Ok(Self(place))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Program::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_what_serves_serves_on() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    let repository = stage.deployed("v1");
    let filler = state_dir.join("filler");
    fill(&filler);
    // An eighth of what the journal keeps serves on as before, and the rest what has to be followed.
    let refused = std::cell::RefCell::new(None);
    wait_until(
        || "the engine refuses".to_owned(),
        || {
            fill(&filler);
            *refused.borrow_mut() = (0..50).find_map(|_| look(&stage).err());
            refused.borrow().is_some()
        },
    );
    let refused = refused.into_inner().unwrap();
    let ClientError::Rejected(rejection) = &refused else { panic!("{refused:?}") };
    assert_eq!(rejection.kind, RejectionKind::Degraded, "{refused}");
    assert!(rejection.why.contains("nothing new can be accepted"), "{refused}");
    // Nor does anything begin, while what ends something is heard.
    let unknown = stage.submit(Command::CancelRun { id: RunId(9) }).unwrap_err();
    let ClientError::Rejected(rejection) = &unknown else { panic!("{unknown:?}") };
    assert_eq!(rejection.kind, RejectionKind::NotFound, "{unknown}");
    repository.commit("v2");
    for restarts in 1..4 {
        end_one(&stage);
        is_followed(&stage, restarts);
    }
    let state = stage.state();
    assert!(state.runs.values().all(|run| run.id == RunId(1) || run.phase == RunPhase::Queued));
    // Then that is used up, too.
    take_room_of(&state_dir.join("journal"), &filler);
    let status = || stage.binary().args(["status", "--json"]).output().unwrap();
    let told = || serde_json::from_slice::<serde_json::Value>(&status().stdout).unwrap();
    wait_until(
        || format!("{} does not say that nothing is followed", told()),
        || {
            end_one(&stage);
            told()["degraded"]["why"].as_str().is_some_and(|why| why.contains("No space left"))
        },
    );
    let refused = look(&stage).unwrap_err().to_string();
    assert!(refused.contains("No space left"), "{refused}");
    stage.shows("v1");
    // Whatever happens now the engine cannot follow, and nothing passes for how it is.
    let shown = stage.binary().arg("status").output().unwrap();
    let rows = String::from_utf8_lossy(&shown.stdout);
    assert!(rows.contains("was 2/2 healthy") || rows.contains("was 1/2 healthy"), "{rows}");
    let beside = String::from_utf8_lossy(&shown.stderr);
    assert!(beside.contains("all it knows is") && beside.contains("remove files"), "{beside}");
    let seq = stage.state().seq;
    std::fs::remove_file(&filler).unwrap();
    wait_until(|| "the engine accepts again".to_owned(), || look(&stage).is_ok());
    assert!(told()["degraded"].is_null(), "{}", told());
    assert!(stage.state().seq > seq);
    stage.succeeds(DeploymentId(1));
    stage.shows("v2");
    stage.stop_engine();
    stage.start();
    stage.shows("v2");
    stage.halt();
    drop(disk);
}

#[test]
fn a_deployment_that_is_under_way_goes_on_on_a_full_disk_and_says_what_it_waits_for() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    let repository = stage.deployed("v1");
    let project = stage.project(repository.dir()).replace("auto", "manual");
    stage.apply(&project.replace("bake = \"50ms\"", "bake = \"5s\""));
    repository.commit("v2");
    stage.wait("v2 is built", |state| {
        state.environments.values().any(|environment| environment.ready.is_some())
    });
    let words = std::fs::File::create(stage.path("deploy")).unwrap();
    let mut deploy = stage
        .binary()
        .args(["deploy", "production", "--yes"])
        .stdout(words.try_clone().unwrap())
        .stderr(words)
        .spawn()
        .unwrap();
    stage.wait("it is watched", |state| {
        state.deployments.values().any(|one| matches!(one.phase, Phase::Baking { .. }))
    });
    // The edge keeps its table, without which nothing old is stopped.
    let fresh = state_dir.join("edge/table.json.new");
    std::fs::remove_file(&fresh).unwrap();
    std::fs::create_dir(&fresh).unwrap();
    let filler = state_dir.join("filler");
    fill(&filler);
    // Told before anything fails, and by everything that a person asks.
    let says = |verb: &str, what: &str| {
        let output = stage.binary().arg(verb).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains(what)
    };
    wait_until(|| "status tells".to_owned(), || says("status", "nearly full: 0B of 16M free"));
    assert!(says("doctor", "fail  disk"));
    let told = || std::fs::read_to_string(stage.path("deploy")).unwrap();
    let says_why = |what: &str| {
        let is_told = || told().contains(what);
        wait_until(|| format!("deploy says {what} not only {}", told()), is_told);
    };
    says_why("waits: The load balancer does not take");
    assert!(says("status", "The load balancer does not take the newest routes"));
    // Then what the journal keeps for itself is used up.
    take_room_of(&state_dir.join("journal"), &filler);
    wait_until(|| "the engine refuses".to_owned(), || (0..50).any(|_| look(&stage).is_err()));
    says_why("waiting: the engine follows nothing");
    std::fs::remove_file(&filler).unwrap();
    std::fs::remove_dir(&fresh).unwrap();
    assert!(deploy.wait().unwrap().success(), "{}", told());
    assert!(told().contains("is written again") && told().contains("SUCCEEDED"), "{}", told());
    stage.halt();
    drop(disk);
}

#[test]
fn where_no_more_files_can_be_made_commands_are_taken_and_what_serves_serves_on() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    let repository = stage.deployed("v1");
    let filler = state_dir.join("filler");
    std::fs::create_dir(&filler).unwrap();
    let mut names = 0..;
    while std::fs::File::create(filler.join(names.next().unwrap().to_string())).is_ok() {}
    let says = |verb: &str, what: &str| {
        let output = stage.binary().arg(verb).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("accepts nothing"), "{said}");
        said.contains(what)
    };
    let told = "nearly full: no more files can be made. Remove files";
    wait_until(|| "status tells".to_owned(), || says("status", told));
    assert!(says("doctor", "and 0 more files") && says("doctor", "remove files"));
    look(&stage).unwrap();
    repository.commit("v2");
    wait_until(|| "the look fails".to_owned(), || says("status", "No space left"));
    stage.shows("v1");
    std::fs::remove_dir_all(&filler).unwrap();
    stage.succeeds(DeploymentId(1));
    stage.shows("v2");
    wait_until(|| "nothing is told any more".to_owned(), || !says("status", "No space left"));
    stage.halt();
    drop(disk);
}

#[test]
fn on_a_full_disk_the_end_of_an_instance_is_noticed_and_it_serves_again() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    stage.deployed("v1");
    fill(&state_dir.join("filler"));
    for restarts in 1..4 {
        end_one(&stage);
        is_followed(&stage, restarts);
    }
    drop(std::fs::remove_file(state_dir.join("filler")));
    stage.halt();
    drop(disk);
}

#[test]
fn an_engine_that_cannot_say_why_it_does_not_start_has_it_said() {
    let mut stage = Stage::new();
    let state_dir = stage.state_dir();
    let Some(disk) = small_disk(&state_dir) else { return };
    stage.start();
    stage.stop_engine();
    let file = format!(
        "repository = \"/srv/shop.git\"\n[load_balancer]\nlisten = [\"{}\"]\n\
         [environment.production]\nbranch = \"main\"\n",
        stage.address
    );
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    std::fs::write(stage.path("config/projects/shop.toml"), file).unwrap();
    // Not even what it keeps for its start is there.
    for kept in ["reserve", "journal/mark.spare", "journal/epoch.json.spare"] {
        std::fs::remove_file(state_dir.join(kept)).unwrap();
    }
    fill(&state_dir.join("filler"));
    let output = stage.binary().arg("apply").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("there is no room on the disk of") && said.contains("make some"),
        "{said}"
    );
    std::fs::remove_file(state_dir.join("filler")).unwrap();
    stage.start();
    stage.halt();
    drop(disk);
}

#[test]
fn an_edge_whose_log_takes_nothing_goes_on() {
    let dir = tempfile::Builder::new().prefix("phe").tempdir_in("/tmp").unwrap();
    let control = dir.path().join("edge.sock");
    let mut edge = Program::new(env!("CARGO_BIN_EXE_pilothouse"))
        .arg("edge")
        .arg("--dir")
        .arg(dir.path())
        .arg("--control")
        .arg(&control)
        .stderr(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .spawn()
        .unwrap();
    wait_until(
        || "the edge answers".to_owned(),
        || std::os::unix::net::UnixStream::connect(&control).is_ok(),
    );
    // It notes that it stops.
    let id = rustix::process::Pid::from_child(&edge);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(edge.wait().unwrap().code(), Some(0));
}

/// Ends the program of the first instance, where it has one.
pub(super) fn end_one(stage: &Stage) {
    let state = stage.state();
    let first = state.instances.values().find(|one| one.slot == 0);
    // It may be about to be started again.
    let Some(address) = first.and_then(Instance::address) else { return };
    let port = format!("PORT={}", address.port());
    let has_port = |pid: u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == port.as_bytes())
    };
    let services = processes::of(&stage.state_dir().join("releases"));
    if let Some(own) = services.into_iter().find(|one| has_port(one.pid)) {
        processes::signal(own.pid, rustix::process::Signal::KILL);
    }
}

/// The first instance was started so often again, and serves.
pub(super) fn is_followed(stage: &Stage, restarts: u32) {
    stage.wait("it serves again", |state| {
        let Some(one) = state.instances.values().find(|one| one.slot == 0) else { return false };
        let is_served = state.edge.active.as_ref() == Some(&state.edge.wanted);
        one.restarts == restarts && one.is_proved() && is_served
    });
    stage.shows("v1");
}

/// Takes what the journal keeps for itself, but for the rest of a page. Nothing else may be recorded
/// meanwhile.
fn take_room_of(journal: &Path, filler: &Path) {
    let files = std::fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    let segment = files.filter(|path| path.extension().is_some_and(|it| it == "jsonl")).max();
    let segment = segment.unwrap();
    let from = (segment.metadata().unwrap().len() / 4096 + 1) * 4096;
    let mut punched = Program::new("fallocate");
    punched.args(["--punch-hole", "--length", "8MiB", "--offset", &from.to_string()]);
    assert!(punched.arg(&segment).status().unwrap().success());
    fill(filler);
}

/// Has the repositories looked at, which takes a record in the journal.
pub(super) fn look(stage: &Stage) -> Result<Reply, ClientError> {
    stage.submit(Command::Look { project: None, trigger: Trigger::Hook })
}

/// A small disk; none where this system does not let one be made.
pub(super) fn small_disk(place: &Path) -> Option<SmallDisk<'_>> {
    tested(SmallDisk::mount(place, "16m"))
}

/// A small disk with ext4; none where this system does not let one be made.
pub(super) fn small_ext4<'a>(place: &'a Path, image: &Path) -> Option<SmallDisk<'a>> {
    tested(SmallDisk::mount_ext4(place, image))
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was left out")]
fn tested(mounted: Result<SmallDisk<'_>, String>) -> Option<SmallDisk<'_>> {
    match mounted {
        Ok(disk) => Some(disk),
        Err(why) => {
            let told = format!("a full disk cannot be tested: mounting a small one failed: {why}");
            assert!(std::env::var_os("CI").is_none(), "{told}");
            eprintln!("NOT TESTED: {told}");
            None
        }
    }
}

/// Writes until nothing fits any more.
pub(super) fn fill(place: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::options().create(true).append(true).open(place).unwrap();
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
