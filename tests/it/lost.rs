//! A journal that lost its newest records: nobody goes on without knowing it, and what still runs of
//! them is named and left alone.

use std::path::Path;

use pilothouse_core::id::{DeploymentId, ReleaseNumber};

use super::stage::load;
use super::stage::{DOMAIN, PROJECT, Stage, processes, wait_until};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

fn files(dir: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut all: Vec<_> = entries
        .filter(|entry| entry.file_name() != "lock")
        .map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

/// A start that is refused, what it says, and that it changed nothing.
fn refused(stage: &Stage) -> String {
    let journal = stage.state_dir().join("journal");
    let before = files(&journal);
    let said = stage.refusal();
    assert!(said.contains("`pilothouse serve --accept-lost-records`"), "{said}");
    assert_eq!(files(&journal), before, "{said}");
    said
}

fn doctor(stage: &Stage) -> String {
    String::from_utf8(stage.binary().arg("doctor").output().unwrap().stdout).unwrap()
}

#[test]
fn an_engine_on_an_older_journal_does_not_start_before_somebody_accepts_it() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    stage.stop_engine();
    let journal = stage.state_dir().join("journal");
    let old = stage.path("old");
    copy(&journal, &old);
    stage.start();
    repository.commit("v2");
    let second = stage.succeeds(DeploymentId(1));
    let newest = stage.state();
    assert!(doctor(&stage).contains("ok    records"), "{}", doctor(&stage));
    stage.kill_engine();
    assert!(doctor(&stage).contains("ok    records"), "{}", doctor(&stage));
    // The newest records are cut off.
    let segments = || {
        files(&journal).into_iter().filter(|(name, _)| {
            Path::new(name).extension().is_some_and(|extension| extension == "jsonl")
        })
    };
    let (name, bytes) = segments().next_back().unwrap();
    let line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    std::fs::write(journal.join(&name), &bytes[..=line]).unwrap();
    assert!(refused(&stage).contains("were durable and are gone"));
    assert!(doctor(&stage).contains("fail  records"), "{}", doctor(&stage));
    std::fs::write(journal.join(&name), &bytes).unwrap();
    // An older copy of the whole journal stands in its place.
    std::fs::remove_dir_all(&journal).unwrap();
    copy(&old, &journal);
    assert!(refused(&stage).contains("an older copy of the journal"));
    assert!(doctor(&stage).contains("fail  records"), "{}", doctor(&stage));
    let alive = processes::supervisors(&stage.path(""));
    let mut accepting = stage.serve();
    accepting.arg("--accept-lost-records");
    stage.start_as(&mut accepting);
    stage.wait("the engine answers", |_| true);
    let strangers = doctor(&stage);
    assert!(strangers.contains("warn  process"), "{strangers}");
    assert!(stage.engine_log().contains("which the journal knows as over or not at all"));
    let after = processes::supervisors(&stage.path(""));
    assert!(alive.iter().all(|one| after.contains(one)), "{alive:#?} {after:#?}");
    let audit = stage.binary().arg("audit").output().unwrap();
    assert!(String::from_utf8_lossy(&audit.stdout).contains("go on without lost records"));
    // It serves again, by numbers that nothing had before.
    repository.commit("v3");
    let shown = || load::ask(stage.address, DOMAIN, "/").is_ok_and(|(_, body)| body.contains("v3"));
    wait_until(|| format!("v3 serves\n{}", stage.engine_log()), shown);
    let third = stage.ended(DeploymentId(0));
    assert!(third.release > second.release && third.release > ReleaseNumber(2), "{third:#?}");
    assert!(stage.state().last_run > newest.last_run);
    // What still runs keeps its files, although nobody knows their release any more.
    let released = stage.state_dir().join("releases").join(PROJECT).join("production");
    let kept = released.join(second.release.to_string());
    assert!(kept.is_dir(), "{}", kept.display());
    end_strangers(&stage);
    // Once is enough.
    stage.stop_engine();
    stage.start();
    stage.shows("v3");
    stage.end();
}

/// Ends what the journal does not know, as `doctor` says.
fn end_strangers(stage: &Stage) {
    for one in processes::supervisors(&stage.path("")) {
        if doctor(stage).contains(&format!("kill {}", one.pid)) {
            processes::signal(one.pid, rustix::process::Signal::TERM);
        }
    }
    wait_until(|| doctor(stage), || !doctor(stage).contains("warn  process"));
}

#[test]
fn a_load_balancer_that_serves_what_no_record_knows_is_nobody_elses() {
    let mut stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    let file = stage.path("config/projects/shop.toml");
    std::fs::write(file, stage.project(repository.dir())).unwrap();
    stage.kill_engine();
    let journal = stage.state_dir().join("journal");
    for (name, _) in files(&journal) {
        let is_record = Path::new(&name).extension().is_some_and(|one| one == "jsonl");
        if is_record || name.as_encoded_bytes().starts_with(b"snapshot-") {
            std::fs::remove_file(journal.join(name)).unwrap();
        }
    }
    let mut accepting = stage.serve();
    accepting.arg("--accept-lost-records");
    stage.start_as(&mut accepting);
    stage.wait("the engine answers", |_| true);
    stage.shows("v1");
    let told = doctor(&stage);
    assert!(!told.contains("another program"), "{told}");
    assert!(told.contains("warn  edge          the load balancer serves on at"), "{told}");
    assert!(told.contains(&format!("the load balancer listens on {}", stage.address)), "{told}");
    stage.apply(&stage.project(repository.dir()));
    stage.wait("what serves is known again", |state| {
        state.environments.values().any(|one| one.current.is_some() && one.running.is_none())
    });
    stage.shows("v1");
    assert!(!doctor(&stage).contains("warn  edge"), "{}", doctor(&stage));
    end_strangers(&stage);
    stage.end();
}
