//! What stands in the room that there is: columns, the line of the journey, sentences and facts.

use pilothouse_cockpit::Model;
use pilothouse_cockpit::cost::{CostLine, Elsewhere};
use pilothouse_cockpit::model::{Toast, View};
use pilothouse_core::deployment::{DeploymentKind, DeploymentResult, Phase};
use pilothouse_core::id::{DeploymentId, InstanceId, RunId};
use pilothouse_core::run::{RunPhase, RunResult};
use pilothouse_core::state::State;

use crate::fixture::parts::{branch, run};
use crate::fixture::{NOW, ago, key, normal, operator, press, text};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Production's head was rolled back, runs of main were cancelled, and one name is very long.
fn uneven() -> State {
    let mut state = normal();
    let last = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    let why = "never healthy".to_owned();
    last.phase = Phase::Ended { result: DeploymentResult::RolledBack { why }, at: ago(60) };
    last.kind = DeploymentKind::Promotion { from: "development".into() };
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.running, production.spec.instances) = (None, 2);
    state.instances.remove(&InstanceId::new("shop-production-r41-2"));
    state.live_deployments.clear();
    for id in 90..94 {
        let result = RunResult::Cancelled { by: "root".to_owned() };
        let phase = RunPhase::Ended { result, at: ago(100 - id) };
        let one = run(id, "main", "4f1c2aa9", Some("production"), phase, Vec::new());
        state.runs.insert(RunId(id), one);
    }
    state
}

fn row<'a>(screen: &'a str, begins: &str) -> &'a str {
    screen
        .lines()
        .find(|line| line.contains(begins))
        .unwrap_or_else(|| panic!("{begins}:\n{screen}"))
}

#[test]
fn what_came_of_something_is_not_cut_for_blanks() {
    for (width, height) in SIZES {
        let screen = text(&operator(uneven(), width, height));
        insta::assert_snapshot!(format!("uneven_{width}x{height}"), screen);
        assert!(row(&screen, "#90").contains("cancelled"), "{screen}");
        if width >= 120 {
            assert!(row(&screen, "#90").contains("cancelled by root"), "{screen}");
            assert!(row(&screen, "│ prod").contains("r40 · d41 rolled back"), "{screen}");
        }
    }
}

#[test]
fn one_long_name_leaves_its_room_to_all_states() {
    let mut state = uneven();
    let project = state.projects.get_mut("shop").unwrap();
    let long = "feature/a-name-that-goes-on-and-on-for-much-longer-than-others";
    project.branches.insert(long.into(), branch("0123abcd", "Work", None, 0, 60));
    for (width, height) in [(120, 40), (200, 60)] {
        let screen = text(&operator(state.clone(), width, height));
        assert!(row(&screen, "│ prod").contains("r40 · d41 rolled back"), "{screen}");
    }
}

#[test]
fn containers_of_production_are_named_where_room_is_short() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "e");
    let screen = text(&model);
    let named = row(&screen, "r41-1");
    assert!(named.contains("│ prod  ") || named.contains("│ production  "), "{screen}");
}

#[test]
fn a_price_has_its_environments_name_at_the_smallest_size() {
    let mut model = operator(normal(), 40, 12);
    for line in &mut model.costs.lines {
        let name = "Fargate + ALB us-east-1".to_owned();
        line.elsewhere = vec![Elsewhere { name, micro_usd: 53_000 }];
    }
    press(&mut model, "5");
    let screen = text(&model);
    assert!(row(&screen, "$0.000/h").contains("production "), "{screen}");
}

#[test]
fn a_long_name_leaves_the_other_environments_what_they_cost_and_run() {
    let screen = |label: &str| {
        let mut model = operator(normal(), 200, 60);
        for line in &mut model.costs.lines {
            let name = "Fargate + ALB us-east-1".to_owned();
            line.elsewhere = vec![Elsewhere { name, micro_usd: 53_000 }];
        }
        let long = CostLine { label: label.to_owned(), ..model.costs.lines[0].clone() };
        model.costs.lines.push(long);
        text(&model)
    };
    for label in ["feature/short".to_owned(), format!("feature/{}", "long-".repeat(26))] {
        let screen = screen(&label);
        let rows = screen.lines().filter(|line| line.contains("$0.000/h")).collect::<Vec<_>>();
        assert!(rows[1].contains(" local") && rows[1].contains("Fargate"), "{screen}");
    }
}

