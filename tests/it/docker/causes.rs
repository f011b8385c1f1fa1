//! What is known of a failure stands where people look, and not in the log alone.

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::run::{RunPhase, RunResult};

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::image::Base;
use super::{SERVE, commit, project};

#[test]
fn why_a_step_or_a_build_failed_stands_in_the_result_of_the_run() {
    let base = Base::make("cause");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    let pipeline = |run: &str| {
        format!(
            "image = \"{image}\"\nartifact = {{ dockerfile = \"Dockerfile\" }}\n\
             [[stage]]\nname = \"hog\"\nmemory = \"12MiB\"\nrun = '{run}'\n\
             [service]\nport = 8000\n"
        )
    };
    // Nothing answers there, and no registry is asked.
    repository.write("Dockerfile", "FROM 127.0.0.1:1/nothing:9\n");
    let runs = [
        ("x=1; while :; do x=$x$x; done", "hog failed: the kernel ended it for want of memory"),
        ("true", "image failed: cannot build the image"),
    ];
    for (number, (run, wanted)) in (1_u64..).zip(runs) {
        repository.write("pilothouse.toml", &pipeline(run));
        repository.commit_all(wanted);
        if number == 1 {
            stage.apply(&project(&stage, &repository, ""));
        }
        let state = stage.wait("the run has ended", |state| {
            state.last_run.0 == number && state.live_runs.is_empty()
        });
        let run = state.runs.values().next_back().unwrap();
        let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
            panic!("{:?}", run.phase)
        };
        assert!(why.starts_with(wanted), "{why}");
    }
    stage.end();
}

#[test]
fn a_service_that_nobody_outside_its_container_reaches_is_told_to_listen_elsewhere() {
    let base = Base::make("within");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let serve = SERVE.replace("8000", "127.0.0.1:8000");
    repository.write("Dockerfile", &format!("FROM {}\nCOPY dist /site\n{serve}", base.name()));
    let pipeline = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    repository.write("pilothouse.toml", &pipeline.replace("30s", "3s"));
    repository.commit_all("v1, to itself");
    stage.apply(&project(&stage, &repository, ""));
    let deployment = stage.ended(DeploymentId(0));
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        panic!("{:?}", deployment.phase)
    };
    assert!(why.contains("reaches port 8000: have it listen on 0.0.0.0"), "{why}");
    stage.end();
}
