//! Publishing, refusing and saving tables.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pilothouse_core::routing::{
    Action, ProblemKind, RefusalKind, Role, Table, TableSource, TargetState,
};
use pilothouse_edge::{Error, serve};

use super::support::*;

fn fixed(text: &str) -> Table {
    let mut table = shop(Vec::new());
    table.listeners[0].default = Action::fixed(200, text);
    table
}

#[test]
fn a_new_edge_has_nothing_and_says_so() {
    let rig = Rig::new();
    let status = rig.status();
    assert_eq!((status.version, status.epoch), (0, 0));
    assert_eq!(status.source, TableSource::New);
}

#[test]
fn only_newer_tables_are_taken() {
    let rig = Rig::new();
    let kind = |table: &Table| rig.put(table).map(|applied| applied.changed).map_err(|r| r.kind);
    assert_eq!(kind(&fixed("a").seal(2, 5)), Ok(true));
    assert_eq!(kind(&fixed("a").seal(2, 5)), Ok(false), "the very same");
    assert_eq!(kind(&fixed("b").seal(2, 5)), Err(RefusalKind::Stale));
    assert_eq!(kind(&fixed("b").seal(2, 4)), Err(RefusalKind::Stale));
    assert_eq!(kind(&fixed("b").seal(1, 9)), Err(RefusalKind::Stale));
    assert_eq!(rig.get("/").text(), "a");
    assert_eq!(kind(&fixed("c").seal(3, 1)), Ok(true), "a newer engine begins anew");
    assert_eq!(rig.get("/").text(), "c");
    assert_eq!(kind(&fixed("a").seal(2, 6)), Err(RefusalKind::Stale));
}

#[test]
fn an_invalid_table_changes_nothing() {
    let mut rig = Rig::new();
    rig.publish(fixed("a"));
    let mut wrong = fixed("b");
    wrong.listeners[0].default = Action::forward("gone");
    let refusal = rig.put(&wrong.seal(1, 2)).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Invalid);
    assert_eq!(refusal.problems[0].kind, ProblemKind::UnknownGroup);
    assert_eq!(rig.get("/").text(), "a");
    let (status, _) = rig.ask("PUT", "/v1/table", "{");
    assert_eq!(status, 400);
    let (status, _) = rig.ask("GET", "/v1/nothing", "");
    assert_eq!(status, 404);
}

#[test]
fn the_active_table_reads_back() {
    let mut rig = Rig::new();
    let status = rig.publish(fixed("a"));
    let table: Table = serde_json::from_str(&rig.ask("GET", "/v1/table", "").1).unwrap();
    assert_eq!(table.digest_of(), status.digest);
    assert_eq!(table, fixed("a").seal(1, 1));
}

#[test]
fn listeners_come_and_go_with_the_table() {
    let mut rig = Rig::new();
    rig.publish(fixed("a"));
    let old = rig.address();
    let mut kept = rig.client();
    assert_eq!(kept.get("/").text(), "a");
    let mut moved = fixed("b");
    moved.listeners[0].addresses = vec!["127.0.0.2:0".parse().unwrap()];
    rig.publish(moved);
    assert_eq!(rig.get("/").text(), "b");
    eventually("the old address is closed", || std::net::TcpStream::connect(old).err());
    assert_eq!(kept.get("/").status, 503, "what was open is told");
    assert!(kept.is_closed());
}

#[test]
fn an_address_of_another_process_is_told_and_holds_up_nothing_else() {
    let mut rig = Rig::new();
    rig.publish(fixed("a"));
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let mut table = fixed("b");
    table.listeners[0].addresses.push(taken);
    let status = rig.put(&table.seal(1, 2)).unwrap().status;
    let problems: Vec<_> = status.listeners.iter().map(|one| (one.address, &one.problem)).collect();
    assert_eq!(problems[0].1, &None);
    assert!(problems[1].0 == taken && problems[1].1.is_some(), "{problems:?}");
    assert_eq!((rig.get("/").text().as_str(), rig.status().version), ("b", 2));
    drop(other);
    eventually("it is bound once it is free", || {
        let status = rig.status();
        status.listeners[1].bound.is_some().then_some(())
    });
}

#[test]
fn two_edges_do_not_share_an_address() {
    let mut first = Rig::new();
    first.publish(fixed("first"));
    let second = Rig::new();
    let mut table = fixed("second");
    table.listeners[0].addresses = vec![first.address()];
    let status = second.put(&table.seal(1, 1)).unwrap().status;
    assert!(status.listeners[0].bound.is_none() && status.listeners[0].problem.is_some());
    assert_eq!(first.get("/").text(), "first");
}

