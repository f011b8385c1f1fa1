//! Rows are told apart where there is little room.

use pilothouse_core::deployment::{DeploymentKind, DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, RunId};
use pilothouse_core::instance::Role;
use pilothouse_core::routing::TargetState;
use pilothouse_core::spec::DeployMode;
use pilothouse_core::state::State;

use crate::fixture::parts::{branch, deployment, environment, instance, running, spec};
use crate::fixture::{ago, key, normal, operator, press, text};

/// Five previews of branches that begin alike, each with an instance and a deployment.
fn previews() -> State {
    let mut state = normal();
    let names = [
        "feature/checkout-1",
        "feature/checkout-2",
        "feature/결제",
        "feature/결재",
        "feature/cart",
    ];
    for (number, name) in (0u16..).zip(names) {
        let own = format!("preview-feature-a{number}b2");
        let project = state.projects.get_mut("shop").unwrap();
        project.branches.insert(name.into(), branch("0123abcd", "Work", Some(&own), 0, 60));
        let mut one = environment(spec(&own, name, 1, DeployMode::Auto));
        one.preview_of = Some(name.into());
        state.environments.insert(key(&own), one);
        let serves = running(20_000 + number, true);
        let one = instance(&own, 1, 0, serves, Role::Active, TargetState::Healthy);
        state.instances.insert(one.id.clone(), one);
        let ended = Phase::Ended { result: DeploymentResult::Succeeded, at: ago(90) };
        let one = deployment(50 + u64::from(number), &own, 1, ended, 100);
        state.deployments.insert(one.id, one);
    }
    state.environments.remove(&key("preview-b-1a2b"));
    state
}

fn pane(screen: &str, title: &str, columns: std::ops::Range<usize>) -> Vec<String> {
    let cut = |line: &str| {
        let from = pilothouse_cockpit::width::skip(line, columns.start);
        pilothouse_cockpit::width::head(from, columns.len()).to_owned()
    };
    let rows = screen.lines().map(cut).skip_while(|row| !row.contains(title)).skip(1);
    rows.take_while(|row| !row.contains('╯'))
        .filter(|row| !row.trim_matches(['│', ' ']).is_empty())
        .collect()
}

#[test]
fn names_that_begin_alike_are_told_apart() {
    for (width, height, half) in [(80, 24, 40), (120, 40, 60)] {
        let mut model = operator(previews(), width, height);
        for title in ["1 Branches", "2 Job queue"] {
            let columns = if title == "1 Branches" { 0..half } else { half..usize::from(width) };
            let rows = pane(&text(&model), title, columns);
            let mut told: Vec<&str> = rows.iter().map(|row| row.get(5..).unwrap_or(row)).collect();
            told.sort_unstable();
            let before = told.len();
            told.dedup();
            assert!(before > 4 && told.len() == before, "{title} {width}: {rows:#?}");
        }
        press(&mut model, "e3G");
        let screen = text(&model);
        for name in ["결제", "결재", "kout-1", "kout-2"] {
            let rows = pane(&screen, "3 Containers", 0..half);
            assert!(height == 24 || rows.iter().any(|row| row.contains(name)), "{name} {rows:#?}");
        }
        assert!(!screen.contains("preview-feature"), "{screen}");
        insta::assert_snapshot!(format!("previews_{width}x{height}"), screen);
    }
}

#[test]
fn a_preview_is_known_by_its_branch() {
    let mut model = operator(previews(), 120, 40);
    press(&mut model, "jjj");
    let screen = text(&model);
    assert!(screen.contains("3 Containers · feature/"), "{screen}");
}

#[test]
fn a_preview_of_a_branch_called_production_does_not_pass_for_production() {
    let mut state = previews();
    for environment in state.environments.values_mut() {
        if environment.preview_of.as_ref().is_some_and(|name| name.as_str() == "feature/cart") {
            environment.preview_of = Some("production".into());
        }
    }
    let mut model = operator(state, 200, 60);
    press(&mut model, "e");
    let screen = text(&model);
    for title in ["2 Job queue", "3 Containers", "4 Target health", "5 Hourly cost"] {
        press(&mut model, &title[..1]);
        press(&mut model, "z");
        let screen = text(&model);
        assert!(screen.contains("preview production"), "{title}: {screen}");
        press(&mut model, "z");
    }
    assert!(screen.contains("preview production"), "{screen}");
}

#[test]
fn the_release_that_serves_stays_in_sight() {
    let mut state = normal();
    state.runs.remove(&RunId(89));
    state.live_runs.clear();
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    deployment.kind = DeploymentKind::Rollback;
    let screen = text(&operator(state, 80, 24));
    assert!(screen.contains("r119 ready·r118"), "{screen}");
    assert!(screen.contains("r41 back"), "{screen}");
}

#[test]
fn several_projects_are_named_where_they_meet() {
    let mut state = previews();
    let mut other = state.projects.get("shop").unwrap().clone();
    other.spec.name = "blog".into();
    other.spec.load_balancer.listen = vec!["127.0.0.1:9090".parse().unwrap()];
    state.projects.insert("blog".into(), other);
    let mut model = operator(state, 120, 40);
    press(&mut model, "e");
    let screen = text(&model);
    assert!(screen.contains("4 Target health · all"), "{screen}");
    assert!(
        pane(&screen, "2 Job queue", 60..120).iter().all(|row| row.contains("shop")),
        "{screen}"
    );
    model.ui.width = 80;
    let screen = text(&model);
    let rows = pane(&screen, "1 Branches", 0..40);
    assert!(rows.iter().all(|row| row.contains("shop") || row.contains("blog")), "{screen}");
}

#[test]
fn the_job_queue_names_projects_whatever_is_queued() {
    for mut state in [previews(), normal()] {
        let other = state.projects.get("shop").unwrap().clone();
        state.projects.insert("blog".into(), other);
        for (width, height) in [(80, 24), (120, 40)] {
            let half = usize::from(width) / 2;
            let screen = text(&operator(state.clone(), width, height));
            let rows = pane(&screen, "2 Job queue", half..usize::from(width));
            assert!(rows.iter().all(|row| row.contains(" shop ")), "{screen}");
        }
    }
}

#[test]
fn a_long_name_is_whole_where_cells_are_free() {
    let mut state = normal();
    let other = state.projects.get("shop").unwrap().clone();
    state.projects.insert("blog".into(), other);
    let long = "a-project-with-a-very-long-name";
    state.runs.values_mut().for_each(|run| run.project = long.into());
    let screen = text(&operator(state, 200, 60));
    assert!(screen.contains(long), "{screen}");
}

#[test]
fn the_cause_is_read_where_a_long_path_precedes_it() {
    let mut state = normal();
    let poll = &mut state.projects.get_mut("shop").unwrap().poll;
    let path = format!("'/srv/{}shop.git'", "repositories/of/the/team/".repeat(4));
    poll.error =
        Some(format!("git ended with 128: fatal: {path} does not appear to be a repository"));
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = text(&operator(state.clone(), width, height));
        let words: Vec<&str> = screen.split_whitespace().collect();
        assert!(words.join(" ").contains("shop.git' does not appear to be a repo"), "{screen}");
    }
}
