//! Health states, their reasons, and who gets requests.

use pilothouse_core::routing::{HealthCheck, Reason, Role, Target, TargetState};

use super::support::*;

#[test]
fn states_follow_the_checks() {
    let (rig, origin) = one();
    assert_eq!(state(&rig.status(), "shop-0"), TargetState::Healthy);
    let cases: [(u16, Reason, &str); 2] = [
        (500, Reason::ResponseCodeMismatch, "answered 500, wanted 200-299"),
        (0, Reason::Timeout, "did not answer within 500ms"),
    ];
    for (answer, reason, detail) in cases {
        origin.set_health(answer);
        let status = rig.wait(detail, |status| target(status, "shop-0").detail == detail);
        let seen = target(&status, "shop-0");
        assert_eq!((seen.state, seen.reason), (TargetState::Unhealthy, Some(reason)));
        origin.set_health(200);
        let status = rig.wait("healthy again", |s| state(s, "shop-0") == TargetState::Healthy);
        assert_eq!(target(&status, "shop-0").reason, None);
    }
}

#[test]
fn a_dead_target_says_connection_refused() {
    let (rig, mut origin) = one();
    origin.kill();
    let status = rig.wait("refused", |s| target(s, "shop-0").detail == "connection refused");
    assert_eq!(target(&status, "shop-0").reason, Some(Reason::FailedHealthChecks));
    assert_eq!(state(&status, "shop-0"), TargetState::Unhealthy);
}

#[test]
fn a_target_that_never_passed_gets_nothing() {
    let origin = Origin::new("shop-0");
    origin.set_health(500);
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&origin)]));
    rig.wait("unhealthy", |status| state(status, "shop-0") == TargetState::Unhealthy);
    assert_eq!(rig.get("/").status, 503);
    assert_eq!(origin.requests(), 0);
    assert_eq!(rig.status().counters.unavailable, 1);
}

#[test]
fn when_all_fail_those_that_were_healthy_go_on_serving() {
    let (proven, stranger) = (Origin::new("proven"), Origin::new("stranger"));
    stranger.set_health(500);
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&proven), active(&stranger)]));
    rig.wait_healthy("proven");
    proven.set_health(500);
    let status = rig.wait("fail open", |status| status.groups[0].fail_open);
    assert_eq!((status.groups[0].active, status.groups[0].healthy), (2, 0));
    for _ in 0..10 {
        assert_eq!(rig.get("/").text(), "proven");
    }
    // Another process gets nothing before it is proved, whoever was at its address before.
    for role in [Role::Standby, Role::Active] {
        let other = Target { proof: "second".to_owned(), ..with_role(&proven, role) };
        rig.publish(shop(vec![other, active(&stranger)]));
        assert_eq!(rig.get("/").status, 503, "another process, not proven");
    }
    assert_eq!(stranger.requests(), 0);
}

#[test]
fn an_unhealthy_target_gets_nothing_while_another_is_healthy() {
    let (good, bad) = (Origin::new("good"), Origin::new("bad"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&good), active(&bad)]));
    rig.wait_healthy("good");
    rig.wait_healthy("bad");
    bad.set_health(503);
    rig.wait("bad is out", |status| state(status, "bad") == TargetState::Unhealthy);
    for _ in 0..10 {
        assert_eq!(rig.get("/").text(), "good");
    }
}

#[test]
fn a_target_that_is_ill_gets_nothing_while_another_is_healthy_and_serves_where_none_is() {
    let (good, ill) = (Origin::new("good"), Origin::new("ill"));
    let is_ill = |origin| Target { ill: true, ..active(origin) };
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&good), is_ill(&ill)]));
    rig.wait_healthy("good");
    rig.wait_healthy("ill");
    for _ in 0..10 {
        assert_eq!(rig.get("/").text(), "good");
    }
    good.set_health(503);
    rig.wait("good is out", |status| state(status, "good") == TargetState::Unhealthy);
    assert_eq!(rig.get("/").text(), "ill", "nobody had to publish a table for that");
    good.set_health(200);
    rig.wait_healthy("good");
    // All of them are ill: they share what comes.
    rig.publish(shop(vec![is_ill(&good), is_ill(&ill)]));
    let mut answers: Vec<String> = (0..10).map(|_| rig.get("/").text()).collect();
    answers.sort();
    answers.dedup();
    assert_eq!(answers, ["good", "ill"]);
}

#[test]
fn a_standby_proves_itself_without_traffic() {
    let (old, new) = (Origin::new("old"), Origin::new("new"));
    let mut rig = Rig::new();
    rig.publish(shop(vec![active(&old), with_role(&new, Role::Standby)]));
    rig.wait_healthy("old");
    let status = rig.wait_healthy("new");
    assert_eq!(state(&status, "new"), TargetState::Healthy);
    for _ in 0..10 {
        assert_eq!(rig.get("/").text(), "old");
    }
    rig.publish(shop(vec![with_role(&old, Role::Draining), active(&new)]));
    assert_eq!(rig.get("/").text(), "new", "known to be healthy at once");
}

#[test]
fn two_releases_in_one_group_are_checked_by_their_own_paths() {
    let (old, new) = (Origin::new("old"), Origin::new("new"));
    new.set_health(404);
    let mut table = shop(vec![active(&old), with_role(&new, Role::Standby)]);
    let group = &mut table.target_groups[0];
    group.targets[1].health =
        Some(HealthCheck { path: "/status?204".to_owned(), ..group.health.clone() });
    let mut rig = Rig::new();
    rig.publish(table.clone());
    rig.wait_healthy("old");
    rig.wait_healthy("new");
    assert!(new.last_head().starts_with("GET /status?204 "), "{}", new.last_head());
    assert_eq!(old.requests(), 0, "the old release is never asked for the new one's path");
    table.target_groups[0].targets[1].health = None;
    rig.publish(table);
    let answer = "answered 404, wanted 200-299";
    rig.wait("by the group's path", |status| target(status, "new").detail == answer);
}

#[test]
fn a_group_without_a_rule_is_unused() {
    let origin = Origin::new("shop-0");
    let mut rig = Rig::new();
    let mut table = shop(vec![active(&origin)]);
    table.listeners[0].default = pilothouse_core::routing::Action::fixed(200, "");
    rig.publish(table);
    let status = rig.wait_healthy("shop-0");
    let seen = target(&status, "shop-0");
    assert_eq!((seen.state, seen.reason), (TargetState::Unused, Some(Reason::NotInUse)));
}

#[test]
fn a_long_poll_ends_when_something_changes() {
    let (rig, origin) = one();
    let before = rig.status().change;
    assert_eq!(rig.changes(before, 0).change, before, "nothing new");
    origin.set_health(500);
    let after = rig.changes(before, 60_000);
    assert!(after.change > before);
    assert!(!rig.changes(before + 1_000, 60_000).targets.is_empty(), "another edge's counter");
}

#[test]
fn answers_are_counted_by_kind() {
    let (rig, _origin) = one();
    let mut client = rig.client();
    for status in [200, 404, 500, 503] {
        client.get(&format!("/status?{status}"));
    }
    let status = rig.status();
    let seen = target(&status, "shop-0");
    assert_eq!((seen.requests, seen.errors_4xx, seen.errors_5xx, seen.failed), (4, 1, 2, 0));
    assert_eq!(seen.latency.iter().sum::<u64>(), 4);
    assert!(seen.p50_us <= seen.p99_us && seen.p99_us.is_some());
}
