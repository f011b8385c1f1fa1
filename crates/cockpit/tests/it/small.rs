//! Small things that would mislead.

use pilothouse_api::types::{Access, CommandAccepted, LogLine, LogPage, Stream};
use pilothouse_cockpit::model::Toast;
use pilothouse_cockpit::{Model, Msg, Request, update};
use pilothouse_core::command::Reply;
use pilothouse_core::deployment::{DeploymentResult, Milestone, Phase};
use pilothouse_core::event::{DeploymentEvent, Event, Recorded};
use pilothouse_core::id::{DeploymentId, InstanceId, RunId, Seq};
use pilothouse_core::instance::Role;
use pilothouse_core::room::Room;
use pilothouse_core::routing::TargetState;
use pilothouse_core::state::{LeftOut, State};

use crate::fixture::{NOW, ago, key, lose, model, normal, operator, press, samples, text};

#[test]
fn what_gets_no_requests_has_no_rate() {
    for (role, said) in [(Role::Drained, "↓ drained"), (Role::Standby, "◐ standby")] {
        let mut state = normal();
        let id = InstanceId::new("shop-production-r40-2");
        let old = state.instances.get_mut(&id).unwrap();
        old.role = role;
        old.health.state = TargetState::Healthy;
        let screen = text(&operator(state, 120, 40));
        let row = screen.lines().find(|line| line.contains(said)).unwrap();
        assert!(row.contains('—') && !row.contains("/s"), "{row}");
    }
}

#[test]
fn without_requests_there_is_no_latency() {
    let mut model = operator(normal(), 120, 40);
    let mut none = samples(&model.replica);
    for sample in none.targets.values_mut() {
        (sample.requests_milli, sample.p99_micros) = (0, 0);
    }
    update(&mut model, Msg::Samples(Box::new(none)));
    let screen = text(&model);
    assert!(screen.contains("p99 -") && !screen.contains("0us"), "{screen}");
}

#[test]
fn a_first_deployment_speaks_of_no_old_release() {
    let mut state = normal();
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    deployment.previous = None;
    let mut model = operator(state.clone(), 100, 40);
    press(&mut model, "xc");
    assert!(text(&model).contains("nothing served before"), "{}", text(&model));
    let deployment = state.deployments.get_mut(&DeploymentId(41)).unwrap();
    let why = "never healthy".to_owned();
    deployment.phase = Phase::Ended { result: DeploymentResult::Failed { why }, at: ago(5) };
    let mut model = operator(state, 100, 40);
    press(&mut model, "<Enter>");
    let screen = text(&model);
    assert!(screen.contains("Nothing served before it"), "{screen}");
}

#[test]
fn deploying_is_offered_only_where_something_is_ready() {
    let mut state = normal();
    state.instances.clear();
    let mut model = operator(state, 120, 40);
    press(&mut model, "j");
    assert!(!text(&model).contains("x d deploys what is"), "{}", text(&model));
    press(&mut model, "j");
    assert!(text(&model).contains("x d deploys what is"), "{}", text(&model));
}

#[test]
fn what_was_said_of_a_deployment_goes_when_it_has_ended() {
    let mut model = operator(normal(), 120, 40);
    press(&mut model, "jjxdy");
    let accepted =
        CommandAccepted { reply: Reply::DeploymentQueued(DeploymentId(41)), seq: Seq(101) };
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Ok(accepted) });
    assert!(text(&model).contains("Deployment d41 is accepted"), "{}", text(&model));
    let result = DeploymentResult::Cancelled { by: "kim".to_owned() };
    let event = Event::Deployment(DeploymentEvent::Ended { id: DeploymentId(41), result });
    update(&mut model, Msg::Event(Box::new(Recorded { seq: Seq(101), at: NOW, event })));
    assert!(!text(&model).contains("is accepted"), "{}", text(&model));
}

#[test]
fn a_plan_that_does_not_fit_says_so_and_scrolls_to_its_undo() {
    let mut model = operator(normal(), 40, 12);
    press(&mut model, "jjxd");
    assert!(text(&model).contains("↓ j:"), "{}", text(&model));
    press(&mut model, "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj");
    let screen = text(&model);
    assert!(screen.contains("shell") && !screen.contains("↓ j:"), "{screen}");
    press(&mut model, "kkkk");
    assert!(text(&model).contains("undo"), "{}", text(&model));
}

