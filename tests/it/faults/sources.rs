//! Repositories that are away, empty, rewritten or hostile.

use pilothouse_core::id::{BranchName, DeploymentId, ProjectName};
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::{Project, State};

use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, PROJECT, Stage, load, processes, wait_until};

fn project(state: &State) -> &Project {
    &state.projects[&ProjectName::from(PROJECT)]
}

#[test]
fn a_repository_that_is_away_then_empty_then_there() {
    let stage = Stage::with_engine();
    let place = stage.path("later");
    stage.apply(&stage.project(&place));
    let state = stage.wait("the look has failed twice", |state| project(state).poll.failures >= 2);
    let poll = &project(&state).poll;
    let why = poll.error.clone().unwrap();
    assert!(why.contains(place.to_str().unwrap()), "which repository? {why}");
    assert!(why.contains("does not appear to be a git repository"), "{why}");
    assert!(poll.due > state.started_at, "there is no wait before the next look");
    let repository = Repository::at(&stage, "later");
    stage.wait("an empty repository is no failure", |state| project(state).poll.error.is_none());
    assert!(project(&stage.state()).branches.is_empty());
    repository.commit("v1");
    stage.succeeds(DeploymentId(0));
    stage.shows("v1");
    // History that is rewritten is a push like any other.
    repository.commit("v2");
    stage.succeeds(DeploymentId(1));
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.commit("v3");
    stage.succeeds(DeploymentId(2));
    stage.shows("v3");
    let known = |state: &State| project(state).branches[&BranchName::new("main")].clone();
    assert!(known(&stage.state()).replaced.is_some(), "what was there before is in it no more");
    // A repository that goes away leaves what serves alone.
    let away = stage.path("away");
    std::fs::rename(repository.dir(), &away).unwrap();
    stage.wait("the look fails", |state| project(state).poll.error.is_some());
    stage.shows("v3");
    std::fs::rename(&away, repository.dir()).unwrap();
    stage.wait("the look succeeds", |state| project(state).poll.error.is_none());
    // One that loses its branches and gets the same ones back is as it was.
    let head = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-ref", "-d", "refs/heads/main"]);
    let state = stage.wait("the look fails", |state| project(state).poll.error.is_some());
    assert!(project(&state).poll.error.as_ref().unwrap().contains("no branch any more"));
    repository.git(&["update-ref", "refs/heads/main", &head]);
    let state = stage.wait("the look succeeds", |state| project(state).poll.error.is_none());
    assert_eq!(known(&state).head.id.as_str(), head);
    stage.shows("v3");
    stage.end();
}

#[test]
fn what_a_step_pushes_reaches_the_repository() {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    *repository.build.borrow_mut() = "git push --quiet origin HEAD:refs/heads/of-a-step".to_owned();
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    stage.succeeds(DeploymentId(0));
    let pushed = repository.git(&["rev-parse", "refs/heads/of-a-step"]);
    assert_eq!(pushed, repository.git(&["rev-parse", "HEAD"]));
    stage.end();
}

#[test]
fn a_deleted_branch_takes_its_preview_along() {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    repository.commit("v1");
    let preview = "[environment.preview]\nbranch = \"feature/*\"\ninstances = 1\n\
         domain = \"{branch}.shop.localhost\"\ndrain = \"1s\"\nbake = \"50ms\"\n";
    stage.apply(&format!("{}{preview}", stage.project(repository.dir())));
    stage.succeeds(DeploymentId(0));
    // Made beside the work tree, so that no look finds the branch before its commit.
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let commit = repository.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "preview"]);
    repository.git(&["branch", "feature/결제", &commit]);
    let state = stage.wait("the preview serves", |state| {
        state.last_deployment.0 == 2 && state.live_deployments.is_empty()
    });
    let (key, environment) =
        state.environments.iter().find(|(_, e)| e.preview_of.is_some()).unwrap();
    let domain = environment.spec.domain.clone().unwrap();
    assert!(load::ask(stage.address, &domain, "/").unwrap().1.contains("<p>v1</p>"));
    let releases = stage.state_dir().join("releases").join(PROJECT).join(key.name.as_str());
    assert!(releases.is_dir());
    assert!(!processes::of(&releases).is_empty());

    repository.git(&["branch", "--quiet", "-D", "feature/결제"]);
    stage.wait("the preview is gone", |state| !state.environments.contains_key(key));
    let left = || format!("nothing of the preview runs: {:#?}", processes::of(&releases));
    wait_until(left, || processes::of(&releases).is_empty());
    wait_until(|| format!("{} is gone", releases.display()), || !releases.exists());
    assert_ne!(load::ask(stage.address, &domain, "/").unwrap().0, 200);
    stage.shows("v1");
    stage.end();
}

#[test]
fn names_and_messages_of_strangers_are_text_and_nothing_else() {
    const NAMES: [&str; 7] = [
        "$(touch${IFS}pwned)",
        "a;touch${IFS}pwned",
        "`touch${IFS}pwned`",
        "결제",
        "it's",
        "a\"b",
        "x&&y|z",
    ];
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    // One write a line: two runs at once append to the same file, and their lines must stay whole.
    *repository.build.borrow_mut() =
        r#"printf '%s\n' "$PILOTHOUSE_BRANCH" >> ../../../../branches"#.to_owned();
    repository.commit("v1");
    let preview = "[environment.preview]\nbranch = \"*\"\ninstances = 1\n\
         domain = \"{branch}.shop.localhost\"\ndrain = \"1s\"\nbake = \"50ms\"\n";
    for name in NAMES {
        repository.git(&["branch", name]);
    }
    // What porcelain refuses to make, plumbing makes.
    repository.git(&["update-ref", "refs/heads/-rf", "HEAD"]);
    repository.git(&["update-ref", "refs/heads/--upload-pack=touch${IFS}pwned", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "escapes"]);
    repository
        .commit_all("\u{1b}]52;c;cHduZWQ=\u{7}\u{1b}[2J\u{1b}[Hfake $(touch pwned) \u{202e}x");
    repository.git(&["checkout", "--quiet", "main"]);
    stage.apply(&format!("{}{preview}", stage.project(repository.dir())));
    let count = NAMES.len() + 4;
    let state = stage.wait("every branch is deployed", |state| {
        let current = state.environments.values().filter(|e| e.current.is_some()).count();
        current == count && state.live_deployments.is_empty() && state.live_runs.is_empty()
    });
    for run in state.runs.values() {
        let RunPhase::Ended { result, .. } = &run.phase else { panic!("{run:#?}") };
        assert!(matches!(result, RunResult::Succeeded { .. }), "{run:#?}");
        assert_eq!(run.subject, pilothouse_core::text::printable(&run.subject, 200));
    }
    let branches = &project(&state).branches;
    assert_eq!(branches.len(), count);
    let escapes = &branches[&BranchName::new("escapes")].head.subject;
    assert!(!escapes.chars().any(char::is_control) && escapes.contains("fake"), "{escapes:?}");
    let built = std::fs::read_to_string(stage.path("branches")).unwrap();
    for name in NAMES {
        assert!(built.lines().any(|line| line == name), "{name} did not arrive whole: {built}");
    }
    let touched = std::process::Command::new("find")
        .arg(stage.path(""))
        .args(["-name", "pwned"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&touched.stdout), "");
    assert!(!std::path::Path::new("/pwned").exists());
    assert!(load::ask(stage.address, DOMAIN, "/").is_ok());
    stage.end();
}
