//! A person who makes room with `docker image prune`: what can be gone back to stays.

use std::process::Command;

use pilothouse_core::id::{DeploymentId, ReleaseNumber};

use super::super::stage::repository::Repository;
use super::super::stage::{Stage, production};
use super::daemon::Daemon;
use super::image::Base;
use super::{HEALTH, SERVE, commit, project};

fn stage_in(daemon: &Daemon) -> Stage {
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    stage
}

fn told(stage: &Stage, arguments: &[&str]) {
    let said = stage.binary().args(arguments).output().unwrap();
    assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn a_prune_leaves_the_images_of_all_kept_releases_also_of_one_commit_built_twice() {
    let daemon = Daemon::start();
    let base = Base::make_in("prune", daemon.client());
    let stage = stage_in(&daemon);
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // Another run of the same commit makes another image.
    let text = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    let pipeline = text.replace("&& id -u", "&& echo $PILOTHOUSE_RUN >dist/run");
    repository.write("pilothouse.toml", &pipeline);
    repository.commit_all("v1, numbered");
    stage.apply(&format!("keep_runs = 1\n{}", project(&stage, &repository, "keep = 1\n")));
    let mut last = stage.succeeds(DeploymentId(0)).id;
    told(&stage, &["run", "main"]);
    last = stage.succeeds(last).id;
    assert_eq!(base.images(&stage).len(), 2);
    daemon.prune_images();
    assert_eq!(base.images(&stage).len(), 2, "an image of a kept release was pruned");
    told(&stage, &["rollback", "production", "r1", "--yes"]);
    last = stage.succeeds(last).id;
    stage.shows("v1");
    // What is kept no longer goes with its name, but for a name that somebody gave it.
    let second =
        stage.state().environments[&production()].releases[&ReleaseNumber(2)].artifact.clone();
    base.name_image(&format!("sha256:{second}"), "kept-by-kim:1");
    for version in ["v2", "v3", "v4", "v5"] {
        commit(&repository, &base, version);
        last = stage.succeeds(last).id;
    }
    let state = stage.wait("images that nobody wants are gone, but for kim's", |state| {
        base.images(&stage).len() == state.artifacts.len() + 1
    });
    assert!(!state.artifacts.contains_key(&second), "{:?}", state.artifacts.keys());
    assert_eq!(base.tags("kept-by-kim:1"), ["kept-by-kim:1"]);
    base.remove_image("kept-by-kim:1");
    // What steps run in is an image of this engine's too.
    repository.write("Steps", &format!("FROM {}\n", base.name()));
    let text = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    let named = format!("image = \"{}\"", base.name());
    let pipeline = text.replacen(&named, "image = { dockerfile = \"Steps\" }", 1);
    repository.write("pilothouse.toml", &pipeline);
    repository.commit_all("v5, in an image of its own");
    stage.succeeds(last);
    let state = stage.wait("one image of steps is there beside those of releases", |state| {
        base.images(&stage).len() == state.artifacts.len() + 1
    });
    // Those that stay when everything ends are told, and the command that removes them is right.
    let mut down = stage.binary();
    let said = down.args(["down", "--all"]).output().unwrap();
    let plan = String::from_utf8_lossy(&said.stdout).into_owned();
    let told = format!(
        "{} images of releases and 1 image of steps stay in Docker; ",
        state.artifacts.len()
    );
    let line = plan.lines().find(|line| line.starts_with(&told));
    let line = line.unwrap_or_else(|| panic!("no {told:?}: {plan}"));
    let (_, pattern) = line.split_once("' '").unwrap();
    let (pattern, _) = pattern.split_once('\'').unwrap();
    assert_eq!(base.named(pattern), state.artifacts.len() + 1, "{pattern}");
    stage.end();
}

#[test]
fn a_prune_leaves_the_image_that_a_release_named_and_that_is_called_otherwise_now() {
    let daemon = Daemon::start();
    let base = Base::make_in("renamed", daemon.client());
    let stage = stage_in(&daemon);
    let repository = Repository::new(&stage);
    let image = base.name();
    let of = |version: &str| {
        repository.write("index.html", &format!("<p>{version}</p>\n"));
        repository.write(
            "pilothouse.toml",
            &format!(
                "image = \"{image}\"\nartifact = \"index.html\"\n\
                 [[stage]]\nname = \"test\"\nrun = \"true\"\n\
                 [service]\nrun = [\"/bin/busybox\", \"httpd\", \"-f\", \"-p\", \"8000\"]\n\
                 image = \"{image}\"\nport = 8000\nstop = {{ grace = \"500ms\" }}\n{HEALTH}"
            ),
        );
        repository.commit_all(version);
    };
    of("v1");
    stage.apply(&project(&stage, &repository, ""));
    let last = stage.succeeds(DeploymentId(0)).id;
    let old = base.id(image);
    base.make_again();
    assert_ne!(base.id(image), old);
    of("v2");
    let last = stage.succeeds(last).id;
    daemon.prune_images();
    told(&stage, &["rollback", "production", "r1", "--yes"]);
    stage.succeeds(last);
    stage.shows("v1");
    assert_eq!(base.tags(&old).len(), 1, "it has the name of the release alone");
    stage.end();
}

#[test]
fn what_down_says_removes_the_ends_of_stages_too() {
    let daemon = Daemon::start();
    let base = Base::make_in("stages", daemon.client());
    let mut stage = stage_in(&daemon);
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // One stage is copied from, another stands on that one, and the image stands on neither.
    let from = format!("FROM {}", base.name());
    let run = |name: &str| format!("RUN [\"/bin/sh\", \"-c\", \"echo {name} >/{name}\"]\n");
    let (make, more) = (run("make"), run("more"));
    repository.write(
        "Dockerfile",
        &format!(
            "{from} AS make\n{make}FROM make AS more\n{more}\
             {from}\nCOPY --from=more /more /more\nCOPY dist /site\n{SERVE}"
        ),
    );
    repository.commit_all("v1, in stages");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    // What somebody else has stays, whatever it stands on.
    daemon.make_container("kims", base.name());
    daemon.commit("kims", "", "");
    base.remove("kims");
    let said = stage.binary().args(["down", "--all", "--yes"]).output().unwrap();
    stage.engine_ends();
    let plan = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{plan}");
    let told = "1 image of releases and 2 images of stages stay in Docker; ";
    let line = plan.lines().find(|line| line.starts_with(told));
    let line = line.unwrap_or_else(|| panic!("no {told:?}: {plan}"));
    let (_, command) = line.split_once("to them: ").unwrap();
    // Also where it is given a second time, it does what it can.
    for _ in 0..2 {
        let mut shell = Command::new("sh");
        let done = shell.args(["-c", command]).env("DOCKER_HOST", daemon.host()).output().unwrap();
        let why = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && why.is_empty(), "{command}: {why}");
    }
    let left = daemon.get("/images/json?all=1");
    let left: Vec<serde_json::Value> = serde_json::from_str(&left).unwrap();
    assert_eq!(left.len(), 2, "only what was built on and kim's: {left:#?}");
}