#[test]
fn no_sign_of_the_narrow_header_is_without_a_letter() {
    let model = operator(normal(), 40, 12);
    let screen = text(&model);
    let journey = screen.lines().nth(1).unwrap();
    assert!(!journey.contains("● ") && !journey.ends_with('●'), "{journey}");
    assert!(journey.contains("◐2/3i ◐2/3t"), "{journey}");
}

#[test]
fn a_cost_that_does_not_fit_is_counted() {
    let mut state = normal();
    for number in 0..6 {
        let name = format!("preview-{number}");
        let one = state.environments[&key("qa")].clone();
        state.environments.insert(key(&name), one);
    }
    let screen = text(&operator(state, 80, 24));
    let row = screen.lines().rev().nth(2).unwrap();
    assert!(row.contains("/10"), "{row}");
}

#[test]
fn a_failed_run_shows_the_last_lines_of_its_step_once() {
    let mut model = operator(normal(), 100, 30);
    let failed =
        |text: &str, stream| LogLine { step: 1, at: ago(90), stream, text: text.to_owned() };
    press(&mut model, "2/unit<Enter>");
    let asked = press(&mut model, "<Enter>");
    assert_eq!(asked, [Request::ReadLastLines { run: RunId(85), step: 1 }]);
    let lines = vec![
        failed("expected 3, got 2\x1b[2J", Stream::Err),
        failed("1 failed", Stream::Out),
        failed("3 processes outlived the main process and are ended", Stream::Note),
    ];
    let page = Some(LogPage { lines, ..LogPage::default() });
    // Another step's lines do not pass for these.
    update(&mut model, Msg::LastLines { run: RunId(85), step: 0, page: page.clone() });
    assert!(!text(&model).contains("got 2"));
    update(&mut model, Msg::LastLines { run: RunId(85), step: 1, page });
    let screen = text(&model);
    assert!(screen.contains("│ expected 3, got 2") && screen.contains("│ 1 failed"), "{screen}");
    // What Pilothouse says of it has a mark that no output gets.
    assert!(screen.contains("─ 3 processes") && !screen.contains("│ 3 processes"), "{screen}");
    assert!(!screen.contains('\x1b'), "{screen}");
    assert_eq!(press(&mut model, "k"), []);
}

#[test]
fn grants_that_make_root_of_whoever_pushes_are_on_screen() {
    let mut state = normal();
    assert!(!text(&opened(state.clone())).contains("become root"));
    state.projects.get_mut("shop").unwrap().spec.grants.docker_socket = true;
    let screen = text(&opened(state));
    assert!(screen.contains("steps may have Docker's socket: whoever can push can become root"));
}

fn opened(state: State) -> Model {
    let mut model = operator(state, 100, 30);
    press(&mut model, "2/unit<Enter><Enter>");
    model
}

#[test]
fn a_question_says_how_it_stands_and_a_long_refusal_is_read_to_its_end() {
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "xc");
    assert!(text(&model).contains("the old release was never touched"), "{}", text(&model));
    assert!(!text(&model).contains("is well now"), "{}", text(&model));
    let mut unwell = normal();
    let old = unwell.instances.get_mut("shop-production-r40-2").unwrap();
    old.health.state = TargetState::Unhealthy;
    let mut unwell = operator(unwell, 80, 24);
    press(&mut unwell, "xc");
    assert!(
        text(&unwell).contains("No instance of the old release is well now"),
        "{}",
        text(&unwell)
    );
    let id = DeploymentId(41);
    let event = Event::Deployment(DeploymentEvent::Reached { id, milestone: Milestone::Shifted });
    let seq = Seq(model.replica.seq.0 + 1);
    update(&mut model, Msg::Event(Box::new(Recorded { seq, at: NOW, event })));
    let screen = text(&model);
    assert!(!screen.contains("never touched") && screen.contains("It has moved on"), "{screen}");
    press(&mut model, "<Esc>");
    model.ui.toast = Some(Toast {
        text: format!(
            "The engine refuses this: {} Deploy #14 again.",
            "it did not pass. ".repeat(9)
        ),
        is_error: true,
        at: NOW,
        about: None,
    });
    let screen = text(&model);
    assert!(screen.contains("Deploy #14 again."), "{screen}");
}

