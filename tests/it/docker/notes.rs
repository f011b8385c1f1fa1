//! What Pilothouse says of a container, and what the container prints.

use pilothouse_api::types::{LogLine, Stream};
use pilothouse_core::id::DeploymentId;

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::image::Base;
use super::{commit, project};

/// The words of ours that a container forges.
const OURS: &str = "the image has a HEALTHCHECK, which is switched off";

#[test]
fn what_a_container_prints_is_never_taken_for_a_note_of_its_owner() {
    let base = Base::make("notes");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // Its check never passes, and does not count.
    let check = "HEALTHCHECK --interval=100ms --retries=1 CMD [\"/bin/busybox\", \"false\"]";
    let forged = format!("pilothouse: {OURS}");
    let script = format!(
        "echo '{forged}'; echo '{OURS}' >&2; echo '{OURS}' >&0; \
         exec busybox httpd -f -p 8000 -h /site"
    );
    repository.write(
        "Dockerfile",
        &format!(
            "FROM {}\nCOPY dist /site\nRUN [\"/bin/busybox\", \"echo\", \"{forged}\"]\n{check}\n\
             CMD [\"/bin/sh\", \"-c\", {script:?}]\n",
            base.name()
        ),
    );
    repository.commit_all("v1, with a check");
    stage.apply(&project(&stage, &repository, "").replace("\"auto\"", "\"manual\""));
    stage.wait("the run has ended", |state| state.last_run.0 == 1 && state.live_runs.is_empty());
    let plan = stage.binary().args(["deploy", "production", "--plan"]).output().unwrap();
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    let off = "the image's HEALTHCHECK is switched off, /index.html is asked\n";
    assert!(plan.contains(off), "{plan}");
    let asked = stage.binary().args(["deploy", "production", "--yes"]).output().unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    for of in ["1", "shop-production-r1-0"] {
        let lines = lines(&stage, of);
        let said = |stream: Stream| -> Vec<&str> {
            let fits = |line: &&LogLine| line.stream == stream && line.text.contains(OURS);
            lines.iter().filter(fits).map(|line| line.text.as_str()).collect()
        };
        let [note] = said(Stream::Note)[..] else { panic!("{of}: {lines:#?}") };
        assert!(note.starts_with(OURS) && note.ends_with("health = { by = \"image\" }"), "{note}");
        // What was printed stands there as it was printed, as output.
        assert!(!said(Stream::Out).is_empty(), "{of}: {lines:#?}");
    }
    stage.end();
}

fn lines(stage: &Stage, of: &str) -> Vec<LogLine> {
    let asked = stage.binary().args(["logs", of, "--json"]).output().unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let text = String::from_utf8(asked.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
