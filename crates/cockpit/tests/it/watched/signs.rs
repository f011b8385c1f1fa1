//! Each state at AWS has its own sign and word, and only what is known to be well has the good one.

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::watched::rows;
use pilothouse_cockpit::theme::Mark;
use pilothouse_cockpit::{Msg, update};
use pilothouse_core::aws::seen::{Check, Checks, Ec2State, EcsService, Target, TargetState, Task};
use pilothouse_core::aws::{Calls, Inventory, Part};
use pilothouse_core::time::Millis;

use super::{WEB, account, shown, state, watch};
use crate::fixture::{key, operator, press, text};

/// The sign, the word and what else is said of the row that begins with a name.
#[track_caller]
fn told(inventory: &Inventory, pane: Pane, name: &str) -> (Option<Mark>, String, String) {
    let model = shown(inventory, 200, 60);
    let rows = rows(&model, pane, 0, 100);
    let row = rows.iter().find(|row| row.cells[0].text.trim_start().starts_with(name));
    let row = row.unwrap_or_else(|| panic!("there is no row of {name}"));
    let last = row.cells.last().unwrap().text.clone();
    (row.cells[1].mark, row.cells[1].text.clone(), last)
}

#[test]
fn an_instance_is_well_only_if_both_checks_say_so() {
    let both = |system, instance| Some(Checks { system, instance, volumes: None });
    for (state, checks, mark, word, said) in [
        (Ec2State::Pending, None, Mark::Running, "pending", ""),
        (Ec2State::Running, both(Check::Ok, Check::Ok), Mark::Ok, "running", "2/2 checks"),
        (Ec2State::Running, both(Check::Impaired, Check::Ok), Mark::Error, "running", "1/2 checks"),
        (Ec2State::Running, both(Check::Ok, Check::Impaired), Mark::Error, "running", "1/2 checks"),
        (
            Ec2State::Running,
            both(Check::Ok, Check::Initializing),
            Mark::Running,
            "running",
            "checks begin",
        ),
        (
            Ec2State::Running,
            both(Check::Ok, Check::Unknown),
            Mark::Unknown,
            "running",
            "1/2 checks",
        ),
        (Ec2State::Running, None, Mark::Unknown, "running", ""),
        (Ec2State::ShuttingDown, None, Mark::Draining, "shutting-down", ""),
        (Ec2State::Stopping, None, Mark::Draining, "stopping", ""),
        (Ec2State::Stopped, both(Check::Ok, Check::Ok), Mark::None, "stopped", ""),
        (Ec2State::Terminated, None, Mark::None, "terminated", ""),
        (Ec2State::Unsaid, None, Mark::Unknown, "unknown", ""),
        (Ec2State::Other("hibernating".to_owned()), None, Mark::Unknown, "hibernating", ""),
    ] {
        let mut inventory = account(1, |_| false);
        inventory.instances[0].state = state.clone();
        inventory.checks.clear();
        if let Some(checks) = checks.clone().filter(|_| state == Ec2State::Running) {
            // One of its volumes is as bad as itself.
            let worse = Checks { volumes: Some(Check::Impaired), ..checks };
            inventory.checks.insert(inventory.instances[0].id.clone(), worse);
            let (sign, _, last) = told(&inventory, Pane::Containers, "web-0");
            assert_eq!(sign, Some(Mark::Error), "{last}");
            assert!(last.contains("/3 checks") || last.contains("checks begin"), "{last}");
            inventory.checks.clear();
        }
        inventory.checks.extend(checks.map(|checks| (inventory.instances[0].id.clone(), checks)));
        let (sign, text, last) = told(&inventory, Pane::Containers, "web-0");
        assert_eq!((sign, text.as_str()), (Some(mark), word), "{state:?}");
        assert!(last.starts_with(said) && last.contains("checks") != said.is_empty(), "{last}");
    }
    let mut inventory = account(1, |_| false);
    inventory.instances[0].is_spot = true;
    inventory.instances[0].platform = Some("Windows".to_owned());
    let (_, _, last) = told(&inventory, Pane::Containers, "web-0");
    assert_eq!(last, "2/2 checks · spot · Windows · i-00000000000000000");
}

