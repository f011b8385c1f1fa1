//! Services that behave badly, images that go, disks that fill.

use std::path::Path;

use pilothouse_core::deployment::{DeploymentResult, Milestone, Phase};
use pilothouse_core::id::{DeploymentId, InstanceId, ReleaseNumber};
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;
use rustix::process::Signal;

use super::super::stage::load::Load;
use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage, processes, production, wait_until};
use super::daemon::Daemon;
use super::image::Base;
use super::restart::owner;
use super::{SERVE, commit, project};

/// The most log of an instance that is kept, and room for what is being written.
const LOG: u64 = (64 + 8) << 20;

#[test]
fn a_service_that_ignores_its_stop_forks_and_floods_ends_as_a_whole_and_harms_nobody() {
    let base = Base::make("rude");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // Nobody else on this machine sleeps exactly as long.
    let sleeper = format!("sleep {}", 1_000_000 + std::process::id());
    let script = format!(
        "trap \u{27}\u{27} TERM; (setsid {sleeper} &); \
         case $PILOTHOUSE_INSTANCE in *-0) busybox yes 0123456789 | busybox head -c 90000000 ;; esac; \
         exec busybox httpd -f -p 8000 -h /site"
    );
    repository.write(
        "Dockerfile",
        &format!("FROM {}\nCOPY dist /site\nCMD [\"/bin/sh\", \"-c\", {script:?}]\n", base.name()),
    );
    repository.commit_all("v1, rudely");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    let kept = size(&stage.state_dir().join("instances"));
    assert!((32 << 20..LOG).contains(&kept), "{kept} bytes of log are kept");
    for container in base.containers(&stage) {
        let kept = size(&base.root().join("containers").join(&container.id));
        assert!(kept < 1 << 20, "the Docker engine keeps {kept} bytes of {}", container.name);
    }
    assert_eq!(sleeping(&sleeper), 2);

    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    let deployment = stage.succeeds(before);
    stage.shows("v2");
    // Half a second of grace each, and not the five more after which others would end them.
    let [baked, over] =
        [Milestone::Baked, Milestone::Succeeded].map(|one| deployment.milestones[&one]);
    assert!(over.since(baked).0 < 5_000, "{}", over.since(baked));
    wait_until(|| "no daemon of the service is left".to_owned(), || sleeping(&sleeper) == 0);

    // The earlier release\u{27}s image is gone: the way back is told to be none, and nothing moves.
    let state = stage.state();
    let first = &state.environments[&production()].releases[&ReleaseNumber(1)];
    base.remove_image(&format!("sha256:{}", first.artifact));
    let back =
        stage.binary().args(["rollback", "shop/production", "r1", "--yes"]).output().unwrap();
    assert_eq!(back.status.code(), Some(3), "{}", String::from_utf8_lossy(&back.stderr));
    let deployment = stage.ended(state.last_deployment);
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        panic!("{:?}", deployment.phase)
    };
    assert!(why.contains("is gone: run the pipeline again"), "{why}");
    stage.shows("v2");
    let gone = "of shop/production these images are gone, and nobody can go back to them: r1";
    assert_eq!(said_by_doctor(&stage, "gone"), [format!("warn {gone}")]);
    // Who asks once more is told what came of it before.
    let again = stage.binary().args(["rollback", "shop/production"]).output().unwrap();
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.contains("could not bring r1: ") && again.contains("is gone"), "{again}");
    stage.end();
}

