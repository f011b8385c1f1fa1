//! What containers get of the machine: what was asked for and granted, and nothing beside it.

use std::os::unix::fs::MetadataExt as _;

use pilothouse_core::id::DeploymentId;
use pilothouse_core::run::{RunPhase, RunResult};

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::daemon::Daemon;
use super::image::Base;
use super::{HEALTH, commit, project};

/// A user that nothing else on this machine has.
const USER: u32 = 54_321;

/// Prints what a container may use of memory and processors; first as version 2 has it.
const CGROUP: &str = "cd /sys/fs/cgroup; cat memory.max cpu.max 2>/dev/null || \
                      cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us";

/// Waits for the only run, which must succeed; what its steps printed.
fn printed(stage: &Stage) -> String {
    let state = stage
        .wait("the run has ended", |state| state.last_run.0 == 1 && state.live_runs.is_empty());
    let log = stage.binary().args(["logs", "1"]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let phase = &state.runs.values().next_back().unwrap().phase;
    let RunPhase::Ended { result: RunResult::Succeeded { .. }, .. } = phase else {
        panic!("{phase:?}: {log}")
    };
    log
}

#[test]
fn a_step_gets_what_is_granted_and_is_held_to_its_limits() {
    let base = Base::make("granted");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let (image, dir) = (base.name(), stage.path("given").display().to_string());
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(stage.path("given/file"), "given to it\n").unwrap();
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"bounded\"\nmemory = \"64MiB\"\ncpus = 0.5\nnetwork = \"none\"\n\
             volumes = [\"{dir}:/given:ro\"]\nenv = {{ COLOUR = \"blue\" }}\n\
             run = '''\nmkdir out; cat /given/file; echo $COLOUR; \
             (echo x >/given/new) 2>/dev/null || echo read-only\n\
             busybox ip -o link | busybox wc -l\n{CGROUP}\n'''\n\
             [[stage]]\nname = \"powerful\"\ndocker_socket = true\n\
             run = \"test -S /var/run/docker.sock && echo socket\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("asks for much");
    let grants = format!("[docker]\nvolumes_below = [\"{dir}\"]\ndocker_socket = true\n");
    let text = project(&stage, &repository, &grants).replace("\"auto\"", "\"manual\"");
    stage.apply(&text);
    let log = printed(&stage);
    let lines: Vec<&str> = log.lines().filter(|line| !line.starts_with("──")).collect();
    assert_eq!(lines[..4], ["given to it", "blue", "read-only", "1"], "{log}");
    assert_eq!(lines[4], (64 << 20).to_string(), "{log}");
    assert_eq!(lines[5..lines.len() - 1].join(" "), "50000 100000", "{log}");
    assert_eq!(lines.last(), Some(&"socket"), "{log}");
    // Whoever looks is told what that means.
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    std::fs::write(stage.path("config/projects/shop.toml"), text).unwrap();
    let seen = stage.binary().arg("doctor").output().unwrap();
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.contains("Docker's socket"), "{seen}");
    stage.end();
}

#[test]
fn the_steps_of_a_build_are_held_to_its_limits() {
    let base = Base::make("bounded");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    let look = format!("{CGROUP}; echo over");
    repository.write(
        "Dockerfile",
        &format!("FROM {image}\nRUN [\"/bin/sh\", \"-c\", {look:?}]\nCMD [\"/bin/true\"]\n"),
    );
    // More bytes than 31 bits count.
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\n\
             artifact = {{ dockerfile = \"Dockerfile\", memory = \"3GiB\", cpus = 1.5 }}\n\
             [[stage]]\nname = \"test\"\nrun = \"true\"\n[service]\nport = 8000\n"
        ),
    );
    repository.commit_all("is bounded");
    stage.apply(&project(&stage, &repository, "").replace("\"auto\"", "\"manual\""));
    let log = printed(&stage);
    let told: Vec<&str> = log.lines().skip_while(|line| !line.contains("Running in")).collect();
    assert_eq!(told[1], (3_u64 << 30).to_string(), "{log}");
    let cpus: Vec<&str> = told[2..].iter().take_while(|l| **l != "over").copied().collect();
    assert_eq!(cpus.join(" "), "150000 100000", "{log}");
    stage.end();
}