#[test]
fn a_service_is_as_well_as_its_tasks_and_its_rollout() {
    let rollout = |state: &str, why: &str| Some((state.to_owned(), why.to_owned()));
    for (running, desired, rollout, mark, word) in [
        (2, 2, None, Mark::Ok, "2/2 tasks"),
        (2, 2, rollout("COMPLETED", "done"), Mark::Ok, "2/2 tasks"),
        (1, 2, rollout("IN_PROGRESS", "it goes on"), Mark::Warn, "1/2 tasks"),
        (0, 2, None, Mark::Error, "0/2 tasks"),
        (0, 0, None, Mark::None, "0/0 tasks"),
        (2, 2, rollout("FAILED", "it broke"), Mark::Error, "2/2 tasks"),
        (0, 0, rollout("FAILED", "it broke"), Mark::Error, "0/0 tasks"),
    ] {
        let mut inventory = account(1, |_| false);
        let service = &mut inventory.services[0];
        let told_of = rollout.clone().filter(|(state, _)| state != "COMPLETED");
        *service = EcsService { running, desired, rollout, pending: 0, ..service.clone() };
        let (sign, text, last) = told(&inventory, Pane::Containers, "shop/worker");
        assert_eq!((sign, text.as_str()), (Some(mark), word));
        match told_of {
            None => assert!(!last.contains("rollout"), "{last}"),
            Some((state, why)) => {
                let said = format!("rollout {} {why}", state.to_lowercase());
                assert!(last.ends_with(&said), "{last}");
            }
        }
    }
}

#[test]
fn a_service_whose_new_tasks_fail_in_a_row_is_not_well_while_others_serve() {
    let rollout = |state: &str| Some((state.to_owned(), String::new()));
    for (failed, rollout, mark) in [
        (2, rollout("IN_PROGRESS"), Mark::Ok),
        (3, rollout("IN_PROGRESS"), Mark::Warn),
        (3, rollout("COMPLETED"), Mark::Ok),
    ] {
        let mut inventory = account(1, |_| false);
        let service = &mut inventory.services[0];
        *service =
            EcsService { running: 2, desired: 2, pending: 0, failed, rollout, ..service.clone() };
        let (sign, _, last) = told(&inventory, Pane::Containers, "shop/worker");
        assert_eq!(sign, Some(mark));
        let is_said = last.contains("3 tasks of its rollout failed in a row");
        assert_eq!(is_said, mark == Mark::Warn, "{last}");
    }
}

#[test]
fn a_service_that_was_deleted_or_is_being_deleted_says_so() {
    let mut inventory = account(1, |_| false);
    let (running, desired, pending, rollout) = (0, 0, 0, None);
    for (state, mark, word) in [
        ("INACTIVE", Mark::Warn, "inactive, 0/0 tasks"),
        ("DRAINING", Mark::Draining, "draining, 0/0 tasks"),
    ] {
        let service = &mut inventory.services[0];
        let (state, rollout) = (state.to_owned(), rollout.clone());
        *service = EcsService { state, running, desired, pending, rollout, ..service.clone() };
        let is_gone = service.is_gone();
        let (sign, text, last) = told(&inventory, Pane::Containers, "shop/worker");
        assert_eq!((sign, text.as_str()), (Some(mark), word));
        assert_eq!(last.contains("it was deleted"), is_gone, "{last}");
    }
}

#[test]
fn a_task_is_as_its_state_and_its_health_say() {
    for (state, health, mark) in [
        ("PROVISIONING", "UNKNOWN", Mark::Running),
        ("PENDING", "UNKNOWN", Mark::Running),
        ("RUNNING", "UNKNOWN", Mark::Ok),
        ("RUNNING", "HEALTHY", Mark::Ok),
        ("RUNNING", "UNHEALTHY", Mark::Error),
        ("DEACTIVATING", "UNKNOWN", Mark::Draining),
        ("STOPPED", "UNKNOWN", Mark::None),
        ("DELETED", "UNKNOWN", Mark::Unknown),
    ] {
        let mut inventory = account(1, |_| false);
        let task = &mut inventory.services[0].tasks[0];
        *task = Task { state: state.to_owned(), health: health.to_owned(), ..task.clone() };
        let (sign, text, last) = told(&inventory, Pane::Containers, "0f9de17a6465");
        let fails = if health == "UNHEALTHY" { ", its health check fails" } else { "" };
        assert_eq!((sign, text), (Some(mark), format!("{}{fails}", state.to_lowercase())));
        assert_eq!(last, "", "its definition is the service's");
    }
    let mut inventory = account(1, |_| false);
    inventory.services[0].definition = "worker:13".to_owned();
    let (_, _, last) = told(&inventory, Pane::Containers, "0f9de17a6465");
    assert_eq!(last, "worker:12");
}

