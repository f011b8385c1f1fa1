//! Targets that are not healthy and why, rollouts and tasks that stopped, up to the screen. Both
//! emulators have nothing of the kind, so that `fake` answers in their place.

use pilothouse_core::aws::seen::{TargetState, Task};
use pilothouse_core::aws::{Part, Watched, words};

use super::super::attach::terminal::{Setup, Terminal};
use super::super::stage::Stage;
use super::fake::{self, STATES, Target};
use super::faults::DENIED;
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, SHOP, seen, shell, stage, watch};

#[test]
fn every_state_and_reason_of_a_target_is_told_and_shown_as_it_changes() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "1"]);
    let id: &'static str = made["web"][0].as_str().unwrap().to_owned().leak();
    let proxy = Proxy::before(moto.address());
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let setup = Setup { size: (180, 56), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    terminal.sees("1/1 healthy");
    // The pane alone has room for whole sentences.
    terminal.press("4z");
    for (state, reason, said) in STATES {
        proxy.answers("DescribeTargetHealth", move |_| {
            fake::health(&[Target { id, state, reason, said }])
        });
        let told = seen(&stage, reason, |one| {
            let mut targets = one.groups.iter().flat_map(|group| &group.targets);
            targets.any(|target| target.reason.as_deref() == Some(reason))
        });
        let group = told.groups.iter().find(|group| group.name == "shop-web").unwrap();
        let [target] = group.targets.as_slice() else { panic!("{group:?}") };
        assert_eq!(words::target(&target.state), state);
        assert_eq!(target.said.as_deref(), Some(said));
        assert_ne!(target.state, TargetState::Healthy);
        let sentence = words::reason(target, group).unwrap();
        assert!(!sentence.contains(reason), "{reason} has no sentence: {sentence}");
        terminal.sees(&sentence);
        terminal.sees("0/1 healthy");
        terminal.sees_no("1/1 healthy");
    }
    // And well again: what was said of it is gone.
    proxy.answers("DescribeTargetHealth", move |_| {
        fake::health(&[Target { id, state: "healthy", reason: "", said: "" }])
    });
    terminal.sees("1/1 healthy");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    stage.end();
}

#[test]
fn two_actions_that_are_denied_are_both_named() {
    let moto = Emulator::moto();
    let proxy = Proxy::before(moto.address());
    proxy.answers("DescribeServices", move |_| fake::rollout("COMPLETED", "done", 2, 0));
    proxy.fails("DescribeTaskDefinition", DENIED);
    proxy.fails("ListTasks", DENIED);
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, "services = [\"shop/web\"]\n");
    let of = |one: &Watched| {
        let fresh = one.parts.get(&Part::Services);
        fresh.and_then(|fresh| fresh.trouble.clone())
    };
    let told = seen(&stage, "what is denied", |one| of(one).is_some());
    let both = "ecs:DescribeTaskDefinition, ecs:ListTasks (denied)";
    assert_eq!(of(&told).unwrap().shortly(), both);
    let (_, said) = shell::said(&stage, &["status"]);
    assert!(said.contains(both), "{said}");
    stage.end();
}

#[test]
fn a_rollout_that_fails_and_why_tasks_stopped_are_told_and_shown() {
    let moto = Emulator::moto();
    let proxy = Proxy::before(moto.address());
    let going = "ECS deployment ecs-svc/1 in progress.";
    proxy.answers("DescribeServices", move |_| fake::rollout("IN_PROGRESS", going, 1, 1));
    proxy.answers("DescribeTaskDefinition", fake::definition);
    proxy.answers("ListTasks", fake::tasks);
    proxy.answers("DescribeTasks", fake::described);
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, "services = [\"shop/web\"]\n");
    let rollout = |state: &'static str| {
        move |one: &pilothouse_core::aws::Watched| {
            let service = one.services.first();
            let rollout = service.and_then(|one| one.rollout.as_ref());
            rollout.is_some_and(|(now, _)| now == state)
        }
    };
    let told = seen(&stage, "a rollout", rollout("IN_PROGRESS"));
    let service = &told.services[0];
    assert_eq!((service.running, service.desired, service.pending), (1, 2, 1));
    assert_eq!(service.definition, "web:13");
    assert_eq!(service.images, ["shop/web:4f1c2aa"]);
    let [runs, stopped] = service.tasks.as_slice() else { panic!("{service:?}") };
    assert_eq!((runs.state.as_str(), runs.stopped.as_ref()), ("RUNNING", None));
    // It is paid by what it takes itself, which is not what those that follow it will.
    let lines = told.bill.lines.iter().filter(|line| line.what.starts_with("Fargate"));
    let lines = lines.map(|line| format!("{} {}", line.what, line.quantity));
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    let follows = ["Fargate ARM memory 0.5", "Fargate ARM vCPU 0.25"];
    let runs = ["Fargate memory 2", "Fargate vCPU 1"];
    assert_eq!(lines, [follows, runs].concat());
    assert_eq!(
        stopped,
        &Task {
            id: "a7ee17a6465404e8".to_owned(),
            state: "STOPPED".to_owned(),
            health: "UNKNOWN".to_owned(),
            definition: "web:13".to_owned(),
            zone: "us-east-1a".to_owned(),
            stopped: Some(
                "Essential container in task exited (OutOfMemoryError: Container killed due to \
                 memory usage)"
                    .to_owned()
            ),
            ..Task::default()
        }
    );
    let setup = Setup { size: (180, 56), ..Setup::default() };
    let places = [stage.state_dir(), stage.path("config")];
    let mut terminal = Terminal::start_in(&stage.path("home"), places, &setup);
    terminal.sees("1/2 tasks");
    terminal.press("3z");
    for shown in ["1/2 tasks, 1 pending", "rollout in_progress", "OutOfMemoryError"] {
        terminal.sees(shown);
    }
    proxy.answers("DescribeServices", move |_| fake::rollout("IN_PROGRESS", going, 2, 3));
    comes_not_up(&stage, &mut terminal);
    let failed = "ECS deployment circuit breaker: tasks failed to start.";
    proxy.answers("DescribeServices", move |_| fake::rollout("FAILED", failed, 0, 10));
    let told = seen(&stage, "a failure", rollout("FAILED"));
    assert_eq!(told.services[0].rollout.as_ref().unwrap().1, failed);
    terminal.sees("✗ 0/2 tasks");
    terminal.sees("circuit breaker: tasks failed to start");
    let done = "ECS deployment ecs-svc/1 completed.";
    proxy.answers("DescribeServices", move |_| fake::rollout("COMPLETED", done, 2, 0));
    terminal.sees("● 2/2 tasks");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    stage.end();
}

/// Those of before serve on meanwhile, and nothing but this tells that no other comes up.
fn comes_not_up(stage: &Stage, terminal: &mut Terminal) {
    terminal.sees("2/2 tasks");
    terminal.sees("3 tasks of its rollout failed in a row");
    let (_, said) = shell::said(stage, &["status"]);
    assert!(said.contains("shop/web goes on, and 3 tasks of it failed in a row"), "{said}");
}
