//! How the world carries effects out: the engine's ports, simulated.

use std::net::SocketAddr;
use std::time::Duration;

use pilothouse_core::effect::{
    Effect, EffectId, Fault, InstanceOrder, Observation, Outcome, StepOrder, Subject,
};
use pilothouse_core::event::Head;
use pilothouse_core::id::{ArtifactDigest, InstanceId};
use pilothouse_core::run::StepExit;
use pilothouse_core::time::{Millis, Timestamp};
use pilothouse_engine::executor::{Attention, Ended, Perform, Underway};

use super::edge::Told;
use super::{Bad, Process, StepUnit, Things, Trouble, World};

/// How long an effect takes where nothing else is said.
const MOMENT: Duration = Duration::from_millis(100);

/// Says what is being worked on, until it is dropped.
struct Busy(World, Subject);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.look().busy.remove(&self.1);
    }
}

impl Perform for World {
    fn perform(&self, id: &EffectId, effect: Effect, attention: Attention) -> Underway {
        let (world, id) = (self.clone(), id.clone());
        Box::pin(async move {
            if world.look().killed {
                return std::future::pending().await;
            }
            let _busy = world.enter(&id);
            let bad = world.look().weather.next(&id);
            if let (EffectId::Clean(run), Some(_)) = (&id, bad) {
                world.look().unclean.insert(*run);
            }
            world.fare(&id, effect, attention, bad).await
        })
    }
}

impl World {
    fn enter(&self, id: &EffectId) -> Busy {
        let mut things = self.look();
        things.begun += 1;
        if !things.busy.insert(id.subject()) {
            things.violate(format!("{id:?} began while another works on the same"));
        }
        Busy(self.clone(), id.subject())
    }

    async fn fare(
        &self,
        id: &EffectId,
        effect: Effect,
        attention: Attention,
        bad: Option<Bad>,
    ) -> Ended {
        match bad {
            Some(Bad::Slow(long)) => tokio::select! {
                () = attention.cancelled.cancelled() => return Err(no_longer()),
                () = tokio::time::sleep(long) => {}
            },
            Some(Bad::Stubborn(long)) => {
                let cancelled = attention.cancelled.clone();
                let ended = self.carry_out(effect, attention).await;
                if cancelled.is_cancelled() {
                    tokio::time::sleep(long).await;
                }
                return ended;
            }
            Some(Bad::Panic) => {
                tokio::time::sleep(MOMENT).await;
                if let EffectId::Start(id) | EffectId::Prove(id) = id {
                    self.look().given_up.insert(id.clone());
                }
                std::panic::resume_unwind(Box::new("the effect panics"));
            }
            Some(Bad::Hidden) => {
                let done = self.carry_out(effect, attention).await;
                let hides =
                    matches!(id, EffectId::Publish(_) | EffectId::Start(_) | EffectId::Stop(_))
                        && done.is_ok();
                if hides && let EffectId::Start(id) = id {
                    self.look().given_up.insert(id.clone());
                }
                return if hides { Err(Fault::unknown("nobody knows")) } else { done };
            }
            Some(Bad::Transient | Bad::Permanent | Bad::Lost) | None => {}
        }
        if let Some(fault) = bad.and_then(Bad::fault) {
            tokio::select! {
                () = attention.cancelled.cancelled() => return Err(no_longer()),
                () = tokio::time::sleep(MOMENT) => {}
            }
            if let EffectId::Start(id) | EffectId::Prove(id) = id {
                self.look().given_up.insert(id.clone());
            }
            return Err(fault);
        }
        self.carry_out(effect, attention).await
    }

