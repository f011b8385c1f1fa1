//! Visitors while one deployment follows the other.

use std::io::{Read as _, Write as _};

use pilothouse_core::deployment::Phase;
use pilothouse_core::id::{DeploymentId, InstanceId};
use pilothouse_core::instance::Role;
use rustix::process::Signal;

use super::stage::load::{self, Load};
use super::stage::repository::Repository;
use super::stage::stranger::Stranger;
use super::stage::{DOMAIN, Stage, processes, wait_until};

/// Deployments in a row.
const TIMES: u32 = 20;

#[test]
fn twenty_deployments_in_a_row_lose_no_request_and_leave_nothing() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v0");
    let load = Load::begin(stage.address, DOMAIN);
    for number in 1..=TIMES {
        let before = stage.state().last_deployment;
        repository.commit(&format!("v{number}"));
        stage.look();
        stage.succeeds(before);
        stage.shows(&format!("v{number}"));
    }
    let served = load.end_without_failure();
    let state = stage.state();
    assert_eq!(state.instances.len(), 2);
    assert!(state.instances.values().all(|instance| instance.role == Role::Active));
    assert_eq!(processes::supervisors(&stage.path("")).len(), 2);
    // The engine, the edge, two supervisors and two instances. What the engine calls for a moment is
    // the engine by its arguments until it has begun.
    let lasting = || processes::lasting(&stage.path(""));
    wait_until(|| format!("six are left: {:#?}", lasting()), || lasting().len() == 6);
    let count = |part: &str| std::fs::read_dir(stage.state_dir().join(part)).unwrap().count();
    let environment = state.environments.values().next().unwrap();
    assert_eq!(count("releases/shop/production"), environment.releases.len());
    assert!(environment.releases.len() < TIMES as usize, "all releases are kept");
    assert!(count("instances") <= 2 * (TIMES as usize + 1));
    for run in state.runs.keys() {
        let workspace = stage.state_dir().join("runs").join(run.0.to_string()).join("workspace");
        assert!(!workspace.exists(), "{} is left", workspace.display());
    }
    println!("{served} requests, none failed");
    stage.end();
}

