//! Reads a scenario, plays it in a world and writes what happened.
//!
//! One verb a line: `project`, `env`, `apply`, `push`, `delete`, `run`, `until`, `deploy`,
//! `cancel`, `edge`, `containers`, `fault`, `kill`, `sicken`, `restart`, `stop`, `again`, `shell`,
//! `doubt`, `limits`, `crash`, `reboot`, `halt`, `remove`, `hide`, `from here`, `show`,
//! `lost`.

use pilothouse_core::command::{Command, DeployWhat};
use pilothouse_core::container;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::{Fault, Input, Observation};
use pilothouse_core::id::{DeploymentId, EnvironmentName, InstanceId, ReleaseNumber, RunId};
use pilothouse_core::plan::plan;
use pilothouse_core::routing::TargetState;
use pilothouse_core::run::Trigger;
use pilothouse_core::spec::{DeployMode, ProjectSpec, Runtime};
use pilothouse_core::time::{Millis, Timestamp};

use crate::specs;
use crate::trace;
use crate::world::{Trouble, World, fold};

/// Plays a scenario and gives back its trace.
pub fn check(text: &str) -> String {
    let mut play = Play::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        play.line(line);
    }
    play.write();
    assert!(play.world.violations.is_empty(), "{:#?}", play.world.violations);
    assert_eq!(fold(&play.world.journal), play.world.state, "the journal is not the state");
    let text = serde_json::to_string(&play.world.state).unwrap();
    let read: pilothouse_core::state::State = serde_json::from_str(&text).unwrap();
    assert_eq!(read, play.world.state, "the state does not survive JSON");
    play.lines.join("\n")
}

/// A world, and what is being played in it.
pub struct Play {
    pub world: World,
    pub project: ProjectSpec,
    from: usize,
    hidden: Vec<String>,
    plan: Option<String>,
    lines: Vec<String>,
}

impl Play {
    pub fn new() -> Self {
        Self {
            world: World::new(7),
            project: specs::project("shop"),
            from: 0,
            hidden: Vec::new(),
            plan: None,
            lines: Vec::new(),
        }
    }

    fn write(&mut self) {
        let lines = trace::lines(&self.world.journal, self.from, Timestamp(1_000_000));
        self.from = self.world.journal.len();
        let hidden = &self.hidden;
        self.lines.extend(
            lines.into_iter().filter(|line| !hidden.iter().any(|word| line.contains(word))),
        );
    }

    /// The edge's last check of a target failed, or passed again, or it failed so many that it is
    /// `unwell`.
    fn doubt(&mut self, id: &str, doubted: &str) {
        let id = InstanceId::new(id);
        let mut health = self.world.state.instances[&id].health.clone();
        match doubted {
            "unwell" => health.state = TargetState::Unhealthy,
            doubted => health.doubted = doubted == "yes",
        }
        self.world.turn(&Input::Observation(Observation::TargetChanged { id, health }));
    }

