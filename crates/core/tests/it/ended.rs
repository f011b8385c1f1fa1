//! What ran of an instance is over: whoever has its address now is somebody else.

use pilothouse_core::effect::{EffectId, Fault, Input, Observation, Outcome};
use pilothouse_core::id::{InstanceId, ReleaseNumber};
use pilothouse_core::instance::{Instance, InstancePhase, TargetHealth};
use pilothouse_core::routing::{Action, Role, Table, TargetState};
use pilothouse_core::table;
use pilothouse_core::time::Timestamp;
use pilothouse_core::wanted::wanted;

use crate::scenario::Play;

const OWN: &str = "shop-production-r1-0";

fn served() -> Play {
    let mut play = Play::new();
    for line in ["env production main", "apply", "push main a", "run"] {
        play.line(line);
    }
    play
}

fn tell(play: &mut Play, observation: Observation) {
    play.world.turn(&Input::Observation(observation));
}

fn end(play: &mut Play, id: &InstanceId) {
    tell(
        play,
        Observation::InstanceEnded { id: id.clone(), why: "it ended".to_owned(), by_itself: false },
    );
}

fn targets(table: &Table) -> Vec<&str> {
    table.target_groups.iter().flat_map(|group| &group.targets).map(|one| &*one.id).collect()
}

#[test]
fn its_address_is_nobodys_until_it_runs_again() {
    let mut play = served();
    let id = InstanceId::new(OWN);
    end(&mut play, &id);
    let one = &play.world.state.instances[&id];
    assert_eq!((one.address(), one.own_health()), (None, TargetState::Unhealthy));
    assert_eq!(targets(&table::wanted(&play.world.state)), ["shop-production-r1-1"]);
    // What a check finds there is not its own health.
    let (detail, reason) = (String::new(), None);
    let state = TargetState::Healthy;
    let health = TargetHealth { state, reason, detail, doubted: false, since: play.world.now };
    tell(&mut play, Observation::TargetChanged { id: id.clone(), health });
    assert_eq!(play.world.state.instances[&id].health.detail, "it ended");

    let address = "127.0.0.1:29999".parse().unwrap();
    let (proof, address) = ("again".to_owned(), Some(address));
    tell(
        &mut play,
        Observation::InstanceRestarted {
            id: id.clone(),
            restarts: 1,
            proof,
            address,
            is_own: false,
        },
    );
    let one = &play.world.state.instances[&id];
    assert_eq!((one.address(), one.is_proved()), (address, false));
    assert_eq!(targets(&table::wanted(&play.world.state)).len(), 2);
}

#[test]
fn requests_go_nowhere_while_none_runs() {
    let mut play = served();
    for slot in 0..2 {
        end(&mut play, &InstanceId::new(format!("shop-production-r1-{slot}")));
    }
    let table = table::wanted(&play.world.state);
    assert_eq!((targets(&table).len(), table.check()), (0, Vec::new()));
    let rules = table.listeners.iter().flat_map(|listener| &listener.rules);
    let actions: Vec<_> = rules.map(|rule| rule.action.clone()).collect();
    assert_eq!(actions, [Action::forward("shop/production")]);
}

#[test]
fn one_whose_successor_serves_is_missed_by_nobody() {
    let mut play = served();
    let id = InstanceId::new(OWN);
    play.line("restart shop-production-r1-0");
    // It starts again by itself while its successor comes up, and is not proved before that one is.
    play.line("sicken shop-production-r1-0");
    let proof = "again".to_owned();
    tell(
        &mut play,
        Observation::InstanceRestarted {
            id: id.clone(),
            restarts: 1,
            proof,
            address: None,
            is_own: false,
        },
    );
    assert!(!play.world.state.instances[&id].is_proved());
    play.line("run 30");
    assert!(!play.world.state.instances.contains_key(&id));
    let environment = play.world.state.environments.values().next().unwrap();
    assert_eq!(environment.lost, None);
}

#[test]
fn what_came_back_unnoticed_serves_on_where_its_socket_is_its_own() {
    let restarted = |is_own: bool| {
        let mut play = served();
        let (id, proof) = (InstanceId::new(OWN), "again".to_owned());
        let (restarts, address) = (1, None);
        tell(
            &mut play,
            Observation::InstanceRestarted { id: id.clone(), restarts, proof, address, is_own },
        );
        let table = table::wanted(&play.world.state);
        let role = table.target_groups.iter().flat_map(|group| &group.targets).find_map(|one| {
            let is_same = *one.id == *id.as_str();
            is_same.then_some((one.role, one.proof.clone()))
        });
        (play.world.state.instances[&id].is_proved(), role.unwrap())
    };
    assert_eq!(restarted(true), (true, (Role::Active, "again".to_owned())));
    assert_eq!(restarted(false), (false, (Role::Standby, "again".to_owned())));
    // Whose end was noticed has to prove itself.
    let mut play = served();
    let id = InstanceId::new(OWN);
    end(&mut play, &id);
    let (restarts, proof, address, is_own) = (1, "again".to_owned(), None, true);
    tell(
        &mut play,
        Observation::InstanceRestarted { id: id.clone(), restarts, proof, address, is_own },
    );
    assert!(!play.world.state.instances[&id].is_proved());
}

