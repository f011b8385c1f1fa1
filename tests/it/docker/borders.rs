//! What one project or environment must not get of another.

use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::DeploymentId;
use pilothouse_core::run::{RunPhase, RunResult};

use super::super::stage::Stage;
use super::super::stage::repository::Repository;
use super::image::Base;
use super::{commit, project};

#[test]
fn an_image_that_was_built_for_another_project_is_refused() {
    let base = Base::make("foreign");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let image = base.images(&stage).remove(0);
    let other = Repository::at(&stage, "other");
    let pipeline = |image: &str| {
        format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"make\"\nrun = \"mkdir out\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        )
    };
    other.write("pilothouse.toml", &pipeline(&image));
    other.commit_all("takes another\u{27}s image");
    let text = project(&stage, &other, "").replace("shop.localhost", "other.localhost");
    stage.apply_as("other", &text);
    let state = stage.wait("the run has ended", |state| {
        state.live_runs.is_empty() && state.runs.values().any(|run| run.project.as_str() == "other")
    });
    let run = state.runs.values().next_back().unwrap();
    let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
        panic!("{:?}", run.phase)
    };
    assert!(why.starts_with("make could not be started: the image sha256:"), "{why}");
    assert!(why.ends_with("was built for another project: build one of your own"), "{why}");

    // Nor does a Dockerfile get it, to stand on or to copy from, by whatever name; nor what would
    // be another image elsewhere.
    let (tag, another) = (base.tag(&image), "was built for another project");
    let elsewhere = "builds on linux/s390x, and only linux/";
    for (number, (text, why)) in [
        (format!("ARG BASE={tag}\nFROM ${{BASE}}\n"), another),
        (format!("FROM {}\nCOPY --from={} /site /stolen\n", base.name(), &image[7..19]), another),
        (format!("FROM --platform=linux/s390x {}\n", base.name()), elsewhere),
    ]
    .into_iter()
    .enumerate()
    {
        other.write("Dockerfile", &text);
        let make =
            format!("image = \"{}\"\n[[stage]]\nname = \"make\"\nrun = \"true\"\n", base.name());
        let build = "artifact = { dockerfile = \"Dockerfile\" }\n";
        other.write("pilothouse.toml", &format!("{build}{make}[service]\nport = 8000\n"));
        let before = stage.state().last_run;
        other.commit_all(&format!("builds on it, {number}"));
        let state = stage.wait("the run has ended", |state| {
            state.last_run > before && state.live_runs.is_empty()
        });
        let run = state.runs.values().next_back().unwrap();
        assert!(
            matches!(run.phase, RunPhase::Ended { result: RunResult::Failed { .. }, .. }),
            "{text}: {:?}",
            run.phase
        );
        let log = stage.binary().args(["logs", &run.id.0.to_string()]).output().unwrap();
        let log = String::from_utf8_lossy(&log.stdout).into_owned();
        assert!(log.contains(why), "{text}: {:?}: {log}", run.phase);
    }
    stage.end();
}