#[test]
fn an_upgraded_connection_goes_on_until_its_instance_has_drained() {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let echo = |version: &str| {
        repository.write("server.py", &SERVER.replace("VERSION", version));
        repository.write(
            "pilothouse.toml",
            "[service]\nrun = [\"python3\", \"server.py\"]\n\
             health = { path = \"/up\", interval = \"50ms\", timeout = \"2s\", \
             start_deadline = \"30s\" }\nstop = { grace = \"1s\" }\n\
             [[stage]]\nname = \"test\"\nrun = \"true\"\n",
        );
        repository.commit_all(version);
    };
    echo("v1");
    stage.apply(&stage.project(repository.dir()).replace("drain = \"1s\"", "drain = \"3s\""));
    let first = stage.succeeds(pilothouse_core::id::DeploymentId(0));
    let mut stream = load::connect(stage.address).unwrap();
    let upgrade = format!(
        "GET /socket HTTP/1.1\r\nhost: {DOMAIN}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(upgrade.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    let mut echoed = || {
        let mut word = [0; 4];
        stream.write_all(b"ping").and_then(|()| stream.read_exact(&mut word)).is_ok()
            && word == *b"ping"
    };
    assert!(echoed());
    echo("v2");
    stage.wait("the old instances drain", |state| {
        state.deployments.values().any(|deployment| deployment.phase == Phase::Draining)
    });
    stage.shows("v2");
    assert!(echoed(), "the connection was cut before its instance had drained");
    let second = stage.succeeds(first.id);
    assert!(!echoed(), "the connection outlived its instance");
    // What did not end in time is told by who ended it.
    assert_eq!((first.cut, second.cut), (0, 1));
    let told = stage.binary().args(["deployments"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let cut = "1 request did not end within 3s and was cut";
    assert_eq!(told.lines().filter(|line| line.contains(cut)).count(), 1, "{told}");
    stage.shows("v2");
    stage.end();
}

#[test]
fn what_a_stranger_says_of_his_address_opens_no_rule() {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    repository.commit("v1");
    let rules = "[[environment.production.rule]]\npriority = 10\npath = [\"/admin\"]\n\
         source_ip = [\"10.0.0.0/8\"]\nforward = true\n\
         [[environment.production.rule]]\npriority = 20\npath = [\"/admin\"]\n\
         fixed = { status = 403, body = \"not from here\" }\n";
    let project = format!("{}{rules}", stage.project(repository.dir()));
    stage.apply(&project);
    stage.succeeds(pilothouse_core::id::DeploymentId(0));
    let forged = "x-forwarded-for: 10.1.2.3\r\nx-real-ip: 10.1.2.3\r\nforwarded: for=10.1.2.3\r\n";
    let ask = || load::ask_with(stage.address, DOMAIN, "/admin", forged).unwrap().0;
    assert_eq!(ask(), 403);
    // The same words of a peer that is trusted count: the rule itself works.
    let trusting = "[load_balancer]\ntrusted_proxies = [\"127.0.0.1/32\"]\n";
    stage.apply(&project.replace("[load_balancer]\n", trusting));
    stage.wait("the table is read back", |state| {
        state.edge.active.as_ref() == Some(&state.edge.wanted)
    });
    super::stage::wait_until(|| "the rule lets through".to_owned(), || ask() == 200);
    stage.end();
}

const SERVER: &str = "\
import os, socketserver

class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            upgrades = False
            while (field := self.rfile.readline()).strip():
                upgrades |= field.lower().startswith(b'upgrade:')
            if upgrades:
                self.wfile.write(b'HTTP/1.1 101 Switching Protocols\\r\\n'
                                 b'connection: Upgrade\\r\\nupgrade: websocket\\r\\n\\r\\n')
                while (data := self.rfile.read1(4096)):
                    self.wfile.write(data)
                return
            body = b'<p>VERSION</p>'
            self.wfile.write(b'HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n%s'
                             % (len(body), body))

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

Server(('127.0.0.1', int(os.environ['PORT'])), Echo).serve_forever()
";

#[test]
fn a_restart_loses_no_request() {
    let stage = Stage::with_engine();
    stage.deployed("v1");
    let load = Load::begin(stage.address, DOMAIN);
    let restart = |id: &str| stage.binary().args(["restart", id, "--yes"]).output().unwrap();
    let said = restart("shop-production-r1-0");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    stage.wait("its successor serves alone in its place", |state| {
        let ids: Vec<&str> = state.instances.keys().map(InstanceId::as_str).collect();
        ids == ["shop-production-r1-0.1", "shop-production-r1-1"]
            && state.instances.values().all(|one| one.role == Role::Active)
    });
    load.end_without_failure();
    assert_eq!(restart("shop-production-r9-0").status.code(), Some(5));
    stage.end();
}

/// An instance that is started again gets nothing before its socket is known to be its own.
#[test]
fn who_takes_the_port_of_an_instance_that_restarts_gets_no_visitor() {
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    let gate = stage.path("gate");
    let waits = format!("while [ -e '{}' ]; do sleep 0.05; done", gate.display());
    *repository.before.borrow_mut() = Box::leak(waits.into_boxed_str());
    repository.commit("v1");
    stage.apply(&stage.project(repository.dir()));
    stage.succeeds(DeploymentId(0));
    let id = InstanceId::new("shop-production-r1-0");
    let address = stage.state().instances[&id].address().unwrap();

    std::fs::write(&gate, "").unwrap();
    let unit = stage.state_dir().join("instances").join(id.as_str()).join("unit");
    let supervisor = processes::one(&stage.path(""), &format!("supervise {}", unit.display()));
    processes::signal(processes::below(supervisor)[0], Signal::KILL);
    let stranger = Stranger::at(address);
    stage.wait("it is started again", |state| state.instances[&id].restarts > 0);
    stage.wait("the table is read back", |state| {
        state.edge.active.as_ref() == Some(&state.edge.wanted)
    });
    // The edge checks whoever is there, and finds him well.
    let before = stranger.asked();
    wait_until(|| "it is checked".to_owned(), || stranger.asked() >= before + 5);
    for _ in 0..20 {
        let (status, body) = load::ask(stage.address, DOMAIN, "/").unwrap();
        assert!(status == 200 && body.contains("v1"), "{status} {body}");
    }
    drop(stranger);
    std::fs::remove_file(&gate).unwrap();
    stage.wait("it serves again", |state| state.instances[&id].is_proved());
    stage.end();
}

/// Three restarts in a row end what does not get well, and nothing that did.
#[test]
fn what_got_well_while_no_engine_ran_is_kept_by_the_next_one() {
    let mut stage = Stage::with_engine();
    stage.deployed("v1");
    let of = |id: &str| {
        let address = stage.state().instances[&InstanceId::new(id)].address().unwrap();
        let unit = stage.state_dir().join("instances").join(id).join("unit");
        let supervise = format!("supervise {}", unit.display());
        (address, processes::one(&stage.path(""), &supervise))
    };
    let (first, second) = (of("shop-production-r1-0"), of("shop-production-r1-1"));
    stage.kill_engine();
    for (address, supervisor) in [first, first, first, second] {
        let program = processes::below(supervisor)[0];
        processes::signal(program, Signal::KILL);
        wait_until(
            || "it is started again".to_owned(),
            || {
                let is_other =
                    processes::below(supervisor).first().is_some_and(|pid| *pid != program);
                is_other && std::net::TcpStream::connect(address).is_ok()
            },
        );
    }
    // Both serve again, and go on while the engine finds out that they are themselves.
    wait_until(
        || "it serves".to_owned(),
        || load::ask(stage.address, DOMAIN, "/").is_ok_and(|(status, _)| status == 200),
    );
    let load = Load::begin(stage.address, DOMAIN);
    stage.start();
    let state = stage.wait("it is proved anew", |state| {
        state.instances.values().all(|one| one.is_proved() && one.role == Role::Active)
            && state.instances.values().any(|one| one.restarts >= 3)
    });
    let ids: Vec<&str> = state.instances.keys().map(InstanceId::as_str).collect();
    assert_eq!(ids, ["shop-production-r1-0", "shop-production-r1-1"]);
    load.end_without_failure();
    stage.end();
}
