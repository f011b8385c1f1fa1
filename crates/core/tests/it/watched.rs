//! Environments that are only watched at AWS: nothing is deployed to them, and nothing that serves
//! here becomes one.

use pilothouse_core::aws::{Access, AwsWatch, Belongings};
use pilothouse_core::command::{Command, DeployWhat, RejectionKind};
use pilothouse_core::decide::decide;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::Input;
use pilothouse_core::id::ReleaseNumber;
use pilothouse_core::plan::plan;
use pilothouse_core::run::Trigger;
use pilothouse_core::spec::{EnvironmentSpec, ProjectSpec, Runtime};
use pilothouse_core::time::Millis;

use crate::specs::{environment, project};
use crate::world::World;

fn watched(name: &str) -> EnvironmentSpec {
    let access = Access {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        profile: None,
        role: None,
    };
    let belongings =
        Belongings { load_balancers: vec!["shop".to_owned()], ..Belongings::default() };
    EnvironmentSpec {
        runtime: Runtime::AwsWatch(Box::new(AwsWatch { access, belongings })),
        instances: 0,
        domain: None,
        branches: Vec::new(),
        ..environment("shop", name, "main")
    }
}

fn key(name: &str) -> EnvironmentKey {
    EnvironmentKey { project: "shop".into(), name: name.into() }
}

fn with(environments: Vec<EnvironmentSpec>) -> Command {
    Command::Apply { spec: Box::new(ProjectSpec { environments, ..project("shop") }) }
}

#[test]
fn nothing_is_ever_deployed_to_what_is_watched() {
    let mut world = World::new(1);
    world.ask(with(vec![watched("live")])).unwrap();
    world.run_for(Millis::minutes(10));
    assert!(world.state.deployments.is_empty() && world.state.instances.is_empty());
    let refused = plan(&world.state, &key("live"), &DeployWhat::Ready).unwrap_err();
    assert_eq!(refused.why, "shop/live is only watched at AWS: nothing is deployed to it");
    // It goes as it came.
    world.ask(with(vec![environment("shop", "qa", "qa")])).unwrap();
    world.run_for(Millis::minutes(1));
    assert!(!world.state.environments.contains_key(&key("live")));
}

#[test]
fn what_serves_here_cannot_become_something_that_is_only_watched() {
    let mut world = World::new(1);
    world.ask(with(vec![environment("shop", "live", "main")])).unwrap();
    // Before anything of it runs, it may.
    world.ask(with(vec![watched("live")])).unwrap();
    world.ask(with(vec![environment("shop", "live", "main")])).unwrap();
    let mut serving = world.state.clone();
    let own = serving.environments.get_mut(&key("live")).unwrap();
    own.current = Some(ReleaseNumber(1));
    let command = Input::Command { actor: "kim".to_owned(), command: with(vec![watched("live")]) };
    let refused = decide(&serving, &command, world.now).reply.unwrap().unwrap_err();
    assert_eq!(refused.kind, RejectionKind::Conflict);
    assert!(refused.why.contains("shop/live serves on this machine now"), "{refused}");
}

#[test]
fn a_look_of_a_person_alone_is_one_at_what_is_watched_too() {
    let mut world = World::new(1);
    world.ask(with(vec![watched("live")])).unwrap();
    let look = |trigger| Command::Look { project: Some("shop".into()), trigger };
    let asked = |world: &World| world.state.projects["shop"].poll.asked_by_people;
    for trigger in [Trigger::Hook, Trigger::Poll, Trigger::Apply] {
        world.ask(look(trigger)).unwrap();
        assert_eq!(asked(&world), 0, "{trigger:?} is of the repository alone");
    }
    world.ask(look(Trigger::Manual)).unwrap();
    assert_eq!(asked(&world), 1);
    // What a look found does not make it another one.
    world.run_for(Millis::minutes(1));
    assert!(world.state.projects["shop"].poll.changed_at.is_some());
    assert_eq!(asked(&world), 1);
}