#[test]
fn production_reads_no_cache_that_a_preview_or_another_environment_wrote() {
    let base = Base::make("caches");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let image = base.name();
    let commit = |subject: &str| {
        repository.write("subject", subject);
        repository.write(
            "pilothouse.toml",
            &format!(
                "image = \"{image}\"\nartifact = \"out\"\n\
                 [[stage]]\nname = \"make\"\ncache = [\"/cache\"]\n\
                 run = \"mkdir out; cat /cache/* || true; cat subject >/cache/$PILOTHOUSE_RUN\"\n\
                 [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
            ),
        );
        repository.commit_all(subject);
    };
    let more = "deploy = \"manual\"\n[environment.qa]\nbranch = \"qa\"\ndeploy = \"manual\"\n\
                [environment.preview]\nbranch = \"feature/*\"\ndeploy = \"manual\"\n";
    let text = project(&stage, &repository, "").replace("deploy = \"auto\"\n", "");
    commit("of-main-first");
    stage.apply(&format!("{text}{more}"));
    let mut runs = 0;
    let mut ended = |what: &str| {
        runs += 1;
        stage.wait(what, |state| state.last_run.0 == runs && state.live_runs.is_empty());
        let run = runs.to_string();
        let log = stage.binary().args(["logs", &run, "--step", "make"]).output().unwrap();
        assert!(log.status.success(), "{}", String::from_utf8_lossy(&log.stderr));
        String::from_utf8_lossy(&log.stdout).into_owned()
    };
    ended("the first run has ended");
    for (branch, subject) in [("feature/x", "of-a-preview"), ("qa", "of-qa")] {
        // The branch comes with its commit: one that is at main's first would have a run of that.
        repository.git(&["checkout", "--quiet", "--detach"]);
        commit(subject);
        repository.git(&["branch", branch]);
        let log = ended("a branch\u{27}s run has ended");
        assert!(!log.contains("of-main"), "{branch} reads production\u{27}s cache: {log}");
        repository.git(&["checkout", "--quiet", "main"]);
    }
    commit("of-main-second");
    let log = ended("the last run has ended");
    assert!(log.contains("of-main-first"), "the cache is not kept: {log}");
    assert!(!log.contains("of-a-preview") && !log.contains("of-qa"), "{log}");
    stage.end();
}