#[test]
fn a_container_that_ended_by_itself_is_judged_at_once_and_one_that_was_taken_along_later() {
    let judged = |by_itself: bool| {
        let mut play = Play::new();
        for line in ["env production main docker", "apply", "push main a", "until d1 Baking"] {
            play.line(line);
        }
        let (id, why) = (InstanceId::new(OWN), "it ended with status 7".to_owned());
        tell(&mut play, Observation::InstanceEnded { id, why, by_itself });
        let deployment = play.world.state.deployments.values().next().unwrap();
        format!("{:?}", deployment.phase)
    };
    let phase = judged(true);
    assert!(
        phase.contains("shop-production-r1-0 serves no more: it ended with status 7"),
        "{phase}"
    );
    let phase = judged(false);
    assert!(phase.starts_with("Baking"), "{phase}");
}

#[test]
fn what_was_ill_before_it_was_proved_does_not_get_in_when_it_is_well_again() {
    let mut play = served();
    play.line("restart shop-production-r1-0");
    play.line("run 1");
    let id = InstanceId::new("shop-production-r1-0.1");
    assert!(!play.world.state.instances[&id].is_proved());
    tell(&mut play, Observation::InstanceIll { id: id.clone(), why: "no database".to_owned() });
    play.line("run 1");
    assert!(!play.world.state.instances.contains_key(&id));
    let environment = play.world.state.environments.values().next().unwrap();
    let lost = environment.lost.as_ref().map(|lost| (&*lost.why, lost.follows));
    assert_eq!(lost, Some(("no database", true)));
    // Another one follows.
    play.line("run 60");
    let ids: Vec<&str> = play.world.state.instances.keys().map(InstanceId::as_str).collect();
    assert_eq!(ids, ["shop-production-r1-0.2", "shop-production-r1-1"]);
}

fn health(state: TargetState) -> TargetHealth {
    let (detail, reason) = ("answered 500".to_owned(), None);
    TargetHealth { state, reason, detail, doubted: false, since: Timestamp(0) }
}

fn sicken(play: &mut Play) -> InstanceId {
    let id = InstanceId::new(OWN);
    tell(play, Observation::InstanceIll { id: id.clone(), why: "no database".to_owned() });
    id
}

fn ids(play: &Play) -> Vec<&str> {
    play.world.state.instances.keys().map(InstanceId::as_str).collect()
}

#[test]
fn what_is_ill_is_told_to_the_edge_which_asks_others_first() {
    let mut play = served();
    let ill = |play: &Play| -> Vec<String> {
        let table = table::wanted(&play.world.state);
        let targets = table.target_groups.into_iter().flat_map(|group| group.targets);
        targets.filter(|one| one.ill && one.role == Role::Active).map(|one| one.id).collect()
    };
    assert!(ill(&play).is_empty());
    let id = sicken(&mut play);
    assert_eq!(ill(&play), [OWN]);
    tell(&mut play, Observation::InstanceWell { id });
    assert!(ill(&play).is_empty());
}

#[test]
fn what_recovers_before_its_successor_serves_is_well_again_and_the_successor_goes() {
    let mut play = served();
    play.line("run 120");
    let id = sicken(&mut play);
    play.line("run 1");
    assert_eq!(ids(&play), [OWN, "shop-production-r1-0.1", "shop-production-r1-1"]);
    tell(&mut play, Observation::InstanceWell { id: id.clone() });
    let one = &play.world.state.instances[&id];
    assert_eq!((one.ill, one.health.state, &*one.health.detail), (false, TargetState::Healthy, ""));
    play.line("run 60");
    assert_eq!(ids(&play), [OWN, "shop-production-r1-1"]);
    let environment = play.world.state.environments.values().next().unwrap();
    assert_eq!(environment.lost, None);
}

#[test]
fn a_lost_successor_is_no_news_once_what_it_was_to_follow_is_well() {
    let mut play = served();
    play.line("run 120");
    let id = sicken(&mut play);
    play.line("run 1");
    play.line("kill shop-production-r1-0.1");
    play.line("run 1");
    let lost = |play: &Play| {
        play.world.state.environments.values().next().unwrap().lost.as_ref().map(|one| one.follows)
    };
    assert_eq!(lost(&play), Some(true));
    tell(&mut play, Observation::InstanceWell { id });
    assert_eq!(lost(&play), None);
}

