//! A project that is removed while somebody looks at it.

use pilothouse_cockpit::{Msg, update};
use pilothouse_core::deployment::DeploymentResult;
use pilothouse_core::event::{
    DeploymentEvent, EngineEvent, EnvironmentEvent, Event, InstanceEvent, ProjectEvent, Recorded,
    RunEvent,
};
use pilothouse_core::run::RunResult;
use pilothouse_core::state::State;

use crate::fixture::{NOW, normal, operator, press, text};

/// What the engine tells while it takes all of it down.
fn events(state: &State) -> Vec<Event> {
    let by = "kim".to_owned();
    let mut events = vec![Event::Project(ProjectEvent::RemovalBegan {
        project: "shop".into(),
        actor: by.clone(),
    })];
    events.extend(state.live_runs.iter().map(|id| {
        Event::Run(RunEvent::Ended { id: *id, result: RunResult::Cancelled { by: by.clone() } })
    }));
    events.extend(state.live_deployments.iter().map(|id| {
        let result = DeploymentResult::Cancelled { by: by.clone() };
        Event::Deployment(DeploymentEvent::Ended { id: *id, result })
    }));
    events.extend(state.instances.keys().map(|id| {
        Event::Instance(InstanceEvent::Gone { id: id.clone(), why: "stopped".to_owned() })
    }));
    events.extend(
        state
            .environments
            .keys()
            .map(|key| Event::Environment(EnvironmentEvent::Removed { key: key.clone() })),
    );
    events.push(Event::Engine(EngineEvent::Forgot {
        runs: state.runs.keys().copied().collect(),
        deployments: state.deployments.keys().copied().collect(),
        artifacts: state.artifacts.keys().cloned().collect(),
    }));
    events.push(Event::Project(ProjectEvent::Removed { project: "shop".into() }));
    events
}

#[test]
fn it_leaves_every_pane_whatever_is_selected_and_open() {
    // Each pane with a row selected; a run's view, an instance's, a log, and a plan.
    for keys in ["", "1jj", "2jj", "3j", "4j", "5", "2<Enter>", "3<Enter>", "2l", "xd", "3i"] {
        let state = normal();
        let mut model = operator(state.clone(), 120, 40);
        press(&mut model, keys);
        for event in events(&state) {
            let seq = model.replica.seq.next();
            update(&mut model, Msg::Event(Box::new(Recorded { seq, at: NOW, event })));
            text(&model);
        }
        press(&mut model, "<Esc><Esc>");
        let screen = text(&model);
        for gone in ["shop", "결제", "r41"] {
            assert!(!screen.contains(gone), "{keys}: {gone}\n{screen}");
        }
        press(&mut model, "jjk<Enter>");
        text(&model);
    }
}
