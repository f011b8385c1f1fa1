//! How many connections an edge takes, and what stays free whatever clients do.

use std::num::NonZeroUsize;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use pilothouse_edge::{Limits, Settings};
use rustix::process::{Resource, getrlimit};

use super::support::*;

fn start(soft: u64, hard: u64) -> (Process, Rig) {
    Process::start(tempfile::tempdir().unwrap(), soft, hard)
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(4096).min(4096);
    let (process, _rig) = start(64, hard);
    assert_eq!(process.soft_limit(), hard);
}

#[test]
fn idle_clients_never_keep_control_checks_or_other_clients_out() {
    let origin = Origin::new("shop-0");
    let (_process, mut rig) = start(128, 128);
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    let address = rig.address();
    let idle: Vec<Client> = (0..300).map(|_| Client::connect(address)).collect();
    let begun = Instant::now();
    // A control connection and the target's checks get through while all of them wait.
    origin.set_health(500);
    rig.wait("checks go on", |status| !target(status, "shop-0").passing);
    origin.set_health(200);
    rig.wait_healthy("shop-0");
    assert_eq!(rig.get("/").status, 200, "an idle connection makes way for one that asks");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn as_many_clients_as_there_are_places_are_served_at_once() {
    let origin = Origin::new("shop-0");
    let (_process, mut rig) = start(128, 128);
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    let address = rig.address();
    let mut waiting: Vec<Client> = (0..200).map(|_| Client::connect(address)).collect();
    for client in &mut waiting {
        client.send("GET /gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    eventually("targets are asked", || (origin.requests() >= 16).then_some(()));
    assert!(target(&rig.status(), "shop-0").passing, "checks have their descriptors");
    origin.open_gate();
    for client in &mut waiting {
        assert_eq!(client.read().status, 200, "those beyond the limit waited");
    }
}

#[test]
fn a_tunnel_keeps_its_place_until_it_ends() {
    let origin = Origin::new("shop-0");
    let dir = tempfile::tempdir().unwrap();
    let limits = |limits: &mut Limits| limits.connections = 1;
    let settings = Settings { workers: NonZeroUsize::MIN, ..settings(dir.path(), limits) };
    let mut rig = Rig::of(dir, settings);
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    let mut tunnel = rig.client();
    tunnel.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    tunnel.head();
    let mut second = rig.client();
    second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for _ in 0..50 {
        tunnel.send("x");
        assert_eq!(tunnel.bytes(1), b"x");
    }
    assert_eq!(origin.requests(), 1, "there is no second place while the tunnel lives");
    drop(tunnel);
    assert_eq!(second.read().text(), "shop-0");
}

#[test]
fn the_control_socket_answers_while_every_place_is_taken() {
    let origin = Origin::new("shop-0");
    let (_process, mut rig) = start(96, 96);
    rig.publish(shop(vec![active(&origin)]));
    rig.wait_healthy("shop-0");
    let mut tunnels = Vec::new();
    for _ in 0..100 {
        let mut client = rig.client();
        client.send(
            "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        );
        tunnels.push(client);
    }
    eventually("the places are taken", || (origin.requests() >= 8).then_some(()));
    let sockets: Vec<_> = (0..8).map(|_| UnixStream::connect(rig.socket()).unwrap()).collect();
    assert!(target(&rig.status(), "shop-0").passing);
    drop(sockets);
}