    async fn carry_out(&self, effect: Effect, attention: Attention) -> Ended {
        let cancelled = attention.cancelled.clone();
        if !matches!(
            effect,
            Effect::Look { .. } | Effect::Tend | Effect::Listen | Effect::Watch { .. }
        ) {
            tokio::select! {
                biased;
                () = cancelled.cancelled() => return Err(no_longer()),
                () = tokio::time::sleep(MOMENT) => {}
            }
        }
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Err(no_longer()),
            ended = self.act(effect, &attention) => ended,
        }
    }

    async fn act(&self, effect: Effect, attention: &Attention) -> Ended {
        match effect {
            Effect::Look { project, due, interval, known, answer, .. } => {
                tokio::time::sleep_until(self.instant(due)).await;
                let mut first = answer;
                loop {
                    let heads = self.look().repositories.get(&project).cloned().unwrap_or_default();
                    let same = heads.len() == known.len()
                        && heads.iter().all(|(name, head)| known.get(name) == Some(&head.id));
                    if first || !same {
                        let heads = heads.into_iter();
                        let heads =
                            heads.map(|(name, commit)| Head { name, commit, replaces: false });
                        let heads = heads.collect();
                        return Ok(Outcome::Looked { heads, unread: 0 });
                    }
                    first = false;
                    tokio::time::sleep(interval.duration()).await;
                }
            }
            Effect::CheckOut { run, commit, .. } => {
                self.change(|things| things.workspaces.insert(run, commit));
                Ok(Outcome::CheckedOut { pipeline: Box::new(crate::specs::pipeline()) })
            }
            Effect::RunStep(order) => self.run_step(&order).await,
            Effect::EndStep { run, step } => {
                self.change(|things| {
                    if let Some(unit) = things.steps.get_mut(&(run, step)) {
                        unit.over = true;
                    }
                });
                Ok(Outcome::Done)
            }
            Effect::Seal { run, .. } => self.change(|things| things.seal(run)),
            Effect::Clean { run } => {
                self.change(|things| {
                    let alive = things.steps.range((run, 0)..(run.next(), 0));
                    if alive.into_iter().any(|(_, unit)| !unit.over) {
                        things.violate(format!("{run} is cleaned while a step runs"));
                    }
                    things.workspaces.remove(&run);
                });
                Ok(Outcome::Done)
            }
            Effect::Stage { environment, release, artifact, .. } => self.change(|things| {
                if !things.artifacts.contains_key(&artifact) {
                    return Err(Fault::permanent("no such artifact"));
                }
                things.releases.insert((environment, release));
                Ok(Outcome::Done)
            }),
            Effect::Start(order) => self.change(|things| things.launch(&order)),
            Effect::Prove { id, address, deadline, .. } => self.prove(&id, address, deadline).await,
            Effect::Watch { id } => self.watch(&id, attention).await,
            Effect::Drain { id, deadline } => self.drain(&id, deadline).await,
            Effect::Stop { id, stop } => self.stop(&id, stop.grace).await,
            Effect::Tend => self.tend(attention).await,
            Effect::Listen => std::future::pending().await,
            Effect::Publish { table } => {
                let served = self.change(|things| things.serve(&table));
                tokio::time::sleep(MOMENT).await;
                served
            }
            Effect::Verify { release, .. } => self.look().verify(&release),
        }
    }

    async fn stop(&self, id: &InstanceId, grace: Millis) -> Ended {
        self.look().judge_stop(id);
        self.change(|things| things.stop(id, grace));
        tokio::time::sleep(MOMENT).await;
        let gone = |things: &mut Things| {
            let alive = things.processes.get(id).is_some_and(|process| process.alive);
            (!alive).then_some(())
        };
        self.wait(gone).await;
        self.change(|things| things.processes.remove(id));
        Ok(Outcome::Done)
    }

    async fn run_step(&self, order: &StepOrder) -> Ended {
        let key = (order.run, order.index);
        self.change(|things| {
            if !things.steps.contains_key(&key) {
                let commit = things.workspaces.get(&order.run).cloned();
                let Some(commit) = commit else {
                    things.violate(format!("{key:?} has no workspace"));
                    return;
                };
                let takes = Millis(1000 + things.weather.below(2) * 1000);
                let ends = Some(things.now().after(takes));
                let unit = StepUnit {
                    ends_at: ends.filter(|_| !things.has(&commit, Trouble::Hangs)),
                    exit: StepExit::Code(i32::from(things.has(&commit, Trouble::Fails))),
                    over: false,
                };
                things.steps.insert(key, unit);
            }
        });
        let exit = self
            .wait(|things| things.steps.get(&key).filter(|unit| unit.over).map(|u| u.exit.clone()))
            .await;
        Ok(Outcome::StepEnded { exit, log_error: None })
    }

    async fn prove(&self, id: &InstanceId, address: SocketAddr, deadline: Timestamp) -> Ended {
        let proves = self.wait(|things| {
            let now = things.now();
            let process = things.processes.get(id)?;
            // What the edge says of an earlier start says nothing of this one.
            let known = things.edge.has(id, &process.proof) && !things.edge.down;
            (process.is_healthy(now) && known && process.port == address.port()).then_some(())
        });
        tokio::select! {
            biased;
            () = proves => Ok(Outcome::Done),
            () = tokio::time::sleep_until(self.instant(deadline)) => {
                self.look().given_up.insert(id.clone());
                Err(Fault::permanent("not healthy in time"))
            }
        }
    }

    async fn watch(&self, id: &InstanceId, attention: &Attention) -> Ended {
        let mut known = None;
        loop {
            let change = self
                .wait(|things| {
                    let Some(process) = things.processes.get(id).filter(|p| p.alive) else {
                        return Some(None);
                    };
                    let is = (process.restarts, process.proof.clone());
                    (known.as_ref() != Some(&is)).then_some(Some(is))
                })
                .await;
            let Some((restarts, proof)) = change.clone() else {
                return Ok(Outcome::Lost { why: "its supervisor is gone".to_owned() });
            };
            if restarts > 0 {
                let id = id.clone();
                let (address, is_own) = (None, false);
                let runs = Observation::InstanceRestarted { id, restarts, proof, address, is_own };
                attention.observe(runs).await;
            }
            known = change;
        }
    }

    async fn drain(&self, id: &InstanceId, deadline: Timestamp) -> Ended {
        let busy = {
            let things = self.look();
            let process = things.processes.get(id);
            process.is_some_and(|process| things.has(&process.commit, Trouble::Busy))
        };
        let empty = if busy { deadline } else { self.now().after(Millis(900)).min(deadline) };
        tokio::time::sleep_until(self.instant(empty)).await;
        self.change(|things| {
            if let Some(process) = things.processes.get_mut(id) {
                process.drained = true;
            }
        });
        Ok(Outcome::Done)
    }

    async fn tend(&self, attention: &Attention) -> Ended {
        let mut told = Told::default();
        loop {
            let news = async {
                self.wait(|things| Some(things.news(&mut told)).filter(|news| !news.is_empty()))
                    .await
            };
            let flaps = self.look().edge.flaps;
            let news = tokio::select! {
                biased;
                news = news => news,
                () = tokio::time::sleep(MOMENT), if flaps => Vec::new(),
            };
            for observation in news {
                attention.observe(observation).await;
            }
        }
    }
}