#[test]
fn a_step_that_takes_more_memory_than_it_may_is_ended_and_told_why() {
    let base = Base::make("memory");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"greedy\"\nmemory = \"32MiB\"\n\
             run = \"exec busybox dd if=/dev/zero of=/dev/null bs=200M count=1\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        ),
    );
    repository.commit_all("takes much");
    stage.apply(&project(&stage, &repository, ""));
    stage.wait("the run has ended", |state| state.last_run.0 == 1 && state.live_runs.is_empty());
    let log = stage.binary().args(["logs", "1"]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let note = "── note: the kernel ended it for want of memory; its limit is 32 MiB";
    assert!(log.lines().any(|line| line == note), "{log}");
    stage.end();
}

#[test]
fn an_instance_has_its_network_volume_and_limits_and_is_reached_on_its_own_address() {
    let daemon = Daemon::start();
    daemon.make_network("backend");
    let base = Base::make_in("given", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let dir = stage.path("data").display().to_string();
    std::fs::create_dir(&dir).unwrap();
    let docker = format!(
        "[environment.production.docker]\nreach = \"address\"\nnetwork = \"backend\"\n\
         volumes = [\"{dir}:/data:ro\"]\nmemory = \"48MiB\"\ncpus = 0.25\n"
    );
    stage.apply(&project(&stage, &repository, &docker));
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    for one in base.containers(&stage) {
        assert_eq!(one.ports, [], "a port of the host is taken: {one:?}");
        let details = base.details(&one.id);
        assert_eq!(details.mounts, [(dir.clone(), "/data".to_owned(), true)]);
        assert_eq!((details.memory, details.milli_cpus), (Some(48 << 20), Some(250)));
        assert_eq!(details.networks.len(), 1, "{details:?}");
        assert_eq!(details.networks[0].0, "backend");
        assert!(!details.is_privileged, "{details:?}");
    }
    // The engine of containers knows no network of ours beside it, and none is left.
    stage.end();
}

#[test]
fn what_steps_make_belongs_to_the_engines_own_user_who_is_not_root() {
    let daemon = Daemon::start();
    daemon.open_to_all();
    let base = Base::make_in("user", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    let repository = Repository::new(&stage);
    let image = base.name();
    repository.write("index.html", "<p>v1</p>\n");
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"make\"\ncache = [\"/cache\"]\n\
             run = '''\nid -u; mkdir -p out/deep; cp index.html out/; echo x >out/deep/file; echo x >/cache/file\n\
             echo x >$HOME/file; mkdir left; echo x >left/over; busybox chmod -R a-w left $HOME\n'''\n\
             [[stage]]\nname = \"mighty\"\ndocker_socket = true\n\
             run = \"test -w /var/run/docker.sock && echo can be asked\"\n\
             [service]\nport = 8000\nimage = \"{image}\"\n\
             run = [\"/bin/busybox\", \"httpd\", \"-f\", \"-p\", \"8000\", \"-h\", \"out\"]\n\
             stop = {{ grace = \"500ms\" }}\n{HEALTH}"
        ),
    );
    repository.commit_all("v1");
    stage.belong_to(USER);
    stage.start();
    stage.apply(&project(&stage, &repository, "[docker]\ndocker_socket = true\n"));
    stage.succeeds(DeploymentId(0));
    let log = printed(&stage);
    for line in [&*USER.to_string(), "can be asked"] {
        assert!(log.lines().any(|one| one == line), "{line}: {log}");
    }
    let runs = stage.state_dir().join("runs/1");
    for left in ["workspace", "home"] {
        stage.wait("what the run left is removed", |_| !runs.join(left).exists());
    }
    let mut foreign = Vec::new();
    strangers(&stage.state_dir(), &mut foreign);
    assert_eq!(foreign, Vec::<std::path::PathBuf>::new(), "not the engine's own");
    stage.end();
}

/// All files below a directory that are not the user's.
fn strangers(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        // What goes meanwhile is nobody's any more.
        let Ok(metadata) = entry.path().symlink_metadata() else { continue };
        if metadata.uid() != USER {
            found.push(entry.path());
        } else if metadata.is_dir() {
            strangers(&entry.path(), found);
        }
    }
}
