//! What an edge would refuse holds up nobody else, and what is taken away ends without its word.

use insta::assert_snapshot;
use pilothouse_core::apply::apply;
use pilothouse_core::event::{EnvironmentEvent, Event, Recorded, environment_key};
use pilothouse_core::routing::{Action, Condition, Fixed};
use pilothouse_core::spec::{EnvironmentSpec, RuleActionSpec, RuleSpec};
use pilothouse_core::state::{Environment, LeftOut, State};
use pilothouse_core::table;

use crate::scenario::{Play, check};
use crate::specs;

/// A state in which one environment serves, and others came by a way on which nobody checked them.
fn with(others: impl IntoIterator<Item = EnvironmentSpec>) -> Play {
    let mut play = Play::new();
    for line in ["env production main", "apply", "push main a", "run"] {
        play.line(line);
    }
    for spec in others {
        specify(&mut play, spec);
    }
    play
}

fn specify(play: &mut Play, spec: EnvironmentSpec) {
    let key = environment_key(&play.project.name, &spec.name);
    let spec = Box::new(spec);
    let event = Event::Environment(EnvironmentEvent::Specified { key, spec, preview_of: None });
    let state = &mut play.world.state;
    let recorded = Recorded { seq: state.seq.next(), at: play.world.now, event };
    apply(state, &recorded);
}

fn environment(name: &str) -> EnvironmentSpec {
    specs::environment("shop", name, name)
}

fn answer(priority: u32, content_type: &str, body: String) -> RuleSpec {
    let (status, content_type) = (200, content_type.to_owned());
    let action = Action::Fixed(Fixed { status, content_type, body });
    RuleSpec { priority, conditions: Vec::new(), action: RuleActionSpec::Answer(action) }
}

/// The hosts of the table's rules with the status that they are answered with, if they are.
fn hosts(state: &State) -> Vec<(String, Option<u16>)> {
    let table = table::wanted(state);
    assert_eq!(table.check(), [], "the edge would refuse it");
    let rules = table.listeners.into_iter().flat_map(|listener| listener.rules);
    rules
        .map(|rule| {
            let Some(Condition::Host { patterns }) = rule.conditions.first() else {
                panic!("a rule without a host");
            };
            let status = match rule.action {
                Action::Fixed(fixed) => Some(fixed.status),
                Action::Forward(_) | Action::Redirect(_) => None,
            };
            (patterns[0].clone(), status)
        })
        .collect()
}

fn told(state: &State) -> Vec<(String, &str)> {
    let told = |one: &LeftOut| one.environment.to_string();
    state.edge.left_out.iter().map(|one| (told(one), one.why.as_str())).collect()
}

#[test]
fn a_domain_that_no_edge_takes_is_left_out_and_the_others_are_served() {
    let long = EnvironmentSpec { domain: Some("x".repeat(300)), ..environment("long") };
    let mut play = with([long]);
    let state = &play.world.state;
    assert_eq!(hosts(state), [("production.shop.test".to_owned(), None)]);
    let why = "the load balancer would refuse its domain, so nobody reaches it (a pattern has 300 \
               bytes; 253 are allowed): give it another in the operator's file and apply that";
    assert_eq!(told(state), [("shop/long".to_owned(), why)]);
    specify(&mut play, environment("long"));
    assert_eq!(told(&play.world.state), []);
    assert_eq!(hosts(&play.world.state)[0], ("long.shop.test".to_owned(), Some(503)));
}

#[test]
fn a_rule_that_no_edge_takes_closes_its_domain_alone() {
    // The rule before it would keep somebody out: what is behind it must not be let in.
    let rules = vec![answer(7, "text/plain", String::new()), answer(9, "a\r\nb", String::new())];
    let play = with([EnvironmentSpec { rules, ..environment("odd") }]);
    let state = &play.world.state;
    let odd = ("odd.shop.test".to_owned(), Some(503));
    assert_eq!(hosts(state), [odd, ("production.shop.test".to_owned(), None)]);
    let why = "the load balancer would refuse its rule 9, so all of its domain is answered 503 \
               (the content type holds control characters): mend that rule in the operator's file \
               and apply it";
    assert_eq!(told(state), [("shop/odd".to_owned(), why)]);
}