#[test]
fn what_a_person_made_of_an_image_stays_whatever_labels_it_has() {
    let daemon = Daemon::start();
    let base = Base::make_in("inherited", daemon.client());
    let stage = stage_in(&daemon);
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&format!("keep_runs = 1\n{}", project(&stage, &repository, "keep = 1\n")));
    let mut last = stage.succeeds(DeploymentId(0)).id;
    let own = base.containers(&stage).remove(0);
    let engine = own.labels["pilothouse.engine"].clone();
    daemon.commit(&own.id, "", "");
    let forged = format!("pilothouse.engine={engine} pilothouse.instance=nobody");
    daemon.commit(&own.id, "forged", &forged);
    daemon.make_container("kims", "forged");
    for version in ["v2", "v3", "v4"] {
        commit(&repository, &base, version);
        last = stage.succeeds(last).id;
    }
    stage.wait("images that nobody wants are gone, but for those that somebody made", |state| {
        base.images(&stage).len() == state.artifacts.len() + 2
    });
    let (all, nameless) = (base.images(&stage), |id: &&String| base.tags(id).is_empty());
    assert_eq!(all.iter().filter(nameless).count(), 1, "{all:?}");
    assert!(base.container("kims").is_some(), "somebody's container was removed");
    base.remove("kims");
    stage.end();
}