#[test]
fn a_service_whose_tasks_fail_their_health_check_is_not_well() {
    let mut inventory = account(1, |_| false);
    let service = &mut inventory.services[0];
    let health = "UNHEALTHY".to_owned();
    let ill = Task { health, ..service.tasks[0].clone() };
    let well = Task { id: "1".to_owned(), health: "HEALTHY".to_owned(), ..ill.clone() };
    (service.running, service.pending, service.rollout) = (2, 0, None);
    service.tasks = vec![ill.clone(), well];
    let (sign, word, _) = told(&inventory, Pane::Containers, "shop/worker");
    assert_eq!((sign, word.as_str()), (Some(Mark::Warn), "2/2 tasks, 1 unhealthy"));
    // One host and one of the two tasks are there.
    let model = shown(&inventory, 200, 60);
    assert!(text(&model).lines().nth(1).unwrap().contains("2/3 instances"), "{}", text(&model));
    inventory.services[0].tasks[1] = Task { id: "1".to_owned(), ..ill };
    let (sign, word, _) = told(&inventory, Pane::Containers, "shop/worker");
    assert_eq!((sign, word.as_str()), (Some(Mark::Error), "2/2 tasks, 2 unhealthy"));
    let mut model = shown(&inventory, 200, 60);
    press(&mut model, "3/worker<Enter>");
    press(&mut model, "<Enter>");
    let screen = text(&model);
    assert!(screen.contains("2 of 2 tasks run, 0 pending, 2 unhealthy"), "{screen}");
    assert!(screen.contains("RUNNING, its health check fails"), "{screen}");
}

#[test]
fn a_target_has_its_own_sign_and_a_group_that_of_all_of_its_targets() {
    let target =
        |state: TargetState| Target { id: "10.0.0.9".to_owned(), state, ..Target::default() };
    for (state, mark, word) in [
        (TargetState::Initial, Mark::Running, "initial"),
        (TargetState::Healthy, Mark::Ok, "healthy"),
        (TargetState::Unhealthy, Mark::Error, "unhealthy"),
        (TargetState::Unused, Mark::None, "unused"),
        (TargetState::Draining, Mark::Draining, "draining"),
        (TargetState::Unavailable, Mark::Unknown, "unavailable"),
        (TargetState::Other("odd".to_owned()), Mark::Unknown, "odd"),
    ] {
        let mut inventory = account(0, |_| false);
        inventory.targets.insert(WEB.to_owned(), vec![target(state.clone())]);
        let (sign, text, _) = told(&inventory, Pane::Targets, "10.0.0.9");
        assert_eq!((sign, text.as_str()), (Some(mark), word));
        // Of what nobody checks nobody knows whether it is ill.
        let is_unknown = matches!(state, TargetState::Unavailable | TargetState::Other(_));
        let expected = match state {
            TargetState::Healthy => (Some(Mark::Ok), "1/1 healthy"),
            _ if is_unknown => (Some(Mark::Unknown), "1 unknown"),
            _ => (Some(Mark::Error), "0/1 healthy"),
        };
        let (sign, text, _) = told(&inventory, Pane::Targets, "web");
        assert_eq!((sign, text.as_str()), expected);
        inventory
            .targets
            .insert(WEB.to_owned(), vec![target(state.clone()), target(TargetState::Healthy)]);
        let (sign, _, _) = told(&inventory, Pane::Targets, "web");
        let both = match state {
            TargetState::Healthy => Mark::Ok,
            _ if is_unknown => Mark::Unknown,
            _ => Mark::Warn,
        };
        assert_eq!(sign, Some(both));
    }
    let mut inventory = account(0, |_| false);
    assert_eq!(told(&inventory, Pane::Targets, "web").0, Some(Mark::Error), "it gets requests");
    let rules = &mut inventory.listeners.get_mut(super::ALB).unwrap()[0].rules;
    rules.retain(|rule| !rule.sends_to(WEB));
    assert_eq!(told(&inventory, Pane::Targets, "web").0, Some(Mark::None), "no targets");
    inventory.parts.remove(&Part::Health);
    let (sign, text, _) = told(&inventory, Pane::Targets, "web");
    assert_eq!((sign, text.as_str()), (Some(Mark::Unknown), "not read"));
}