#[test]
fn more_than_a_table_holds_is_left_out_from_the_last_preview_on() {
    // A control character is six bytes in JSON.
    let large = |number: u32| EnvironmentSpec {
        rules: vec![answer(1, "text/plain", "\u{1}".repeat(64 << 10))],
        ..environment(&format!("a-{number:02}"))
    };
    let last = EnvironmentSpec {
        rules: vec![answer(1, "text/plain", "\u{1}".repeat(64 << 10))],
        ..environment("zulu")
    };
    let mut play = with([]);
    let state = &mut play.world.state;
    for spec in (0..60).map(large) {
        let key = environment_key(&play.project.name, &spec.name);
        let preview_of = Some(specs::branch(spec.name.as_str()));
        let known = state.environments.values().next().unwrap().clone();
        state.environments.insert(key, Environment { spec, preview_of, ..known });
    }
    specify(&mut play, last);
    let state = &play.world.state;
    let named: Vec<String> = hosts(state).into_iter().map(|(host, _)| host).collect();
    let size = serde_json::to_vec(&table::wanted(state)).unwrap().len();
    assert!((8 << 20..16 << 20).contains(&size), "{size}");
    for host in ["production.shop.test", "zulu.shop.test", "a-00.shop.test"] {
        assert!(named.iter().any(|name| name == host), "{host}");
    }
    let left: Vec<String> = told(state).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left.last().unwrap(), "shop/a-59");
    assert!((20..40).contains(&left.len()), "{left:?}");
}

#[test]
fn nobody_is_deployed_to_what_nobody_would_reach() {
    let mut play = with([]);
    play.line("env long main2");
    play.line("apply");
    let long = EnvironmentSpec { domain: Some("x".repeat(300)), ..environment("long") };
    specify(&mut play, EnvironmentSpec { branches: vec!["main2".to_owned()], ..long });
    play.line("push main2 b");
    play.line("run");
    let state = &play.world.state;
    let failed = format!("{:?}", state.deployments.values().last().unwrap().phase);
    assert!(failed.contains("the load balancer would refuse its domain"), "{failed}");
}

#[test]
fn what_is_removed_ends_where_the_edge_takes_no_table() {
    assert_snapshot!(check(
        "
        hide #1 branch is_healthy initial proved STAGED PLANNED PublishFailed
        env production main
        apply
        push main a
        run
        push main b
        until d2 Baking
        from here
        fault Publish permanent 500
        remove shop
        run
        show
        "
    ), @r#"
    130.5 shop is being removed by kim
    130.5 production is being removed
    130.5 d2 cancel asked by the removal of its environment
    130.5 d2 rolling back, Starting: cancelled by the removal of its environment
    130.5 d2 rolling back, Shifting: cancelled by the removal of its environment
    130.5 shop-production-r1-0 -> Active
    130.5 shop-production-r1-1 -> Active
    130.5 shop-production-r2-0 -> Draining
    130.5 shop-production-r2-1 -> Draining
    130.5 edge refused v8: it will not pass
    131.1 edge refused v9: it will not pass
    132.2 edge refused v10: it will not pass
    134.3 edge refused v11: it will not pass
    134.3 d2 rolling back, Stopping: cancelled by the removal of its environment
    134.3 shop-production-r2-0 stopping
    134.3 shop-production-r2-1 stopping
    134.4 shop-production-r2-0 gone: stopped
    134.4 shop-production-r2-1 gone: stopped
    134.4 d2 ended RolledBack { why: "cancelled by the removal of its environment" }
    134.4 shop-production-r1-0 stopping
    134.4 shop-production-r1-1 stopping
    134.5 shop-production-r1-1 gone: stopped
    134.5 shop-production-r1-0 gone: stopped
    134.5 production removed
    134.5 engine forgot 0 runs, 0 deployments, 1 artifacts
    134.5 engine forgot 2 runs, 2 deployments, 1 artifacts
    134.5 shop is removed
    138.4 edge refused v12: it will not pass
    146.5 edge refused v13: it will not pass
    162.6 edge refused v14: it will not pass
    194.7 edge refused v15: it will not pass
    "#);
}

#[test]
fn everything_stops_where_the_edge_takes_no_table() {
    assert_snapshot!(check(
        "
        env production main
        apply
        push main a
        run
        push main b
        until d2 Starting
        from here
        fault Publish permanent 500
        halt
        run 30
        show
        "
    ), @r#"
     127.2 engine asked to halt by kim
     127.2 d2 cancel asked by pilothouse down --all
     127.2 d2 aborting: Cancelled { by: "pilothouse down --all" }
     127.2 shop-production-r2-0 stopping
     127.2 shop-production-r2-1 stopping
     127.3 shop-production-r2-1 gone: stopped
     127.3 shop-production-r2-0 gone: stopped
     127.3 d2 ended Cancelled { by: "pilothouse down --all" }
     127.3 shop-production-r1-0 stopping
     127.3 shop-production-r1-1 stopping
     127.4 edge refused v5: it will not pass
     128.0 edge refused v6: it will not pass
     129.1 edge refused v7: it will not pass
     131.2 edge refused v8: it will not pass
     131.3 shop-production-r1-1 gone: stopped
     131.3 shop-production-r1-0 gone: stopped
     135.3 edge refused v9: it will not pass
     143.4 edge refused v10: it will not pass
    = production r1:
    "#);
}