fn no_longer() -> Fault {
    Fault::unknown("no longer wanted")
}

impl Things {
    fn seal(&mut self, run: pilothouse_core::id::RunId) -> Ended {
        let Some(commit) = self.workspaces.get(&run).cloned() else {
            self.violate(format!("{run} is sealed without a workspace"));
            return Err(Fault::permanent("no workspace"));
        };
        let digest = ArtifactDigest(format!("sha-{commit}"));
        self.artifacts.insert(digest.clone(), commit);
        Ok(Outcome::Sealed { digest, bytes: 1, files: 1, has_check: false })
    }

    /// Starts a process, or finds the one that runs.
    fn launch(&mut self, order: &InstanceOrder) -> Ended {
        let commit = self.artifacts.get(&order.artifact).cloned();
        let commit = commit.ok_or_else(|| Fault::permanent("no such artifact"))?;
        if !self.releases.contains(&(order.environment.clone(), order.release)) {
            self.violate(format!("{} starts before its release was laid out", order.id));
        }
        if self.stopped.contains(&order.id) {
            self.violate(format!("{} is started a second time", order.id));
            return Err(Fault::permanent("it was stopped already"));
        }
        match self.processes.get(&order.id) {
            Some(process) if process.alive => {}
            Some(_) => return Err(Fault::permanent("it ended while it started")),
            None if self.has(&commit, Trouble::Unstartable) => {
                return Err(Fault::permanent("no such program"));
            }
            None => {
                self.launches += 1;
                let count = self.launches;
                let healthy = Some(self.now().after(Millis::seconds(2)));
                let process = Process {
                    port: 30_000 + u16::try_from(count % 30_000).unwrap(),
                    proof: format!("start {count}"),
                    restarts: 0,
                    alive: true,
                    healthy_at: healthy.filter(|_| !self.has(&commit, Trouble::Sick)),
                    turns_at: None,
                    recovers_at: None,
                    restarts_at: None,
                    dies_at: None,
                    served: false,
                    drained: false,
                    commit,
                };
                self.processes.insert(order.id.clone(), process);
            }
        }
        let process = &self.processes[&order.id];
        let address = SocketAddr::from(([127, 0, 0, 1], process.port));
        Ok(Outcome::Started { address, proof: process.proof.clone() })
    }

    /// Asks a process to end: it does at once, or once its grace is over where it does not hear.
    fn stop(&mut self, id: &InstanceId, grace: Millis) {
        let now = self.now();
        let troubles = &self.troubles;
        let Some(process) = self.processes.get_mut(id) else { return };
        self.stopped.insert(id.clone());
        let is_deaf = troubles.get(&process.commit).is_some_and(|all| all.contains(&Trouble::Deaf));
        if is_deaf && process.alive {
            let end = now.after(grace);
            process.dies_at = Some(process.dies_at.map_or(end, |at| at.min(end)));
        } else {
            process.alive = false;
        }
    }

    /// The truth about promise 2: what is stopped gets no requests, by the real table.
    fn judge_stop(&mut self, id: &InstanceId) {
        if let Some(role) = self.edge.role(id) {
            self.violate(format!("{id} is stopped while the edge has it as {role:?}"));
        }
        let now = self.now();
        let cut = self
            .processes
            .get(id)
            .is_some_and(|process| process.is_healthy(now) && process.served && !process.drained);
        if cut && !self.halting && !self.given_up.contains(id) {
            self.violate(format!("{id} is stopped before it drained"));
        }
    }
}