#[test]
fn a_load_balancer_is_well_only_if_it_is_active() {
    for (state, mark) in [
        ("active", Mark::Ok),
        ("provisioning", Mark::Running),
        ("active_impaired", Mark::Warn),
        ("failed", Mark::Error),
        ("", Mark::Unknown),
    ] {
        let mut inventory = account(1, |_| false);
        state.clone_into(&mut inventory.balancers[0].state);
        let (sign, text, _) = told(&inventory, Pane::Targets, "shop (application)");
        assert_eq!((sign, text.as_str()), (Some(mark), state));
    }
}

#[test]
fn the_worst_targets_stand_first_in_their_group() {
    let mut inventory = account(0, |_| false);
    let target = |id: &str, state| Target { id: id.to_owned(), state, ..Target::default() };
    let all = vec![
        target("well", TargetState::Healthy),
        target("unused", TargetState::Unused),
        target("draining", TargetState::Draining),
        target("initial", TargetState::Initial),
        target("odd", TargetState::Unavailable),
        target("ill", TargetState::Unhealthy),
    ];
    inventory.targets.insert(WEB.to_owned(), all);
    let model = shown(&inventory, 200, 60);
    let rows = rows(&model, Pane::Targets, 0, 100);
    let names = rows.iter().map(|row| row.cells[0].text.trim());
    let names: Vec<&str> = names.skip_while(|name| *name != "web").skip(1).take(6).collect();
    assert_eq!(names, ["ill", "odd", "initial", "draining", "unused", "well"]);
}

#[test]
fn the_worst_group_stands_first() {
    let first = |inventory: &Inventory| {
        let rows = rows(&shown(inventory, 200, 60), Pane::Targets, 0, 1);
        rows[0].cells[0].text.clone()
    };
    let mut inventory = account(2, |_| false);
    inventory.targets.insert(super::ADMIN.to_owned(), super::targets(1, |_| false));
    assert_eq!(first(&inventory), "web");
    inventory.targets.insert(super::ADMIN.to_owned(), super::targets(1, |_| true));
    assert_eq!(first(&inventory), "admin");
    inventory.targets.insert(super::ADMIN.to_owned(), Vec::new());
    assert_eq!(first(&inventory), "admin", "it gets requests");
}

#[test]
fn a_service_opens_with_its_size_its_rollout_and_its_tasks() {
    let mut model = shown(&account(0, |_| false), 120, 40);
    press(&mut model, "3jj<Enter>");
    let screen = text(&model);
    for said in [
        "1 of 2 tasks run, 1 pending",
        "0.250 vCPU and 512 MiB each",
        "IN_PROGRESS",
        "ECS deployment in progress.",
        "STOPPED",
        "Essential container in task exited (OutOfMemoryError)",
        "worker:4f1c2aa",
    ] {
        assert!(screen.contains(said), "{said} is missing:\n{screen}");
    }
}

#[test]
fn a_group_that_nothing_sends_to_says_so() {
    let mut inventory = account(0, |_| false);
    let named = |inventory: &Inventory| {
        let mut model = shown(inventory, 120, 40);
        press(&mut model, "4<Enter>");
        text(&model)
    };
    assert!(!named(&inventory).contains("none that is watched sends to it"));
    let mut other = watch();
    other.belongings.load_balancers.clear();
    other.belongings.target_groups = vec!["web".to_owned()];
    inventory.groups[0].balancers.clear();
    let (every, calls) = (Millis::seconds(10), Calls::default());
    let watched = inventory.watched(&key("production"), &other, every, calls);
    let mut model = operator(state(), 120, 40);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    press(&mut model, "4<Enter>");
    let screen = text(&model);
    assert!(screen.contains("none that is watched sends to it"), "{screen}");
}
