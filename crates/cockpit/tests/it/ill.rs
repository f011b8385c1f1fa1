//! What is told of an instance whose own check fails.

use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::{InstancePhase, Role};
use pilothouse_core::routing::{Reason, TargetState};
use pilothouse_core::state::State;
use pilothouse_core::time::Millis;

use crate::fixture::parts::running;
use crate::fixture::{NOW, contained, key, operator, press, text};

#[test]
fn one_whose_own_check_fails_says_so_and_who_takes_its_place() {
    let mut state = contained();
    state.environments.get_mut(&key("production")).unwrap().running = None;
    let id = InstanceId::new("shop-production-r41-0");
    let why = "its HEALTHCHECK says: no database";
    let one = state.instances.get_mut(&id).unwrap();
    (one.ill, one.role, one.phase) = (true, Role::Active, running(31_041, true));
    one.health.state = TargetState::Unhealthy;
    one.health.reason = Some(Reason::FailedHealthChecks);
    why.clone_into(&mut one.health.detail);
    let told = |state: &State| {
        let mut model = operator(state.clone(), 120, 40);
        press(&mut model, "3/r41-0<Enter><Enter>");
        text(&model)
    };
    let shown = told(&state);
    for line in ["why         its HEALTHCHECK fails", &format!("said        {why}")] {
        assert!(shown.contains(line), "{shown}");
    }
    assert!(!shown.contains("refuses or breaks"), "{shown}");
    assert!(shown.contains("a successor starts as soon as"), "{shown}");
    let spared = "gets no new requests while another is healthy";
    assert!(shown.contains("traffic     gets requests "), "{shown}");
    for one in state.instances.values_mut().filter(|one| one.id != id) {
        (one.role, one.phase) = (Role::Active, running(31_042, true));
        one.health.state = TargetState::Healthy;
    }
    assert!(told(&state).contains(spared), "{}", told(&state));
    // The next one would have to wait, and this one is there.
    let wait = NOW.after(Millis::minutes(1));
    state.environments.get_mut(&key("production")).unwrap().relieve_at = wait;
    assert!(told(&state).contains("a successor starts at"), "{}", told(&state));
    let mut next = state.instances[&id].clone();
    next.id = InstanceId::new("shop-production-r41-0.9");
    (next.generation, next.role, next.phase) = (9, Role::None, InstancePhase::Starting);
    state.instances.insert(next.id.clone(), next);
    let mut model = operator(state, 120, 40);
    press(&mut model, "3/r41-0<Enter>j<Enter>");
    let shown = text(&model);
    assert!(shown.contains("its successor shop-production-r41-0.9 is starting"), "{shown}");
    assert!(!shown.contains("a successor starts"), "{shown}");
}

#[test]
fn what_the_image_checks_is_told_as_such() {
    let mut state = contained();
    let production = state.environments.get_mut(&key("production")).unwrap();
    for release in production.releases.values_mut() {
        release.service.health.by_image = true;
    }
    let mut model = operator(state, 120, 40);
    press(&mut model, "3/r41-0<Enter><Enter>");
    let shown = text(&model);
    assert!(shown.contains("its image's HEALTHCHECK, and any answer to GET /"), "{shown}");
}