#[test]
fn the_least_that_it_would_cost_elsewhere_stands_whole_where_all_of_it_has_no_room() {
    let screen = |width, height| {
        let mut model = operator(normal(), width, height);
        for line in &mut model.costs.lines {
            line.elsewhere = [
                ("Fargate + ALB us-east-1", 45_000),
                ("EC2 + ALB us-east-1", 42_000),
                ("Fargate + ALB ap-northeast-2", 47_000),
                ("EC2 + ALB ap-northeast-2", 31_400),
            ]
            .map(|(name, micro_usd)| Elsewhere { name: name.to_owned(), micro_usd })
            .to_vec();
        }
        press(&mut model, "5z");
        text(&model)
    };
    let small = screen(80, 24);
    let told = row(&small, "production");
    assert!(told.contains("from $0.031/h EC2 + ALB ap-northeast-2"), "{small}");
    assert!(told.contains("$0.000/h"), "{small}");
    let large = screen(200, 60);
    assert!(row(&large, "production").contains("EC2 + ALB ap-northeast-2 $0.031/h"), "{large}");
}

fn said(model: &mut Model, sentence: &str) -> String {
    model.ui.toast =
        Some(Toast { text: sentence.to_owned(), is_error: true, at: NOW, about: None });
    text(model)
}

#[test]
fn a_sentence_is_read_to_its_end_or_seen_to_be_cut() {
    let mut model = operator(normal(), 40, 12);
    let words = "my-site/production has nothing ready: deployment d61 of run 29 was rolled back, as \
                 its instances were never healthy; `pilothouse deploy my-site/production --run 29` \
                 deploys it again.";
    let screen = said(&mut model, words);
    assert!(screen.contains("it again."), "{screen}");
    let screen = said(&mut model, &words.repeat(3));
    assert!(screen.trim_end().ends_with('…'), "{screen}");
}

#[test]
fn a_leg_of_the_journey_stands_whole_or_is_seen_to_be_missing() {
    let state = uneven();
    for width in 38..60 {
        let model = operator(state.clone(), width, 12);
        let screen = text(&model);
        let journey = screen.lines().nth(1).unwrap();
        assert!(!journey.ends_with(['●', '◐', '✗']), "{journey}");
        assert!(journey.ends_with('…') || journey.contains("●d"), "{journey}");
    }
}

#[test]
fn a_fact_goes_on_in_the_next_line() {
    for (width, height) in [(80, 24), (40, 30)] {
        let mut model = operator(normal(), width, height);
        let id = InstanceId::new("shop-production-r41-0");
        model.ui.views.push(View::Instance { id, top: 0 });
        let screen = text(&model);
        let words: Vec<&str> = screen.split(['│', ' ', '\n']).filter(|w| !w.is_empty()).collect();
        let all = words.join(" ");
        assert!(all.contains("in a row make it healthy, 2 unhealthy"), "{screen}");
    }
}

#[test]
fn a_runs_subject_goes_on_where_lines_are_free() {
    let mut state = normal();
    let subject =
        "Say in a subject that is much longer than it should be what was meant to be said";
    state.runs.get_mut(&RunId(87)).unwrap().subject = subject.to_owned();
    let mut model = operator(state, 80, 24);
    model.ui.views.push(View::Run { id: RunId(87), step: 0 });
    let screen = text(&model);
    let words: Vec<&str> = screen.split(['│', ' ', '\n']).filter(|w| !w.is_empty()).collect();
    assert!(words.join(" ").contains(subject), "{screen}");
}

#[test]
fn an_outcome_that_is_cut_keeps_what_it_ends_with() {
    let mut state = normal();
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    let why = "shop-production-r41-0 did not become healthy within 60s: answered 500".to_owned();
    deployment.phase = Phase::Ended { result: DeploymentResult::Failed { why }, at: ago(5) };
    let mut model = operator(state, 80, 24);
    press(&mut model, "2z");
    let screen = text(&model);
    assert!(screen.contains("failed: shop") && screen.contains("answered 500"), "{screen}");
}

#[test]
fn what_is_counted_stands_where_there_is_little_room() {
    let screen = text(&operator(normal(), 80, 24));
    assert_eq!(screen.matches("2/3 up").count(), 2, "{screen}");
}
