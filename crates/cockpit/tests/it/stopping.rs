//! What is asked before an instance is stopped, and what is said where it was.

use pilothouse_api::types::Access;
use pilothouse_cockpit::rows::words;
use pilothouse_cockpit::{Msg, Request, update};
use pilothouse_core::command::{Command, Rejection, RejectionKind};
use pilothouse_core::deployment::{DeploymentResult, Phase};
use pilothouse_core::event::{EdgeEvent, Event, InstanceEvent, Recorded};
use pilothouse_core::id::{InstanceId, ReleaseNumber, Seq};
use pilothouse_core::instance::Role;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::{RunPhase, RunResult};

use crate::fixture::parts::running;
use crate::fixture::{NOW, ago, contained, key, operator, press, text};

#[test]
fn stopping_says_what_is_left() {
    let mut state = contained();
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.current, production.running) = (Some(ReleaseNumber(41)), None);
    let mut model = operator(state.clone(), 80, 24);
    press(&mut model, "3xt");
    insta::assert_snapshot!("stop", text(&model));
    let id = InstanceId::new("shop-production-r41-0");
    let sent = press(&mut model, "y");
    let expected = Command::StopInstance { id: id.clone(), force: true };
    assert!(matches!(&sent[..], [Request::Submit { command, .. }] if *command == expected));
    // With two that are well beside it nothing is forced.
    let production = state.environments.get_mut(&key("production")).unwrap();
    production.spec.strategy.min_healthy_percent = 50;
    for one in state.instances.values_mut() {
        (one.phase, one.role) = (running(31_041, true), Role::Active);
        one.health.state = TargetState::Healthy;
    }
    let mut model = operator(state.clone(), 80, 24);
    let sent = press(&mut model, "3xty");
    let expected = Command::StopInstance { id, force: false };
    assert!(matches!(&sent[..], [Request::Submit { command, .. }] if *command == expected));
    // A successor that waits is called off, and nothing else.
    let mut waits = state.clone();
    let id = InstanceId::new("shop-production-r41-0.9");
    let mut next = waits.instances[&InstanceId::new("shop-production-r41-0")].clone();
    (next.id, next.generation, next.role) = (id.clone(), 9, Role::Standby);
    waits.instances.insert(id.clone(), next);
    let sent = press(&mut operator(waits.clone(), 80, 24), "3/0.9<Enter>xty");
    let expected = Command::CallOff { id: id.clone() };
    assert!(matches!(&sent[..], [Request::Submit { command, .. }] if *command == expected));
    // One that serves by the time is asked about anew, whatever the engine said meanwhile.
    let mut model = operator(waits, 80, 24);
    press(&mut model, "3/0.9<Enter>xty");
    let active = InstanceEvent::RoleChanged { id: id.clone(), role: Role::Active };
    let seq = Seq(model.replica.seq.0 + 1);
    let event = Recorded { seq, at: NOW, event: Event::Instance(active) };
    update(&mut model, Msg::Event(Box::new(event)));
    assert!(text(&model).contains("is stopped before it serves"), "{}", text(&model));
    let rejection = Rejection::new(RejectionKind::Conflict, "it serves by now");
    update(&mut model, Msg::CommandAnswered { id: 1, answer: Err(rejection) });
    let screen = text(&model);
    assert!(screen.contains("It serves by now.") && screen.contains("none takes its place"));
    assert!(!screen.contains("is stopped before it serves"), "{screen}");
    let sent = press(&mut model, "y");
    let expected = Command::StopInstance { id, force: false };
    assert!(matches!(&sent[..], [Request::Submit { command, .. }] if *command == expected));
    let mut watcher = crate::fixture::model(state.clone(), Access::Watcher, 80, 24);
    assert_eq!(press(&mut watcher, "3xt"), []);
    assert!(watcher.ui.dialog.is_none());
    // What was stopped is said, and started again.
    let environment = key("production");
    state.environments.get_mut(&environment).unwrap().stopped.insert(2);
    let mut model = operator(state, 80, 24);
    press(&mut model, "3");
    assert!(text(&model).contains(" 1 stopped ─╮"), "{}", text(&model));
    let sent = press(&mut model, "xTy");
    let expected = Command::StartInstances { environment };
    assert!(matches!(&sent[..], [Request::Submit { command, .. }] if *command == expected));
}

