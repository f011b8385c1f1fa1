//! What is known of a failure stands where people look, and not in the log alone.

use pilothouse_core::run::{RunPhase, RunResult};

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::image::Base;
use super::project;

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