#[test]
fn a_lost_successor_is_no_news_once_the_restart_is_called_off() {
    let mut play = served();
    play.line("run 120");
    play.line("restart shop-production-r1-0");
    play.line("run 1");
    play.line("kill shop-production-r1-0.1");
    while !ids(&play).contains(&"shop-production-r1-0.2") {
        play.line("run 1");
    }
    let lost = |play: &Play| play.world.state.environments.values().next().unwrap().lost.is_some();
    assert!(lost(&play));
    play.line("stop shop-production-r1-0.2");
    assert!(!lost(&play));
    play.line("run 60");
    assert_eq!(ids(&play), [OWN, "shop-production-r1-1"]);
}

#[test]
fn what_serves_where_nothing_is_well_is_told_before_the_last_that_is_goes() {
    let mut play = served();
    sicken(&mut play);
    let state = &play.world.state;
    let well = &state.instances[&InstanceId::new("shop-production-r1-1")];
    let told = "nothing else of shop/production is healthy: what is not serves alone afterwards";
    assert_eq!(pilothouse_core::decide::shortfall(state, well).as_deref(), Some(told));
}

#[test]
fn what_recovers_is_followed_all_the_same_where_somebody_asked_for_it() {
    let mut play = served();
    play.line("restart shop-production-r1-0");
    let id = sicken(&mut play);
    tell(&mut play, Observation::InstanceWell { id });
    play.line("run 60");
    assert_eq!(ids(&play), ["shop-production-r1-0.1", "shop-production-r1-1"]);
}

#[test]
fn what_the_load_balancer_said_meanwhile_counts_once_an_instance_recovers() {
    let mut play = served();
    play.line("run 120");
    let id = sicken(&mut play);
    let told = health(TargetState::Unhealthy);
    tell(&mut play, Observation::TargetChanged { id: id.clone(), health: told });
    // Its own check goes first, whatever the load balancer says.
    let told = |play: &Play| play.world.state.instances[&id].health.detail.clone();
    assert_eq!(told(&play), "no database");
    tell(&mut play, Observation::InstanceWell { id: id.clone() });
    let one = &play.world.state.instances[&id];
    assert_eq!((one.health.state, &*one.health.detail), (TargetState::Unhealthy, "answered 500"));
    // So its successor is not called off.
    assert!(play.world.state.successor(&id).is_some());
}

#[test]
fn what_starts_again_is_ill_no_more_and_nothing_is_left_of_that() {
    let mut play = served();
    let id = sicken(&mut play);
    let (restarts, proof, address, is_own) = (1, "again".to_owned(), None, false);
    tell(
        &mut play,
        Observation::InstanceRestarted { id: id.clone(), restarts, proof, address, is_own },
    );
    let one = &play.world.state.instances[&id];
    assert_eq!((one.ill, &one.probed), (false, &None));
}

/// It ended before it was proved, and cannot be started again: its container's name is another's, say.
#[test]
fn what_ended_before_it_was_proved_is_given_up_where_nothing_comes_of_it() {
    let cannot = || Fault::permanent("its container does not run: the name is taken");
    let mut play = served();
    play.line("push main b");
    play.line("until d2 Starting");
    let is_begun = |one: &&Instance| {
        one.release == ReleaseNumber(2) && one.address().is_some() && !one.is_proved()
    };
    let begun =
        |play: &Play| play.world.state.instances.values().find(is_begun).map(|one| one.id.clone());
    while begun(&play).is_none() {
        assert!(play.world.step(), "nothing moves");
    }
    let id = begun(&play).unwrap();
    end(&mut play, &id);
    // That it answered before says nothing of what is over.
    let outcome = |result| Input::Outcome { id: EffectId::Prove(id.clone()), result };
    play.world.turn(&outcome(Ok(Outcome::Done)));
    assert!(!play.world.state.instances[&id].is_proved());
    play.world.turn(&outcome(Err(cannot())));
    assert!(matches!(play.world.state.instances[&id].phase, InstancePhase::Stopping { .. }));
    play.line("run");
    let newest = play.world.state.deployments.values().next_back().unwrap();
    assert!(newest.is_ended(), "{newest:?}");
}

#[test]
fn what_is_halted_ends_without_an_edge_that_answers_nothing() {
    let mut play = served();
    play.line("halt");
    let stops = |play: &Play| {
        let wanted = wanted(&play.world.state, play.world.now);
        wanted.effects.keys().filter(|id| matches!(id, EffectId::Stop(_))).count()
    };
    let mut seen = Vec::new();
    for _ in 0..7 {
        tell(&mut play, Observation::EdgeDisconnected { why: "no socket".to_owned() });
        seen.push(stops(&play));
    }
    assert_eq!(seen, [0, 0, 0, 0, 0, 2, 2]);
    // What nobody halts waits for the edge as long as it takes.
    let mut play = served();
    for _ in 0..20 {
        tell(&mut play, Observation::EdgeDisconnected { why: "no socket".to_owned() });
    }
    assert_eq!(play.world.state.edge.failures, 0);
}