/// Commits a pipeline that must not succeed, and gives its log.
fn refused(stage: &Stage, other: &Repository, what: &str) -> String {
    let before = stage.state().last_run;
    other.commit_all(what);
    let state = stage
        .wait("the run has ended", |state| state.last_run > before && state.live_runs.is_empty());
    let run = state.runs.values().next_back().unwrap();
    let log = stage.binary().args(["logs", &run.id.0.to_string()]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let RunPhase::Ended { result: RunResult::Failed { why, .. }, .. } = &run.phase else {
        panic!("{what}: {:?}: {log}", run.phase)
    };
    format!("{why}\n{log}")
}

#[test]
fn what_lies_below_another_projects_image_is_refused() {
    let base = Base::make("below");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let (image, from) = (base.images(&stage).remove(0), base.id(base.name()));
    // Its build's log tells the ids.
    let log = stage.binary().args(["logs", "1"]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let layers = log.lines().filter_map(|line| line.strip_prefix(" ---> "));
    let is_known = |id: &&str| !image[7..].starts_with(*id) && !from[7..].starts_with(*id);
    let layer = layers.filter(|id| id.len() == 12).rfind(is_known).unwrap();

    let other = Repository::at(&stage, "other");
    let text = project(&stage, &other, "").replace("shop.localhost", "other.localhost");
    let name = base.name();
    let step = |image: &str, run: &str| {
        format!("[[stage]]\nname = \"make\"\nimage = \"{image}\"\nrun = '''\n{run}\n'''\n")
    };
    let built = format!(
        "artifact = {{ dockerfile = \"Dockerfile\" }}\n{}[service]\nport = 8000\n",
        step(name, "true")
    );
    let tree = |image: &str, serves: &str| {
        let step = step(image, "mkdir out");
        let service = "[service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\n";
        format!("artifact = \"out\"\n{step}{service}image = \"{serves}\"\n")
    };
    let nameless = "has no name, so that nobody knows whose it is";
    other.write("pilothouse.toml", &tree(layer, name));
    other.commit_all("nothing yet");
    stage.apply_as("other", &text);
    stage.wait("its first run has ended", |state| {
        state.live_runs.is_empty() && state.runs.values().any(|run| run.project.as_str() == "other")
    });
    other.write("more", "");
    assert!(refused(&stage, &other, "runs in a layer").contains(nameless));
    for dockerfile in [
        format!("FROM {layer}\n"),
        format!("FROM {name}\nCOPY --from={layer} /site /stolen\n"),
        // Not built yet, and perhaps once the build comes to it.
        format!("FROM {name}\nCOPY --from={}9 /site /stolen\n", base.tag(&image)),
    ] {
        other.write("pilothouse.toml", &built);
        other.write("Dockerfile", &dockerfile);
        let told = refused(&stage, &other, &dockerfile);
        let is_seen = told.contains(nameless) || told.contains("cannot pull");
        assert!(is_seen && !told.contains("Step 1/"), "{dockerfile}: {told}");
    }
    // A file that is checked and another one that the engine would read.
    let link = "mkdir -p \".$PWD\"; echo \"FROM $BASE\" >good; busybox mv Dockerfile \".$PWD/good\"\n\
                busybox ln -sf \"$PWD/good\" Dockerfile";
    let link = link.replace("$BASE", name);
    other.write("Dockerfile", &format!("FROM {name}\nCOPY --from={image} /site /stolen\n"));
    other.write("pilothouse.toml", &built.replace("\ntrue\n", &format!("\n{link}\n")));
    let told = refused(&stage, &other, "takes a link for a Dockerfile");
    assert!(told.contains("no link may lead to it"), "{told}");

    let before = stage.state().last_deployment;
    other.write("pilothouse.toml", &tree(name, layer));
    other.commit_all("serves a layer");
    let deployment = stage.ended(before);
    let Phase::Ended { result: DeploymentResult::Failed { why }, .. } = &deployment.phase else {
        panic!("{:?}", deployment.phase)
    };
    assert!(why.contains(nameless), "{why}");
    stage.end();
}

#[test]
fn a_volume_that_a_step_could_lead_elsewhere_is_refused() {
    let base = Base::make("elsewhere");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let (image, dir) = (base.name(), stage.path("granted").display().to_string());
    std::fs::create_dir_all(stage.path("granted/inner")).unwrap();
    let wants = |volume: &str| {
        format!(
            "image = \"{image}\"\nartifact = \"out\"\n\
             [[stage]]\nname = \"make\"\nvolumes = [\"{volume}:/v\"]\nrun = \"mkdir out\"\n\
             [service]\nrun = [\"/bin/busybox\", \"true\"]\nport = 8000\nimage = \"{image}\"\n"
        )
    };
    repository.write("pilothouse.toml", &wants(&dir));
    repository.commit_all("all of it");
    let grants = format!("[docker]\nvolumes_below = [\"{dir}\"]\n");
    stage.apply(&project(&stage, &repository, &grants).replace("\"auto\"", "\"manual\""));
    let state = stage
        .wait("the run has ended", |state| state.last_run.0 == 1 && state.live_runs.is_empty());
    let phase = &state.runs.values().next_back().unwrap().phase;
    let is_fine = matches!(phase, RunPhase::Ended { result: RunResult::Succeeded { .. }, .. });
    assert!(is_fine, "{phase:?}");
    repository.write("pilothouse.toml", &wants(&format!("{dir}/inner")));
    let told = refused(&stage, &repository, "a directory in it");
    assert!(
        told.contains(&format!("steps may change {dir}, and with it where the volume")),
        "{told}"
    );
    // Instances that may be root in their containers have what it lies in.
    let above = stage.path("granted").parent().unwrap().display().to_string();
    let given = format!("docker = {{ volumes = [\"{above}:/data\"] }}\n{grants}");
    stage.apply(&project(&stage, &repository, &given).replace("\"auto\"", "\"manual\""));
    repository.write("pilothouse.toml", &wants(&dir));
    let told = refused(&stage, &repository, "all of it, beside instances");
    assert!(told.contains(&format!("instances may change {above}, and with it")), "{told}");
    stage.end();
}

#[test]
fn a_build_whose_files_cannot_be_read_fails_at_once_and_names_them() {
    let base = Base::make("unread");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    // Deeper than a path may be long, which is no fault of the engine's.
    let deep = "d=$(printf %0200d 0); p=; for i in $(busybox seq 15); do p=$p$d/; done; \
                cd dist; mkdir -p a/$p b/$p; busybox mv b a/$p";
    let text = std::fs::read_to_string(repository.dir().join("pilothouse.toml")).unwrap();
    repository.write("pilothouse.toml", &text.replace("&& id -u", &format!("&& {deep}")));
    let told = refused(&stage, &repository, "too deep");
    assert!(told.contains("cannot build the image: /") && told.contains("name too long"), "{told}");
    assert!(!told.contains("docker group") && !told.contains("waits for"), "{told}");
    stage.end();
}
