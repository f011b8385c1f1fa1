//! What builds read of the Docker engine's cache, and what they leave there.

use std::collections::BTreeSet;

use pilothouse_core::id::{DeploymentId, RunId};
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::daemon::Daemon;
use super::image::Base;
use super::{HEALTH, SERVE, project};

/// How the stage of a Dockerfile begins that makes something for the image.
const MAKES: &str = "RUN [\"/bin/sh\", \"-c\", \"mkdir /out && echo made >/out/made\"]\n";
/// What a Dockerfile does with the file that somebody wants to be missing.
const COPIES: &str = "COPY auth.conf /site/auth.conf\n";
/// The rest of it.
const REST: &str = "COPY --from=make /out/made /site/made\nCOPY dist /site\n";

/// What a commit builds what it is deployed as from, and what its steps run in.
fn write(repository: &Repository, version: &str, artifact: &str, steps: &str) {
    repository.write("index.html", &format!("<p>{version}</p>\n"));
    repository.write("auth.conf", "deny all;\n");
    repository.write("Dockerfile", artifact);
    repository.write("Steps", steps);
    repository.write(
        "pilothouse.toml",
        &format!(
            "image = {{ dockerfile = \"Steps\" }}\nartifact = {{ dockerfile = \"Dockerfile\" }}\n\
             [[stage]]\nname = \"build\"\n\
             run = \"mkdir dist; cp index.html dist/; cat /site/auth.conf || true\"\n\
             [service]\nport = 8000\nstop = {{ grace = \"500ms\" }}\n{HEALTH}"
        ),
    );
    repository.commit_all(version);
}

/// What production's commits are built from.
fn honest(repository: &Repository, base: &Base, version: &str) {
    let from = format!("FROM {}", base.name());
    let artifact = format!("{from} AS make\n{MAKES}{from}\n{COPIES}{REST}{SERVE}");
    write(repository, version, &artifact, &format!("{from}\n{COPIES}"));
}

/// Waits until a run has succeeded, and gives its log.
fn succeeds(stage: &Stage, run: u64) -> (State, String) {
    let state = stage.wait("the run has ended", |state| {
        state.last_run >= RunId(run) && state.runs[&RunId(run)].is_ended()
    });
    let log = stage.binary().args(["logs", &run.to_string()]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let phase = &state.runs[&RunId(run)].phase;
    let is_fine = matches!(phase, RunPhase::Ended { result: RunResult::Succeeded { .. }, .. });
    assert!(is_fine, "{phase:?}: {log}");
    (state, log)
}

/// The words by which an engine knows the layer of a file that an image has.
fn words_of(daemon: &Daemon, image: &str, end: &str) -> String {
    let history = daemon.get(&format!("/images/{image}/history"));
    let all: Vec<serde_json::Value> = serde_json::from_str(&history).unwrap();
    let mut made = all.iter().filter_map(|layer| layer["CreatedBy"].as_str());
    made.find(|words| words.ends_with(end)).unwrap().replace("/bin/sh -c ", "")
}

/// The images that have neither a name nor a label: the ends of stages.
fn nameless(daemon: &Daemon) -> BTreeSet<String> {
    let all: Vec<serde_json::Value> = serde_json::from_str(&daemon.get("/images/json")).unwrap();
    let is_nameless = |one: &&serde_json::Value| {
        let names = one["RepoTags"].as_array().into_iter().flatten();
        names.filter(|name| *name != "<none>:<none>").count() == 0 && one["Labels"].is_null()
    };
    all.iter().filter(is_nameless).map(|one| one["Id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn production_reads_no_layer_that_a_preview_wrote_and_reads_its_own() {
    let daemon = Daemon::start();
    let base = Base::make_in("layers", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    let from = format!("FROM {}", base.name());
    // A branch learns what the file is called in the cache, without making its layer there.
    repository.git(&["checkout", "--quiet", "-b", "feature/evil"]);
    let learns = format!("{from} AS make\n{MAKES}{from}\nENV LEARNS=1\n{COPIES}{REST}{SERVE}");
    write(&repository, "learns", &learns, &format!("{from}\nENV LEARNS=1\n{COPIES}"));
    let more = "deploy = \"auto\"\n[environment.preview]\nbranch = \"feature/*\"\ndeploy = \"manual\"\nruntime = \"docker\"\n";
    let text = project(&stage, &repository, "").replace("deploy = \"auto\"\n", "");
    stage.apply(&format!("{text}{more}"));
    let (state, _) = succeeds(&stage, 1);
    let image = format!("sha256:{}", state.runs[&RunId(1)].artifact().unwrap());
    let words = words_of(&daemon, &image, "/site/auth.conf ");
    let forged = format!("{from}\nRUN [\"/bin/sh\", \"-c\", \"{words}\"]\n");
    let evil = format!("{from} AS make\nENV EVIL=1\n{MAKES}{forged}{REST}{SERVE}");
    write(&repository, "evil", &evil, &forged);
    let (_, log) = succeeds(&stage, 2);
    assert!(log.contains("can't open '/site/auth.conf'"), "its steps have it: {log}");
    // Production's first build reads nothing, and its next ones what it made itself.
    repository.git(&["checkout", "--quiet", "--orphan", "main"]);
    honest(&repository, &base, "v1");
    let of_preview = nameless(&daemon);
    let (_, log) = succeeds(&stage, 3);
    let (steps, _) = log.split_once("── 2").unwrap();
    assert!(log.contains("deny all") && !steps.contains("Using cache"), "{log}");
    let last = stage.succeeds(DeploymentId(0)).id;
    let is_complete = || {
        let all = base.containers(&stage);
        let has = |file: &str| all.iter().all(|one| base.inside(&one.id, file).exists());
        all.len() == 2 && has("/site/auth.conf") && has("/site/made")
    };
    assert!(is_complete());
    let own: BTreeSet<_> = nameless(&daemon).difference(&of_preview).cloned().collect();
    assert_eq!(own.len(), 1);
    // Another preview's layers are newer than those now.
    repository.git(&["checkout", "--quiet", "-b", "feature/later", "feature/evil"]);
    repository.commit_all("evil again");
    succeeds(&stage, 4);
    let before = nameless(&daemon);
    repository.git(&["checkout", "--quiet", "main"]);
    honest(&repository, &base, "v2");
    let (_, log) = succeeds(&stage, 5);
    assert!(log.contains("deny all"), "{log}");
    for cached in ["COPY auth.conf", "RUN [", "COPY --from=make"] {
        let mut steps = log.split("Step ").filter(|step| step.contains(cached));
        assert!(steps.all(|step| step.contains("Using cache")), "{cached}: {log}");
    }
    stage.succeeds(last);
    stage.shows("v2");
    assert!(is_complete());
    assert_eq!(nameless(&daemon), before, "the same stage was made again");
    // Previews take all of their images along.
    repository.git(&["branch", "--quiet", "-D", "feature/evil", "feature/later"]);
    stage.wait("the previews' images are gone", |state| {
        state.environments.len() == 1 && nameless(&daemon) == own && base.images(&stage).len() == 3
    });
    stage.end();
}