    /// Plays one line.
    pub fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = &words[1..];
        match words[0] {
            "project" => self.project = specs::project(rest[0]),
            "env" => self.environment(rest),
            "drop" => self.project.environments.retain(|spec| spec.name.as_str() != rest[0]),
            "apply" => {
                let spec = Box::new(self.project.clone());
                self.ask(Command::Apply { spec });
            }
            "push" => self.push(rest),
            "replace" => {
                self.push(rest);
                self.world.replaced.insert(specs::commit(rest[1], "", self.world.now).id);
            }
            "delete" => {
                let heads = self.world.repositories.entry(self.project.name.clone()).or_default();
                heads.remove(rest[0]);
            }
            "run" => {
                let seconds = rest.first().map_or(120, |word| word.parse().unwrap());
                self.world.run_for(Millis::seconds(seconds));
            }
            "until" => self.until(rest),
            "deploy" => self.deploy(rest),
            "plan" => {
                let key = self.key(rest[0]);
                let what = what(&rest[1..]);
                self.plan = plan(&self.world.state, &key, &what).ok().map(|plan| plan.hash);
            }
            "cancel" => self.cancel(rest[0]),
            "start" => {
                let (project, branch) = (self.project.name.clone(), specs::branch(rest[0]));
                self.ask(Command::StartRun { project, branch });
            }
            "look" => {
                self.ask(Command::Look { project: None, trigger: Trigger::Hook });
            }
            "edge" => self.world.edge.down = rest[0] == "down",
            "containers" => self.containers(rest[0]),
            "fault" => self.fault(rest),
            "kill" => self.world.processes.get_mut(rest[0]).expect("a process").alive = false,
            "sicken" => self.world.processes.get_mut(rest[0]).expect("a process").healthy_at = None,
            "restart" => self.ask(Command::RestartInstance { id: InstanceId::new(rest[0]) }),
            "stop" => {
                let force = rest.get(1) == Some(&"force");
                self.ask(Command::StopInstance { id: InstanceId::new(rest[0]), force });
            }
            "call" => self.ask(Command::CallOff { id: InstanceId::new(rest[1]) }),
            "shell" => self.ask(Command::OpenShell { id: InstanceId::new(rest[0]) }),
            "again" => {
                let environment = self.key(rest[0]);
                self.ask(Command::StartInstances { environment });
            }
            "doubt" => self.doubt(rest[0], rest[1]),
            "limits" => {
                self.world.limits.executors = rest[0].parse().unwrap();
                self.world.limits.queued_runs = rest[1].parse().unwrap();
                self.world.crash();
            }
            "crash" => self.world.crash(),
            "reboot" => self.world.reboot(),
            "remove" => self.ask(Command::RemoveProject { project: rest[0].into() }),
            "halt" => self.ask(Command::Halt),
            "hide" => self.hidden.extend(rest.iter().map(|word| word.replace('_', " "))),
            "from" => self.from = self.world.journal.len(),
            "show" => self.show(),
            "lost" => self.lost(rest[0]),
            other => panic!("no verb {other}"),
        }
    }

    fn key(&self, name: &str) -> EnvironmentKey {
        let (project, name) = (self.project.name.clone(), EnvironmentName::new(name));
        EnvironmentKey { project, name }
    }

    fn ask(&mut self, command: Command) {
        if let Err(rejection) = self.world.ask(command) {
            self.write();
            self.lines.push(format!("refused, {:?}: {}", rejection.kind, rejection.why));
        }
    }

    fn environment(&mut self, words: &[&str]) {
        let mut spec = specs::environment(self.project.name.as_str(), words[0], words[1]);
        for word in &words[2..] {
            match word.split_once('=') {
                None if *word == "manual" => spec.deploy = DeployMode::Manual,
                None if *word == "docker" => {
                    spec.runtime = Runtime::Docker(container::Docker::default());
                }
                None if *word == "preview" => {
                    spec.preview = true;
                    spec.domain = Some("{branch}.shop.test".to_owned());
                }
                None if *word == "stays" => spec.strategy.auto_rollback = false,
                Some(("instances", n)) => spec.instances = n.parse().unwrap(),
                Some(("max", n)) => spec.strategy.max_percent = n.parse().unwrap(),
                Some(("min", n)) => spec.strategy.min_healthy_percent = n.parse().unwrap(),
                Some(("keep", n)) => spec.keep_releases = n.parse().unwrap(),
                Some(("bake", n)) => spec.strategy.bake = Millis::seconds(n.parse().unwrap()),
                Some(("domain", name)) => spec.domain = Some(name.to_owned()),
                Some((name, value)) if name == name.to_uppercase() => {
                    spec.env.insert(name.to_owned(), value.to_owned());
                }
                _ => panic!("no setting {word}"),
            }
        }
        self.project.environments.retain(|known| known.name != spec.name);
        self.project.environments.push(spec);
    }

    fn push(&mut self, words: &[&str]) {
        let now = self.world.now;
        let commit = specs::commit(words[1], &words[1..].join(" "), now);
        let troubles =
            words[2..].iter().map(|word| Trouble::named(word).expect("a trouble")).collect();
        self.world.troubles.insert(commit.id.clone(), troubles);
        let heads = self.world.repositories.entry(self.project.name.clone()).or_default();
        heads.insert(specs::branch(words[0]), commit);
    }

    fn until(&mut self, words: &[&str]) {
        for _ in 0..10_000 {
            let there = self.world.state.live_deployments.iter().any(|id| {
                let phase = format!("{:?}", self.world.state.deployments[id].phase);
                id.to_string() == words[0] && is_in(&phase, words[1])
            });
            let runs = self.world.state.live_runs.iter().any(|id| {
                let phase = format!("{:?}", self.world.state.runs[id].phase);
                id.to_string() == words[0] && phase.starts_with(words[1])
            });
            if there || runs {
                return;
            }
            assert!(self.world.step(), "nothing moves");
        }
        panic!("{words:?} never came:\n{}", self.world.tail(30));
    }

    fn deploy(&mut self, words: &[&str]) {
        let planned = words.contains(&"planned");
        let words: Vec<&str> = words.iter().copied().filter(|word| *word != "planned").collect();
        let environment = self.key(words[0]);
        let plan = self.plan.clone().filter(|_| planned);
        self.ask(Command::Deploy { environment, what: what(&words[1..]), plan });
    }

    fn cancel(&mut self, name: &str) {
        let waiting = name.ends_with('+');
        let number = name[1..].trim_end_matches('+').parse().unwrap();
        self.ask(if name.starts_with('d') {
            Command::CancelDeployment { id: DeploymentId(number), waiting }
        } else {
            Command::CancelRun { id: RunId(number) }
        });
    }

    fn containers(&mut self, what: &str) {
        match what {
            "lost" => {
                self.world.containers.unnoticed = false;
                self.world.lose_containers();
            }
            "unnoticed" => {
                self.world.containers.unnoticed = true;
                self.world.lose_containers();
            }
            "taken" => self.world.find_containers(true),
            "back" => self.world.find_containers(false),
            other => panic!("containers are not {other}"),
        }
    }

    fn fault(&mut self, words: &[&str]) {
        let fault = match words[1] {
            "transient" => Fault::transient("it may pass"),
            "permanent" => Fault::permanent("it will not pass"),
            "unknown" => Fault::unknown("nobody knows"),
            other => panic!("no fault {other}"),
        };
        let times: usize = words.get(2).map_or(1, |word| word.parse().unwrap());
        self.world.faults.entry(words[0].to_owned()).or_default().extend(vec![fault; times]);
    }

    fn lost(&mut self, name: &str) {
        self.write();
        let lost = self.world.state.environments[&self.key(name)].lost.as_ref();
        let said = lost.map_or("nothing".to_owned(), |lost| format!("{}: {}", lost.id, lost.why));
        self.lines.push(format!("= {name} lost {said}"));
    }

    fn show(&mut self) {
        self.write();
        for (key, environment) in &self.world.state.environments {
            let current = environment.current.map_or("nothing".to_owned(), |r| r.to_string());
            let instances: Vec<String> = self
                .world
                .state
                .instances_of(key)
                .map(|instance| format!("{} {:?}", instance.id, instance.role))
                .collect();
            self.lines.push(format!("= {} {current}: {}", key.name, instances.join(", ")));
        }
    }
}

fn what(words: &[&str]) -> DeployWhat {
    match words {
        ["ready"] => DeployWhat::Ready,
        ["rollback"] => DeployWhat::Rollback(None),
        ["rollback", number] => DeployWhat::Rollback(Some(ReleaseNumber(number.parse().unwrap()))),
        ["run", number] => DeployWhat::Run(RunId(number.parse().unwrap())),
        ["promote", from] => DeployWhat::Promotion(EnvironmentName::new(*from)),
        other => panic!("nothing to deploy: {other:?}"),
    }
}

/// `RollingBack_Draining` names a step too.
fn is_in(phase: &str, wanted: &str) -> bool {
    match wanted.split_once('_') {
        Some((phase_name, step)) => phase.starts_with(phase_name) && phase.contains(step),
        None => phase.starts_with(wanted),
    }
}