#[test]
fn an_environment_all_of_whose_instances_were_stopped_says_so() {
    let mut state = contained();
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.current, production.running) = (Some(ReleaseNumber(41)), None);
    production.stopped.extend(0..production.spec.instances);
    state.instances.retain(|_, one| one.environment != key("production"));
    let mut own = state.deployments.values_mut().filter(|one| one.release == ReleaseNumber(41));
    let deployment = own.find(|one| one.environment == key("production")).unwrap();
    deployment.phase = Phase::Ended { at: ago(60), result: DeploymentResult::Succeeded };
    let mut model = operator(state, 120, 40);
    press(&mut model, "g");
    let screen = text(&model);
    assert!(screen.contains("r41 stopped") && screen.contains("3 stopped"), "{screen}");
    assert!(!screen.contains("0/0 healthy") && !screen.contains("0/0 instances"), "{screen}");
    assert!(screen.contains("is current") && !screen.contains("r41 serves"), "{screen}");
}

#[test]
fn what_is_asked_of_an_instance_that_is_gone_can_only_be_closed() {
    let mut state = contained();
    let production = state.environments.get_mut(&key("production")).unwrap();
    (production.current, production.running) = (Some(ReleaseNumber(41)), None);
    for keys in ["3xt", "3xs"] {
        let mut model = operator(state.clone(), 80, 24);
        press(&mut model, keys);
        let gone = InstanceEvent::Gone {
            id: InstanceId::new("shop-production-r41-0"),
            why: "stopped".to_owned(),
        };
        let seq = Seq(model.replica.seq.0 + 1);
        let event = Recorded { seq, at: NOW, event: Event::Instance(gone) };
        update(&mut model, Msg::Event(Box::new(event)));
        let screen = text(&model);
        assert!(screen.contains("This can no longer be done; nothing of it was."), "{screen}");
        assert!(screen.contains("There is no instance shop-production-r41-0"), "{screen}");
        assert!(!screen.contains("once it is healthy") && !screen.contains("takes its place"));
        assert_eq!(press(&mut model, "y"), [], "{keys}");
        assert!(model.ui.dialog.is_none());
    }
}

#[test]
fn the_deployment_of_a_release_serves_as_long_as_that_has_requests() {
    let mut state = contained();
    let mut own = state.deployments.values().filter(|one| one.environment == key("production"));
    let mut one = own.next().unwrap().clone();
    let current = ReleaseNumber(40);
    (one.release, state.environments.get_mut(&key("production")).unwrap().current) =
        (current, Some(current));
    let word = |state: &_| words::deployment_result(state, &one, &DeploymentResult::Succeeded).1;
    assert_eq!(word(&state), "served", "r41 has them");
    for instance in state.instances.values_mut() {
        instance.release = current;
    }
    assert_eq!(word(&state), "serves");
    state.instances.clear();
    assert_eq!(word(&state), "is current");
}

#[test]
fn a_run_that_is_over_can_no_longer_be_cancelled_in_an_open_question() {
    let state = contained();
    let run = state.runs.values().find(|run| !run.is_ended()).unwrap().id;
    let mut model = operator(state, 80, 24);
    press(&mut model, "2");
    while !text(&model).contains(&format!("Cancel run {run}")) {
        press(&mut model, "<Esc>jxc");
    }
    let result = RunResult::Cancelled { by: "lee".to_owned() };
    model.replica.runs.get_mut(&run).unwrap().phase = RunPhase::Ended { result, at: NOW };
    let seq = Seq(model.replica.seq.0 + 1);
    let event = Event::Edge(EdgeEvent::Disconnected { why: "gone".to_owned() });
    update(&mut model, Msg::Event(Box::new(Recorded { seq, at: NOW, event })));
    let screen = text(&model);
    assert!(screen.contains(&format!("Run {run} is over.")), "{screen}");
    assert_eq!(press(&mut model, "y"), []);
}
