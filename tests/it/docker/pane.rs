//! What the cockpit shows of containers and does with one, against a real engine.

use std::time::Duration;

use pilothouse_api::client::{Client, StreamItem};
use pilothouse_api::inspection::Inspection;
use pilothouse_api::types::Samples;
use pilothouse_core::command::Command;
use pilothouse_core::id::{DeploymentId, InstanceId, RunId};
use pilothouse_core::instance::Role;
use rustix::process::Signal;

use super::super::attach::terminal::{Setup, Terminal};
use super::super::stage::load::Load;
use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage};
use super::daemon::Daemon;
use super::image::Base;
use super::{commit, project};

/// How long samples are waited for, which are rare while nothing moves.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first samples that fit.
#[track_caller]
fn samples(stage: &Stage, what: &str, fits: impl Fn(&Samples) -> bool) -> Samples {
    let found = stage.ask(async |client| {
        let mut events = client.events(None, true).await.unwrap();
        let fitting = async {
            loop {
                match events.next().await.unwrap() {
                    Some(StreamItem::Samples(samples)) if fits(&samples) => return *samples,
                    Some(
                        StreamItem::Samples(_) | StreamItem::Record(_) | StreamItem::Sighting(_),
                    ) => {}
                    Some(StreamItem::Reset) | None => panic!("the stream ended before {what}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, fitting).await.ok()
    });
    found.unwrap_or_else(|| panic!("no samples came with {what}"))
}

#[test]
fn a_container_is_measured_and_inspected_and_others_are_only_seen() {
    let base = Base::make("seen");
    let stage = Stage::with_engine();
    let secret = stage.path("token");
    std::fs::write(&secret, "tr0ub4dor-and-3\n").unwrap();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let more = format!("secrets = {{ TOKEN = {{ file = '{}' }} }}\n", secret.display());
    stage.apply(&project(&stage, &repository, &more));
    stage.succeeds(DeploymentId(0));
    let id = InstanceId::new("shop-production-r1-0");
    let load = Load::begin(stage.address, DOMAIN);
    samples(&stage, "what goes over its network", |samples| {
        let network = samples.instances.get(&id).and_then(|one| one.network);
        network.is_some_and(|network| network.received > 0 && network.sent > 0)
    });
    load.end_without_failure();
    // Through the watchers' door too; a secret's name is told and its value nowhere.
    let watching = Client::new(stage.state_dir().join("run/watch.sock"));
    let found = stage.ask(async |_| watching.inspect(&id).await).unwrap();
    let Inspection::Container(facts) = &found else { panic!("{found:?}") };
    let own = base.containers(&stage);
    let container = own.iter().find(|one| one.labels["pilothouse.instance"] == id.as_str());
    assert_eq!(Some(&facts.id), container.map(|one| &one.id));
    assert!(facts.pid.is_some() && facts.state == "running" && !facts.out_of_memory, "{facts:?}");
    assert!(facts.env.iter().any(|name| name == "TOKEN"), "{facts:?}");
    assert!(!format!("{found:?}").contains("tr0ub4dor"), "{found:?}");
    assert!(facts.ports.iter().any(|port| port.ends_with(" to 8000")), "{facts:?}");
    // Another engine on the same Docker sees them as somebody else's, and touches none.
    let other = Stage::with_engine();
    let empty = Repository::new(&other);
    commit(&empty, &base, "v1");
    other.apply(&project(&other, &empty, "").replace("branch = \"main\"", "branch = \"none\""));
    let names: Vec<&str> = own.iter().map(|one| one.name.as_str()).collect();
    let seen = samples(&other, "a list of others", |samples| {
        let others = samples.others.iter().flatten();
        let told: Vec<&str> = others.map(|one| one.name.as_str()).collect();
        names.iter().all(|name| told.contains(name))
    });
    let one = seen.others.iter().flatten().find(|one| one.name == names[0]).unwrap();
    assert!(one.state == "running" && one.ports[0].ends_with(">8000"), "{one:?}");
    other.end();
    assert_eq!(base.containers(&stage).len(), 2);
    samples(&stage, "a list without its own", |samples| {
        let others = samples.others.as_ref();
        others.is_some_and(|all| all.iter().all(|one| !names.contains(&one.name.as_str())))
    });
    stage.end();
}

#[test]
fn what_an_image_is_built_in_is_not_among_others() {
    let daemon = Daemon::start();
    let base = Base::make_in("building", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // What a step prints makes nobody's container ours.
    let forged = "echo ' ---> Running in 0123456789ab'; exec busybox sleep 600";
    let image = format!("FROM {}\nRUN [\"/bin/sh\", \"-c\", {forged:?}]\n", base.name());
    repository.write("Dockerfile", &image);
    repository.commit_all("builds for long");
    stage.apply(&project(&stage, &repository, ""));
    stage.wait("the image is being built", |_| base.running() == 1);
    samples(&stage, "a list without it", |samples| samples.others.as_deref() == Some(&[]));
    // One of somebody else stands there meanwhile.
    daemon.make_container("strange", base.name());
    let seen = samples(&stage, "a list with a stranger's", |samples| {
        samples.others.as_ref().is_some_and(|others| !others.is_empty())
    });
    let names = seen.others.iter().flatten().map(|one| one.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["strange"]);
    stage.submit(Command::CancelRun { id: RunId(1) }).unwrap();
    stage.wait("the run has ended", |state| state.live_runs.is_empty());
    stage.end();
}

#[test]
fn one_of_two_is_stopped_and_started_and_has_a_shell() {
    let base = Base::make("shell");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let load = Load::begin(stage.address, DOMAIN);
    let asked = |arguments: &[&str], code: i32| {
        let said = stage.binary().args(arguments).output().unwrap();
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{arguments:?}: {err}");
        err
    };
    asked(&["stop", "shop-production-r1-1", "--yes"], 0);
    stage.wait("one is left", |state| state.instances.len() == 1);
    assert_eq!(base.containers(&stage).len(), 1);
    let refused = asked(&["stop", "shop-production-r1-0", "--yes"], 5);
    assert!(refused.contains("nothing else serves"), "{refused}");
    asked(&["start", "production"], 0);
    stage.wait("both serve", |state| {
        state.instances.values().filter(|one| one.role == Role::Active && one.is_proved()).count()
            == 2
    });
    load.end_without_failure();
    shells(&stage);
    all_are_stopped(&stage);
    stage.end();
}

/// What is said where all were stopped, and what starts them again.
fn all_are_stopped(stage: &Stage) {
    let told = |arguments: &[&str], code: i32| {
        let said = stage.binary().args(arguments).output().unwrap();
        let out = String::from_utf8_lossy(&said.stdout).into_owned();
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{arguments:?}: {out}{err}");
        out + &err
    };
    for id in stage.state().instances.keys() {
        told(&["stop", id.as_str(), "--force", "--yes"], 0);
        stage.wait("it is gone", |state| !state.instances.contains_key(id));
    }
    let way = "2 stopped by a person: pilothouse start shop/production";
    let status = told(&["status"], 0);
    assert!(status.contains("r1       stopped  ") && status.contains(way), "{status}");
    let all = told(&["instances"], 0);
    assert_eq!(all, format!("nothing runs\n{way}\n"));
    for only in ["shop", "production", "shop/production"] {
        assert_eq!(told(&["instances", only], 0), all, "{only}");
        assert!(told(&["deployments", only], 0).contains("shop/production"), "{only}");
    }
    assert!(told(&["instances", "nowhere"], 5).contains("there is no environment nowhere"));
    // What asks nothing takes what a script says to every verb.
    assert!(told(&["cancel", "99", "--yes"], 5).contains("99"));
    assert!(told(&["run", "nowhere", "--yes"], 5).contains("there is no branch nowhere"));
    told(&["start", "production", "--yes"], 0);
    stage.wait("both serve again", |state| {
        state.instances.values().filter(|one| one.role == Role::Active && one.is_proved()).count()
            == 2
    });
}

/// What a shell in a container does, and what ends it.
fn shells(stage: &Stage) {
    let arguments = ["shell", "shop-production-r1-0"];
    let setup = Setup { arguments: &arguments, size: (91, 33), ..Setup::default() };
    let shell = || {
        let places = [stage.state_dir(), stage.path("config")];
        let terminal = Terminal::start_in(&stage.path("home"), places, &setup);
        terminal.sees("a shell in its container");
        terminal
    };
    let mut terminal = shell();
    terminal.press("echo \"$PILOTHOUSE_INSTANCE has $((40 + 2))\"\r");
    terminal.sees("shop-production-r1-0 has 42");
    terminal.press("busybox stty size\r");
    terminal.sees("33 91");
    terminal.resize((70, 20));
    // The engine is told a moment after the terminal.
    terminal.press("until busybox stty size | grep '20 70'; do true; done\r");
    terminal.sees("\n20 70");
    // What begins as a header of Docker's would is no header, alone or with much behind it.
    for byte in ["000", "001", "002"] {
        terminal.press(&format!(
            "sleep 0.3; busybox printf '\\{byte}\\0\\0\\0\\177\\0\\0\\0'; sleep 0.3; echo af''ter-{byte}\r"
        ));
        terminal.sees(&format!("after-{byte}"));
    }
    terminal.press("exit 7\r");
    assert_eq!(terminal.ends(), 7);
    terminal.is_restored();
    // A line that is lost leaves no shell behind in the container, and nothing that runs in it;
    // nor does a client that is killed.
    let (mut lost, mut killed) = (shell(), shell());
    lost.press("echo $((40 + 3))\r");
    lost.sees("\n43");
    lost.hang_up();
    killed.press("echo $((40 + 4)); sleep 999\r");
    killed.sees("\n44");
    killed.signal(Signal::KILL);
    killed.ends();
    let mut last = shell();
    // What was opened from outside has no parent in the container, and a guard beside it.
    let left = "busybox ps -o ppid,args | grep -e '^ *0 /bin/sh' -e 'sleep 99[9]'";
    last.press(&format!(
        "until [ $({left} | busybox wc -l) = 2 ]; do sleep 1; done; echo al''one\r"
    ));
    last.sees("\nalone");
    last.press("exit\r");
    assert_eq!(last.ends(), 0);
}
