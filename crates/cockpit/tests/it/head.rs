//! A branch's head and the release that serves are told apart.

use pilothouse_cockpit::Model;
use pilothouse_core::deployment::{DeploymentKind, DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, InstanceId, ReleaseNumber, RunId};
use pilothouse_core::instance::Role;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::Trigger;
use pilothouse_core::state::{Fate, Ready, State};

use crate::fixture::parts::{branch, deployment, release};
use crate::fixture::{ago, key, normal, operator, press, text};

/// Production serves r40 of bbbb222 while main's head is 4f1c2aa, of which r41 was made.
fn after(result: DeploymentResult) -> State {
    let mut state = normal();
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.running = None;
    state.live_deployments.clear();
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    deployment.phase = Phase::Ended { result, at: ago(30) };
    let new = |id: &InstanceId| id.as_str().contains("r41");
    state.instances.retain(|id, _| !new(id));
    let old = state.instances.get_mut(&InstanceId::new("shop-production-r40-2")).unwrap();
    old.role = Role::Active;
    old.health.state = TargetState::Healthy;
    state.environments.get_mut(&key("production")).unwrap().spec.instances = 1;
    state
}

fn first_rows(model: &Model) -> String {
    let screen = text(model);
    screen.lines().skip(1).take(3).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_release_that_is_not_well_stands_before_what_is_ready() {
    let mut state = after(DeploymentResult::Cancelled { by: "kim".to_owned() });
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.spec.instances = 2;
    assert!(
        production.ready.is_some() || {
            let artifact = production.releases.values().next().unwrap().artifact.clone();
            production.ready = Some(Ready { run: RunId(87), artifact });
            true
        }
    );
    let screen = text(&operator(state, 160, 40));
    assert!(screen.contains("◐ r40 1/2 healthy · r42 ready"), "{screen}");
}

#[test]
fn a_head_that_was_not_deployed_is_never_told_as_the_release_that_serves() {
    let why = || "never healthy".to_owned();
    let results = [
        (DeploymentResult::Failed { why: why() }, "d41 failed"),
        (DeploymentResult::RolledBack { why: why() }, "d41 rolled back"),
        (DeploymentResult::Cancelled { by: "kim".to_owned() }, "d41 cancelled"),
    ];
    for (result, said) in results {
        let model = operator(after(result), 160, 40);
        let rows = first_rows(&model);
        let journey = format!("r40 serves bbbb222 · head not deployed: {said}");
        assert!(rows.contains(&journey), "{rows}");
        assert!(rows.contains(&format!("◐ r40 · {said}, head not")), "{rows}");
        // Where there is hardly any room it is still not a release of the head's.
        let narrow = operator(model.replica, 80, 24);
        assert!(first_rows(&narrow).contains(&format!("◐r40 · {said} ")), "{}", text(&narrow));
    }
}

#[test]
fn a_problem_of_the_first_legs_hides_no_sign_of_those_that_follow() {
    let why = || "never healthy".to_owned();
    for result in
        [DeploymentResult::RolledBack { why: why() }, DeploymentResult::Failed { why: why() }]
    {
        let screen = text(&operator(after(result), 40, 12));
        let journey = screen.lines().nth(1).unwrap();
        assert!(journey.ends_with(" ●b ●t ◐r40 ●i ●1/1t ●dns"), "{journey}");
    }
}

#[test]
fn an_environment_in_which_nothing_ever_served_says_how_its_deployment_ended() {
    let results = [
        (DeploymentResult::Failed { why: "never healthy".to_owned() }, "✗ d41 failed"),
        (DeploymentResult::Cancelled { by: "kim".to_owned() }, "◐ d41 cancelled"),
    ];
    for (result, said) in results {
        let mut state = after(result);
        state.instances.clear();
        let production = state.environments.get_mut(&key("production")).unwrap();
        (production.current, production.ready) = (None, None);
        let screen = text(&operator(state, 160, 40));
        assert_eq!(screen.matches(&format!("{said}, nothing serves")).count(), 2, "{screen}");
        assert!(!screen.contains("no release"), "{screen}");
    }
}

#[test]
fn a_head_whose_tests_failed_says_that_first() {
    let mut state = after(DeploymentResult::Cancelled { by: "kim".to_owned() });
    let failed = state.runs[&RunId(85)].clone();
    let run = state.runs.get_mut(&RunId(87)).unwrap();
    (run.phase, run.steps) = (failed.phase, failed.steps);
    let rows = first_rows(&operator(state, 160, 40));
    assert!(rows.contains("✗ test unit: exit 1"), "{rows}");
}

#[test]
fn a_rollback_leaves_the_head_behind() {
    let mut state = after(DeploymentResult::Succeeded);
    let ended = Phase::Ended { result: DeploymentResult::Succeeded, at: ago(10) };
    let mut back = deployment(42, "production", 40, ended, 20);
    back.kind = DeploymentKind::Rollback;
    state.deployments.insert(back.id, back);
    let rows = first_rows(&operator(state, 160, 40));
    assert!(rows.contains("r40 serves bbbb222 · head not deployed: d42 by kim"), "{rows}");
}

#[test]
fn a_deployment_of_another_commit_names_it() {
    let mut state = normal();
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.releases.insert(ReleaseNumber(41), release("cccc3330", "Older", 1, Fate::Untried));
    let rows = first_rows(&operator(state, 160, 40));
    assert!(rows.contains("r41 of cccc333 starting 2/3, not the head"), "{rows}");
}

#[test]
fn what_serves_beside_what_is_ready_names_its_commit() {
    let mut model = operator(normal(), 160, 40);
    press(&mut model, "jj");
    let rows = first_rows(&model);
    assert!(rows.contains("r119 ready · r118 serves 1c0ff00"), "{rows}");
}

#[test]
fn only_the_branch_whose_run_is_ready_says_so() {
    let mut state = normal();
    // Both feed development, and #84 is a run of develop.
    let project = state.projects.values_mut().next().unwrap();
    let login = project.branches.get_mut("fix/login").unwrap();
    (login.environment, login.last_run) = (Some("development".into()), None);
    project.branches.get_mut("develop").unwrap().last_run = Some(RunId(84));
    let mut model = operator(state, 160, 40);
    let rows: Vec<String> = text(&model).lines().map(str::to_owned).collect();
    let of = |name: &str| rows.iter().find(|row| row.contains(name) && row.contains("development"));
    assert!(of("develop ").is_some_and(|row| row.contains("r119 ready")), "{rows:#?}");
    assert!(of("fix/login").is_some_and(|row| !row.contains("r119")), "{rows:#?}");
    press(&mut model, "jj");
    let one = first_rows(&model).contains("r119 ready");
    press(&mut model, "j");
    let other = first_rows(&model).contains("r119 ready");
    assert!(one != other, "one of the two says so: {one} {other}\n{}", first_rows(&model));
}

#[test]
fn what_is_ready_of_a_branch_that_is_gone_says_whose_it_is() {
    let mut state = normal();
    state.runs.get_mut(&RunId(84)).unwrap().branch = "hotfix".into();
    let project = state.projects.values_mut().next().unwrap();
    project.branches.get_mut("develop").unwrap().last_run = None;
    let rows = text(&operator(state, 160, 40));
    assert!(rows.contains("r119 of hotfix ready"), "{rows}");
}

#[test]
fn a_head_whose_run_found_the_queue_full_says_that_it_waits() {
    let mut state = normal();
    let project = state.projects.values_mut().next().unwrap();
    project.branches.get_mut("release/1.9").unwrap().owed = Some(Trigger::Poll);
    let mut model = operator(state, 200, 40);
    press(&mut model, "j");
    let screen = text(&model);
    assert!(first_rows(&model).contains("waits for a place in the queue"), "{screen}");
    assert!(screen.contains("waits for a place in the queue · r40 serves"), "{screen}");
}

#[test]
fn a_branch_that_was_passed_over_says_what_makes_its_preview() {
    let mut state = normal();
    let old = branch("0badf00d", "Try it", None, 0, 12 * 86_400);
    state.projects.get_mut("shop").unwrap().branches.insert("feature/old".into(), old);
    let mut model = operator(state.clone(), 200, 50);
    let why = "no preview: its last commit is 12d old; push to it";
    assert!(text(&model).contains(why), "{}", text(&model));
    press(&mut model, "G<Enter>");
    assert!(text(&model).contains(&format!("for         {why}")), "{}", text(&model));
    let mut narrow = operator(state, 80, 24);
    press(&mut narrow, "G");
    let screen = text(&narrow);
    assert_eq!(screen.matches("no preview").count(), 2, "the row and the journey: {screen}");
}

#[test]
fn a_deployment_that_failed_names_the_key_that_tries_again() {
    let why = "no instance became healthy".to_owned();
    let mut state = after(DeploymentResult::Failed { why });
    state.environments.get_mut(&key("production")).unwrap().ready = None;
    let mut model = operator(state, 120, 40);
    press(&mut model, "xd");
    let said = &model.ui.toast.as_ref().unwrap().text;
    assert!(said.contains("x d on run #87 in the job queue deploys it again"), "{said}");
    assert!(!said.contains("pilothouse deploy"), "{said}");
}

#[test]
fn what_was_made_before_a_change_names_the_key_that_makes_it_anew() {
    let mut state = after(DeploymentResult::Succeeded);
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.ready = None;
    production.spec.env.insert("COLOR".into(), "red".into());
    let run = state
        .runs
        .values()
        .rev()
        .find(|run| run.is_for(&key("production")) && run.feeds(&state, &key("production")));
    let (commit, artifact) =
        run.map(|run| (run.commit.clone(), run.artifact().unwrap().clone())).unwrap();
    let production = state.environments.get_mut(&key("production")).unwrap();
    let release = production.releases.get_mut(&production.current.unwrap()).unwrap();
    (release.commit, release.artifact) = (commit, artifact);
    let mut model = operator(state, 120, 40);
    press(&mut model, "xd");
    let said = &model.ui.toast.as_ref().unwrap().text;
    assert!(said.contains("before COLOR changed"), "{said}");
    assert!(said.contains("in the job queue makes a release with it at once"), "{said}");
    assert!(!said.contains("pilothouse deploy"), "{said}");
}