#[test]
fn why_no_container_comes_up_is_told_where_people_look() {
    let base = Base::make("gone");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let asked = |arguments: &[&str]| {
        let said = stage.binary().args(arguments).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    for slot in ["0", "1"] {
        asked(&["stop", &format!("shop-production-r1-{slot}"), "--yes", "--force"]);
    }
    stage.wait("both are stopped", |state| state.instances.is_empty());
    let state = stage.state();
    let image = &state.environments[&production()].releases[&ReleaseNumber(1)].artifact;
    base.remove_image(&format!("sha256:{image}"));
    asked(&["start", "production"]);
    let cause = format!("its container does not run: the image sha256:{} is gone", image.short());
    let state =
        stage.wait("its loss is told", |state| state.environments[&production()].lost.is_some());
    let lost = state.environments[&production()].lost.as_ref().unwrap();
    assert!(lost.why.starts_with(&cause), "{}", lost.why);
    let told = asked(&["instances"]);
    assert!(told.contains(&cause) && told.contains("run the pipeline again"), "{told}");
    let [gone] = &said_by_doctor(&stage, "gone")[..] else { panic!("doctor is silent") };
    // Whether a container of it is there at this moment decides how sure that is.
    let serves = " the image of shop/production r1, which serves, is gone";
    let unsure = gone.contains("(by the Docker engine that this shell finds");
    let level = if unsure { "warn" } else { "fail" };
    assert!(gone.starts_with(&format!("{level}{serves}")), "{gone}");
    stage.end();
}

/// What `doctor` says of the engine of containers that has a word.
fn said_by_doctor(stage: &Stage, word: &str) -> Vec<String> {
    let said = stage.binary().args(["doctor", "--json"]).output().unwrap();
    let checks: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let checks = checks.as_array().unwrap().iter().filter(|check| check["what"] == "docker");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let all = checks.map(|one| format!("{} {}", text(&one["level"]), text(&one["found"])));
    all.filter(|one| one.contains(word)).collect()
}

#[test]
fn an_instance_that_is_down_tells_why() {
    let base = Base::make("down");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let text = project(&stage, &repository, "").replace("instances = 2", "instances = 1");
    stage.apply(&text);
    stage.succeeds(DeploymentId(0));
    let victim = base.containers(&stage).remove(0);
    let name = victim.labels["pilothouse.instance"].clone();
    // Whoever owns the container hears of nothing before both it and its image are gone.
    let owner = owner(&stage, &name);
    processes::signal(owner, Signal::STOP);
    base.remove(&victim.id);
    let state = stage.state();
    let image = &state.environments[&production()].releases[&ReleaseNumber(1)].artifact;
    base.remove_image(&format!("sha256:{image}"));
    processes::signal(owner, Signal::CONT);
    let cause = format!("its container does not run: the image sha256:{} is gone", image.short());
    stage.wait("its row has the cause", |state| {
        state
            .instances
            .values()
            .any(|one| one.id.as_str() == name && one.health.detail.starts_with(&cause))
    });
    let told = stage.binary().arg("instances").output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut lines = told.lines().skip_while(|line| !line.starts_with(&name));
    let row = lines.next().unwrap_or_else(|| panic!("no {name}: {told}"));
    assert!(row.contains("down") && row.contains("unhealthy"), "{told}");
    assert!(lines.next().is_some_and(|note| note.contains(&cause)), "{told}");
    stage.end();
}

/// Has the check of an instance fail and pass again. No successor starts within a minute of another.
fn recovers(stage: &Stage, base: &Base) {
    let victim = base.containers(stage).remove(0);
    let id = victim.labels["pilothouse.instance"].clone();
    let before: Vec<InstanceId> = stage.state().instances.keys().cloned().collect();
    let is = |state: &State, health: TargetState, ill: bool| {
        let mut all = state.instances.values();
        all.any(|one| one.id.as_str() == id && (one.health.state, one.ill) == (health, ill))
    };
    let well = base.inside(&victim.id, "/site/well");
    std::fs::remove_file(&well).unwrap();
    stage.wait("its check fails", |state| is(state, TargetState::Unhealthy, true));
    std::fs::write(&well, "").unwrap();
    stage.wait("its check passes again", |state| is(state, TargetState::Healthy, false));
    let after: Vec<InstanceId> = stage.state().instances.keys().cloned().collect();
    assert_eq!(after, before, "nothing took its place");
}

#[test]
fn an_images_own_check_lets_a_release_in_and_has_an_instance_replaced() {
    let base = Base::make("check");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // What it prints where it fails goes where everybody looks.
    let check = "HEALTHCHECK --interval=500ms --timeout=10s --retries=1 CMD \
                 test -e /site/well || { echo \"denied to $TOKEN\"; false; }";
    let secret = stage.path("token");
    std::fs::write(&secret, "tr0ub4dor-and-3\n").unwrap();
    let secrets = format!("secrets = {{ TOKEN = {{ file = '{}' }} }}\n", secret.display());
    // What talks without a pause is listened to all the same.
    let serve =
        "while busybox sleep 0.1; do busybox date; done & exec busybox httpd -f -p 8000 -h /site";
    let image = format!(
        "FROM {}\nCOPY dist /site\nCOPY well /site/\n{check}\nCMD [\"/bin/sh\", \"-c\", \"{serve}\"]\n",
        base.name()
    );
    repository.write("Dockerfile", &image);
    repository.write("well", "");
    let pipeline = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    let by_image = pipeline.replace("path = \"/index.html\"", "by = \"image\"");
    repository.write("pilothouse.toml", &by_image);
    repository.commit_all("v1, with a check of its own");
    stage.apply(&project(&stage, &repository, &secrets));
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    let victim = base.containers(&stage).remove(0);
    let id = victim.labels["pilothouse.instance"].clone();
    std::fs::remove_file(base.inside(&victim.id, "/site/well")).unwrap();
    let before: Vec<InstanceId> = stage.state().instances.keys().cloned().collect();
    let is_new = |one: &Instance| {
        !before.contains(&one.id)
            && one.is_proved()
            && (one.role, one.health.state) == (Role::Active, TargetState::Healthy)
    };
    let visitors = Load::begin(stage.address, DOMAIN);
    stage.wait("another took its place, and it is gone", |state| {
        state.instances.values().any(is_new)
            && !state.instances.keys().any(|one| one.as_str() == id)
    });
    visitors.end_without_failure();
    assert!(base.container(&victim.id).is_none());
    let segments = std::fs::read_dir(stage.state_dir().join("journal")).unwrap();
    let segments = segments.map(|one| std::fs::read(one.unwrap().path()).unwrap());
    let told: String = segments.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    assert!(told.contains("denied to ***") && !told.contains("tr0ub4dor"), "its check said so");
    stage.shows("v1");
    recovers(&stage, &base);

    // A release that its own check never lets in does not get in.
    let before = stage.state().last_deployment;
    repository.write("Dockerfile", &image.replace("/site/well", "/site/never"));
    repository.write("index.html", "<p>v2</p>\n");
    repository.commit_all("v2, never well");
    let deployment = stage.ended(before);
    let Phase::Ended { result, .. } = &deployment.phase else { panic!("it has not ended") };
    let DeploymentResult::Failed { why, .. } = result else { panic!("{result:?}") };
    // That it was ended for that is no news; what its check said is.
    assert!(why.contains("its HEALTHCHECK says: denied to ***"), "{why}");
    stage.shows("v1");
    stage.end();
}

#[test]
fn a_full_disk_of_the_docker_engine_fails_a_build_and_stops_nobody() {
    let daemon = Daemon::start_on("64m");
    let base = Base::make_in("full", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let runs = stage.state().last_run;
    let fill = "RUN [\"/bin/sh\", \"-c\", \"busybox yes | busybox head -c 200000000 >/full\"]";
    let image = |fill: &str| format!("FROM {}\n{fill}\nCOPY dist /site\n{SERVE}", base.name());
    repository.write("Dockerfile", &image(fill));
    repository.commit_all("fills the disk");
    let state = stage
        .wait("the run has ended", |state| state.last_run > runs && state.live_runs.is_empty());
    let run = state.runs.values().next_back().unwrap();
    let RunPhase::Ended { result: RunResult::Failed { .. }, .. } = &run.phase else {
        panic!("{:?}", run.phase)
    };
    let log = stage.binary().args(["logs", &run.id.0.to_string()]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    // Which words the program has for it depends on how the engine stores its layers.
    assert!(log.contains("cannot build the image"), "{log}");
    stage.shows("v1");
    // What filled the disk went with the build, and the next one goes through.
    let before = stage.state().last_deployment;
    repository.write("index.html", "<p>v2</p>\n");
    repository.write("Dockerfile", &image(""));
    repository.commit_all("does not");
    stage.succeeds(before);
    stage.shows("v2");
    stage.end();
}

fn sleeping(line: &str) -> usize {
    processes::named(line).len()
}

/// The bytes of all files below a directory.
fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