#[test]
fn a_restarted_edge_serves_the_saved_table() {
    let origin = Origin::new("shop-0");
    let mut rig = Rig::new();
    let mut table = shop(vec![active(&origin)]);
    rig.publish(table.clone());
    let address = rig.address();
    let (dir, ended) = rig.stop();
    ended.unwrap();
    // A fixed port now, to see that the first request after the start is answered.
    table.listeners[0].addresses = vec![address];
    let rig = Rig::start(dir, |_| ());
    rig.put(&table.seal(1, 2)).unwrap();
    let (dir, _) = rig.stop();
    let rig = Rig::start(dir, |_| ());
    assert_eq!(rig.status().source, TableSource::Saved);
    assert_eq!(Client::connect(address).get("/").text(), "shop-0", "checked before accepting");
    assert_eq!(state(&rig.status(), "shop-0"), TargetState::Healthy);
    assert_eq!(rig.put(&fixed("old").seal(1, 1)).unwrap_err().kind, RefusalKind::Stale);
}

#[test]
fn a_restarted_edge_lets_requests_wait_for_the_first_checks() {
    let origin = Origin::new("shop-0");
    let mut rig = Rig::new();
    let mut table = shop(vec![active(&origin)]);
    table.target_groups[0].health.timeout = PATIENCE;
    rig.publish(table.clone());
    let address = rig.address();
    let (dir, _) = rig.stop();
    table.listeners[0].addresses = vec![address];
    let rig = Rig::start(dir, |_| ());
    rig.put(&table.seal(1, 2)).unwrap();
    let (dir, _) = rig.stop();
    origin.set_health(origin::WAITS);
    let checks = origin.shared.accepted.load(Ordering::SeqCst);
    let _rig = Rig::start(dir, |_| ());
    eventually("a check has begun", || {
        (origin.shared.accepted.load(Ordering::SeqCst) > checks).then_some(())
    });
    let mut client = Client::connect(address);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let early = client.stream.peek(&mut [0]);
    assert!(early.is_err(), "no answer before the check: {early:?}");
    client.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    origin.open_gate();
    assert_eq!(client.read().text(), "shop-0");
}

/// An engine says so that knows it: what is active is proved.
#[test]
fn a_target_that_was_started_anew_and_is_active_serves_on_before_it_is_checked() {
    let mut rig = Rig::new();
    let origin = Origin::new("one");
    let of = |proof: &str, role| {
        let mut target = with_role(&origin, role);
        target.proof = proof.to_owned();
        shop(vec![target])
    };
    rig.publish(of("first", Role::Active));
    rig.wait_healthy("one");
    // No check passes from here on.
    origin.set_health(500);
    rig.publish(of("second", Role::Active));
    assert_eq!(rig.get("/echo").status, 200);
    // What had to be taken out proves itself anew.
    rig.publish(of("third", Role::Standby));
    rig.publish(of("third", Role::Active));
    assert_eq!(rig.get("/echo").status, 503);
}

#[test]
fn an_unreadable_table_means_the_previous_one_and_a_loud_status() {
    let mut rig = Rig::new();
    rig.publish(fixed("one"));
    rig.publish(fixed("two"));
    let (dir, _) = rig.stop();
    let state = dir.path().join("state");
    std::fs::write(state.join("table.json"), "garbage").unwrap();
    let rig = Rig::start(dir, |_| ());
    assert!(matches!(rig.status().source, TableSource::Previous { .. }));
    assert_eq!(rig.get("/").text(), "one");
    let (dir, _) = rig.stop();
    std::fs::write(state.join("table.prev.json"), "garbage").unwrap();
    let rig = Rig::start(dir, |_| ());
    assert!(matches!(rig.status().source, TableSource::Lost { .. }));
    rig.put(&fixed("three").seal(1, 3)).unwrap();
    assert_eq!(rig.get("/").text(), "three");
    assert_eq!(rig.status().source, TableSource::Published);
}

#[test]
fn a_second_edge_is_refused() {
    let rig = Rig::new();
    let refused = serve(settings(rig.dir.path(), |_| ()));
    assert!(matches!(refused, Err(Error::Running(_))), "{refused:?}");
    let other = tempfile::tempdir().unwrap();
    let mut stolen = settings(other.path(), |_| ());
    stolen.control_socket = rig.dir.path().join("edge.sock");
    assert!(matches!(serve(stolen), Err(Error::SocketInUse(_))));
}

#[test]
fn the_control_socket_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new();
    let mode = std::fs::metadata(rig.dir.path().join("edge.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