#[test]
fn what_a_person_stopped_is_missing_and_not_all_there_is() {
    let mut state = normal();
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.running, production.spec.instances) = (None, 2);
    production.stopped.insert(1);
    let mut serves = false;
    state.instances.retain(|_, one| {
        let is_one = one.environment == key("production") && one.role == Role::Active && !serves;
        serves |= is_one;
        is_one || one.environment != key("production")
    });
    for one in state.instances.values_mut() {
        one.health.state = TargetState::Healthy;
    }
    let screen = text(&operator(state, 160, 40));
    let journey = screen.lines().nth(1).unwrap();
    assert!(journey.contains("◐ 1/2 instances, 1 stopped"), "{screen}");
    assert!(screen.contains("1/2, 1 stopped"), "{screen}");
}

#[test]
fn a_disk_that_is_nearly_full_is_told_before_it_is() {
    let mut model = operator(normal(), 120, 40);
    let mut told = samples(&model.replica);
    told.room = Some(Room { free: 300 << 20, total: 1 << 40, ..Room::default() });
    update(&mut model, Msg::Samples(Box::new(told.clone())));
    assert!(!text(&model).contains("nearly full"), "{}", text(&model));
    told.room = Some(Room { free: 200 << 20, total: 1 << 40, ..Room::default() });
    update(&mut model, Msg::Samples(Box::new(told.clone())));
    let screen = text(&model);
    assert!(screen.contains("nearly full: 200M of 1024.0G free. Make room"), "{screen}");
    let (free_files, files) = (Some(17), Some(65_536));
    told.room = Some(Room { free: 300 << 20, total: 1 << 40, free_files, files });
    update(&mut model, Msg::Samples(Box::new(told)));
    let screen = text(&model);
    assert!(screen.contains("nearly full: 17 more files can be made. Remove files"), "{screen}");
    assert!(!screen.contains("accepts nothing"), "{screen}");
}

#[test]
fn a_table_that_the_load_balancer_does_not_take_has_its_cause() {
    let mut state = normal();
    state.edge.error = Some("the table cannot be saved: No space left on device".to_owned());
    (state.edge.active, state.edge.failures) = (None, 2);
    let screen = text(&operator(state, 120, 40));
    assert!(screen.contains("does not take the newest routes"), "{screen}");
    assert!(screen.contains("No space left on"), "{screen}");
}

#[test]
fn what_the_routes_leave_out_is_told() {
    let mut state = normal();
    let environment = state.environments.keys().next().unwrap().clone();
    let why = "the load balancer would refuse its domain".to_owned();
    let name = format!("{environment}: {why}.");
    state.edge.left_out = vec![LeftOut { environment, why }; 3];
    let screen = text(&operator(state, 160, 40));
    assert!(screen.contains(&name), "{screen}");
    assert!(screen.contains("And 2 more; `pilothouse status` has all."), "{screen}");
}

#[test]
fn a_watcher_who_asks_for_something_is_told_that_this_only_looks() {
    let mut watcher = model(normal(), Access::Watcher, 40, 12);
    for keys in ["x", "d", "xd", "jjxb"] {
        assert_eq!(press(&mut watcher, keys), []);
        let screen = text(&watcher).replace('\n', " ");
        assert!(
            screen.contains("read-only") && screen.contains("`pilothouse`"),
            "{keys}: {screen}"
        );
    }
    // Whoever takes the key back sees the hints again.
    press(&mut watcher, "x<Esc>");
    assert!(!text(&watcher).contains("read-only:"), "{}", text(&watcher));
}

#[test]
fn who_looks_on_is_not_told_to_start_an_engine() {
    let mut watcher = model(normal(), Access::Watcher, 120, 40);
    lose(&mut watcher);
    let screen = text(&watcher);
    assert!(screen.contains("its operator starts it with `pilothouse`"), "{screen}");
}

#[test]
fn how_a_step_ended_and_how_long_it_took_are_seen_however_narrow_the_screen() {
    let mut model = operator(normal(), 40, 12);
    press(&mut model, "2/unit<Enter><Enter>jjjj");
    let screen = text(&model);
    let failed = screen.lines().find(|line| line.contains("exit 1")).unwrap_or(&screen);
    assert!(failed.contains("unit") && failed.contains('s'), "{screen}");
    insta::assert_snapshot!("run_narrow", screen);
}
