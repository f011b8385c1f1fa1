//! The contract of a runtime, played on the real ones: processes and containers of this machine.
//!
//! The cases are those of the simulated world; here is only what runs them. Whatever a case that
//! failed left is ended: by the stage what runs on the host, here what runs in containers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::container;
use pilothouse_core::effect::InstanceOrder;
use pilothouse_core::id::{ArtifactDigest, InstanceId, ReleaseNumber};
use pilothouse_core::pipeline::{Health, Run, Service, Stop};
use pilothouse_core::spec::Runtime;
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_docker::{Container, Docker};
use pilothouse_engine::clock::Clock;
use pilothouse_engine::driver::{Drivers, Surroundings};
use pilothouse_engine::executor::Perform;
use pilothouse_engine::places::Places;
use rustix::process::Signal;

use crate::contract::{Ground, Kind};
use crate::docker::image::Base;
use crate::stage::{Stage, processes, production};

/// How long a program has that is about to run.
const COMES: Duration = Duration::from_secs(2);

mod local {
    use super::{Machine, play};
    use crate::contract::{Engine, Ground as _, Kind};

    fn with(case: impl AsyncFnOnce(&mut Machine)) {
        play(|_| None, case);
    }

    crate::contract::tests!(with);

    /// What does not listen yet, or waits to be started again, does so on its own port.
    #[test]
    fn a_port_is_one_instances_until_it_has_ended() {
        with(async |machine| {
            let port = *machine.surroundings.ports.start();
            machine.surroundings.ports = port..=port;
            let (first, second) = (machine.order(Kind::Sick), machine.order(Kind::Sick));
            let mut engine = Engine::begin(machine, 0);
            assert!(engine.starts(&first).await.is_ok());
            let refused = engine.starts(&second).await.unwrap_err();
            assert!(refused.why.contains("no port of the range"), "{}", refused.why);
            engine.stop(&first.id).await;
            let third = machine.order(Kind::Sick);
            assert!(engine.starts(&third).await.is_ok());
            engine.stop(&third.id).await;
            engine.end().await;
        });
    }
}

mod docker {
    use super::{Base, Machine, play};

    fn with(case: impl AsyncFnOnce(&mut Machine)) {
        play(|name| Some(Base::make(name)), case);
    }

    crate::contract::tests!(with);
}

/// This machine, for one case.
struct Machine {
    stage: Stage,
    surroundings: Surroundings,
    /// The image of instances that are containers.
    base: Option<Base>,
    orders: u32,
}

fn play(base: impl FnOnce(&str) -> Option<Base>, case: impl AsyncFnOnce(&mut Machine)) {
    let stage = Stage::new();
    let places = Places::new(stage.state_dir());
    std::fs::create_dir_all(places.sockets()).unwrap();
    let port = stage.address.port();
    let engine_id = format!("{:08x}", std::process::id() << 12 ^ u32::from(port));
    std::fs::write(places.root().join("engine-id"), &engine_id).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let base = base(&engine_id);
    // The engine's clock goes by the runtime's.
    let _within = runtime.enter();
    let surroundings = Surroundings {
        places,
        clock: Clock::start(Timestamp(0)),
        binary: env!("CARGO_BIN_EXE_pilothouse").into(),
        ports: port + 10..=port + 89,
        probe_token: "token-of-a-test-alone".to_owned(),
        engine_id,
    };
    let mut machine = Machine { stage, surroundings, base, orders: 0 };
    runtime.block_on(async {
        case(&mut machine).await;
        Drivers::new(&machine.surroundings).edge().end().await.unwrap();
    });
}

impl Machine {
    async fn container(&self, id: &InstanceId) -> Option<Container> {
        let docker = Docker::local().unwrap().ready().await.unwrap();
        let name = format!("pilothouse-{}-{id}", self.surroundings.engine_id);
        docker.container(&name).await.unwrap()
    }

