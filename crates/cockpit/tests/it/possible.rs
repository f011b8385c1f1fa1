//! Keys are hinted at only where they can do something, and say why where they cannot.

use pilothouse_api::types::Access;
use pilothouse_cockpit::Model;
use pilothouse_cockpit::model::JobRef;
use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, ReleaseNumber};
use pilothouse_core::state::Fate;

use crate::fixture::{ago, key, lose, model, normal, operator, press, text};

fn footer(model: &Model) -> String {
    text(model).lines().last().unwrap_or_default().to_owned()
}

/// The footer before a key, and what the key says.
fn told(model: &mut Model, keys: &str) -> (String, String) {
    let before = footer(model);
    press(model, keys);
    let said = model.ui.toast.as_ref().map_or(String::new(), |toast| toast.text.clone());
    (before, said)
}

/// On a deployment of a release that came to an end.
fn on_ended(release: u32, result: DeploymentResult) -> Model {
    let mut state = normal();
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    deployment.release = ReleaseNumber(release);
    deployment.phase = Phase::Ended { result, at: ago(5) };
    state.environments.get_mut(&key("production")).unwrap().running = None;
    state.live_deployments.clear();
    let mut model = operator(state, 200, 60);
    press(&mut model, "2");
    while !matches!(model.subject().job, Some(JobRef::Deployment(_))) {
        press(&mut model, "j");
    }
    model
}

#[test]
fn a_deployment_that_ended_is_not_cancelled_and_has_no_branch_to_run() {
    let mut model = on_ended(41, DeploymentResult::Cancelled { by: "kim".to_owned() });
    let (footer, said) = told(&mut model, "xr");
    assert!(!footer.contains("x r run again") && said.contains("has no branch"), "{footer} {said}");
    let (footer, said) = told(&mut model, "xc");
    assert!(!footer.contains("x c cancel") && said.contains("is over"), "{footer} {said}");
}

#[test]
fn a_deployment_that_ended_is_rolled_back_only_where_it_serves() {
    for (release, way) in
        [(40, "is over; x b rolls back"), (41, "is over; there is nothing to cancel")]
    {
        let mut model = on_ended(release, DeploymentResult::Succeeded);
        let (_, said) = told(&mut model, "xc");
        assert!(said.contains(way), "{said}");
    }
}

#[test]
fn one_release_is_not_rolled_back_and_one_environment_promotes_nowhere() {
    let mut state = normal();
    state.environments.retain(|name, _| *name == key("production"));
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.running = None;
    for (number, release) in &mut production.releases {
        release.fate = if number.0 == 40 { Fate::Good } else { Fate::Untried };
    }
    state.deployments.clear();
    state.live_deployments.clear();
    let mut model = operator(state, 200, 60);
    for (keys, hint, why) in [
        ("xb", "x b roll back", "has no earlier release"),
        ("xp", "x p promote", "has no other environment to promote to"),
    ] {
        let (footer, said) = told(&mut model, keys);
        assert!(!footer.contains(hint) && said.contains(why), "{footer} {said}");
    }
    press(&mut model, "x");
    let begun = footer(&model);
    assert!(begun.contains("r run again") && !begun.contains("b roll back"), "{begun}");
}

#[test]
fn what_serves_nothing_is_promoted_nowhere() {
    let mut state = normal();
    for environment in state.environments.values_mut() {
        (environment.current, environment.running) = (None, None);
    }
    let mut model = operator(state, 200, 60);
    let (footer, said) = told(&mut model, "xp");
    let why = "serves no release that could be promoted";
    assert!(!footer.contains("x p promote") && said.contains(why), "{footer} {said}");
}

#[test]
fn nothing_is_hinted_at_that_an_engine_which_is_gone_would_do() {
    let mut model = operator(normal(), 200, 60);
    lose(&mut model);
    let before = footer(&model);
    assert!(!before.contains("x ") && before.contains("l logs"), "{before}");
    // What cannot go on is said at its first key, and the next says the same.
    press(&mut model, "x");
    assert!(text(&model).contains("There is no line to the engine now"), "{}", text(&model));
    press(&mut model, "d");
    assert!(text(&model).contains("There is no line to the engine now"), "{}", text(&model));
}

#[test]
fn what_can_be_done_is_hinted_at() {
    let mut model = operator(normal(), 200, 60);
    press(&mut model, "jj");
    let before = footer(&model);
    for hint in ["x d deploy", "x p promote", "x r run again", "Enter open", "l logs"] {
        assert!(before.contains(hint), "{hint}: {before}");
    }
    // A deployment that runs is cancelled by rolling back.
    press(&mut model, "kk");
    let before = footer(&model);
    assert!(before.contains("x b roll back") && before.contains("x c cancel"), "{before}");
    let watcher = self::model(normal(), Access::Watcher, 200, 60);
    assert!(!footer(&watcher).contains("x "), "{}", footer(&watcher));
}

#[test]
fn a_deployment_that_only_stops_the_old_release_is_not_cancelled() {
    let mut state = normal();
    state.deployments.get_mut(&DeploymentId(41)).unwrap().phase = Phase::Retiring;
    let mut model = operator(state, 200, 60);
    press(&mut model, "2");
    while model.subject().job
        != Some(pilothouse_cockpit::model::JobRef::Deployment(DeploymentId(41)))
    {
        press(&mut model, "j");
    }
    let (footer, said) = told(&mut model, "xc");
    let why = "has succeeded but for stopping the old release; x b rolls back.";
    assert!(!footer.contains("x c cancel") && said.contains(why), "{footer} {said}");
    assert!(model.ui.dialog.is_none());
}