    /// The programs of an instance on the host. One that its supervisor has forked, or that is
    /// becoming another, has no environment to be known by yet: it is waited for.
    fn programs(&self, id: &InstanceId) -> Vec<u32> {
        let unit = self.surroundings.places.instance(id).join("unit");
        let supervisor = format!("supervise {}", unit.display());
        let until = Instant::now() + COMES;
        loop {
            let programs = self.known(id);
            let all = processes::of(&self.stage.path(""));
            let supervisors = all.iter().filter(|one| one.line.contains(&supervisor)).count();
            let is_settled = supervisors == 0 || (supervisors == 1 && !programs.is_empty());
            if is_settled || Instant::now() > until {
                return programs;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// The programs that are known by their environment.
    fn known(&self, id: &InstanceId) -> Vec<u32> {
        let needle = format!("PILOTHOUSE_INSTANCE={id}\0");
        let own = processes::of(&self.stage.path("")).into_iter().filter(|process| {
            let environ = std::fs::read(format!("/proc/{}/environ", process.pid));
            !process.line.contains("supervise")
                && String::from_utf8_lossy(&environ.unwrap_or_default()).contains(&needle)
        });
        own.map(|process| process.pid).collect()
    }
}

impl Ground for Machine {
    fn port(&mut self) -> Arc<dyn Perform> {
        Arc::new(Drivers::new(&self.surroundings))
    }

    fn now(&self) -> Timestamp {
        self.surroundings.clock.now()
    }

    fn order(&mut self, kind: Kind) -> InstanceOrder {
        self.orders += 1;
        let (environment, release) = (production(), ReleaseNumber(self.orders));
        let places = &self.surroundings.places;
        let files = places.release(&environment, release);
        std::fs::create_dir_all(&files).unwrap();
        std::fs::write(files.join("index.html"), "well\n").unwrap();
        let (runtime, host) = match &self.base {
            Some(base) => {
                std::fs::write(places.pinned(&environment, release), base.name()).unwrap();
                (Runtime::Docker(container::Docker::default()), "0.0.0.0")
            }
            None => (Runtime::Local, "127.0.0.1"),
        };
        let serve = format!("exec /bin/busybox httpd -f -p {host}:$PORT -h .\n");
        let run = match kind {
            Kind::Well => Run::Script(serve),
            Kind::Deaf => Run::Script(format!("trap '' TERM\n{serve}")),
            Kind::Sick => Run::Script("exec /bin/busybox sleep 1000\n".to_owned()),
            Kind::Absent => Run::Argv(vec!["/no/such/program".to_owned()]),
        };
        InstanceOrder {
            id: InstanceId::new(format!("shop-production-{release}-0")),
            environment,
            release,
            artifact: ArtifactDigest("none".to_owned()),
            kind: ArtifactKind::Tree,
            runtime,
            service: Service {
                run,
                image: None,
                port: Some(8000),
                env: BTreeMap::new(),
                health: Health { interval: Millis(100), ..Health::default() },
                stop: Stop { grace: Millis(1000), ..Stop::default() },
            },
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
        }
    }

    async fn running(&self, id: &InstanceId) -> usize {
        match &self.base {
            Some(_) => usize::from(self.container(id).await.is_some_and(|one| one.is_running)),
            None => self.programs(id).len(),
        }
    }

    async fn crash(&mut self, id: &InstanceId) {
        let pid = match &self.base {
            Some(_) => self.container(id).await.unwrap().pid.try_into().unwrap(),
            None => self.programs(id)[0],
        };
        processes::signal(pid, Signal::KILL);
    }

    fn lose(&mut self, id: &InstanceId) {
        let unit = self.surroundings.places.instance(id).join("unit");
        let supervisor = format!("supervise {}", unit.display());
        let pid = processes::one(&self.stage.path(""), &supervisor);
        processes::signal(pid, Signal::KILL);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Some(base) = &self.base else { return };
        // Whoever owns one would start it again, or take its removal for its end.
        for process in processes::supervisors(&self.stage.path("")) {
            processes::signal(process.pid, Signal::KILL);
        }
        for container in base.own(&self.stage.state_dir()) {
            base.remove(&container.id);
        }
    }
}
