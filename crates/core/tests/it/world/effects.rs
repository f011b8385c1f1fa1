//! How the world carries effects out.

use std::net::SocketAddr;

use pilothouse_core::effect::{Effect, EffectId, Fault, FaultKind, InstanceOrder, Outcome};
use pilothouse_core::event::Head;
use pilothouse_core::id::{ArtifactDigest, CommitId, InstanceId, ProjectName};
use pilothouse_core::instance::{Instance, InstancePhase};
use pilothouse_core::routing::Role;
use pilothouse_core::run::StepExit;
use pilothouse_core::spec::Runtime;
use pilothouse_core::time::{Millis, Timestamp};

use super::{Flight, Place, Process, Trouble, World};

impl World {
    pub(super) fn begin(&mut self, id: EffectId, effect: Effect) {
        let takes = Millis(match &effect {
            Effect::RunStep(_) => 3000,
            Effect::CheckOut { .. } | Effect::Seal { .. } => 500,
            Effect::Stop { id, .. } if self.has(id, Trouble::Clings) => 9000,
            Effect::Drain { id, .. } if self.has(id, Trouble::Busy) => 600_000,
            Effect::Drain { .. } => 1000,
            _ => 100,
        });
        let mut due = self.now.after(takes);
        match &effect {
            Effect::Look { due: first, .. } => due = due.max(*first),
            Effect::Drain { deadline, .. } => due = due.min(*deadline),
            Effect::Stop { id, .. } => self.judge_stop(id),
            _ => {}
        }
        let early = self.chance(3);
        let flight = Flight { effect, due };
        if early {
            self.do_quietly(&id, &flight);
        }
        self.past.push(id.clone());
        self.flights.insert(id, flight);
    }

    /// When an effect gives up by itself.
    pub(super) fn deadline(effect: &Effect) -> Option<Timestamp> {
        match effect {
            Effect::Prove { deadline, .. } => Some(*deadline),
            _ => None,
        }
    }

    /// Does what an effect does, though nobody hears of it.
    pub(super) fn do_quietly(&mut self, id: &EffectId, flight: &Flight) {
        match &flight.effect {
            Effect::Start(order) if !self.faulty(id) => {
                let _ = self.launch(order);
            }
            Effect::Stop { id: instance, .. } if !self.is_out_of_reach(id) => {
                self.processes.remove(instance);
            }
            Effect::Publish { table } if !self.faulty(id) => {
                let _ = self.serve(table);
            }
            Effect::Drain { id, .. } if flight.due <= self.now => {
                if let Some(process) = self.processes.get_mut(id) {
                    process.drained = true;
                }
            }
            _ => {}
        }
    }

    fn faulty(&self, id: &EffectId) -> bool {
        self.is_out_of_reach(id)
            || self.faults.get(&word(id)).is_some_and(|faults| !faults.is_empty())
    }

    fn has(&self, id: &InstanceId, trouble: Trouble) -> bool {
        self.processes.get(id).is_some_and(|process| process.has(trouble))
    }

    fn commit_has(&self, commit: &CommitId, trouble: Trouble) -> bool {
        self.troubles.get(commit).is_some_and(|troubles| troubles.contains(&trouble))
    }

    fn run_has(&self, run: pilothouse_core::id::RunId, trouble: Trouble) -> bool {
        let commit = self.state.runs.get(&run).map(|run| &run.commit);
        commit.is_some_and(|c| self.troubles.get(c).is_some_and(|t| t.contains(&trouble)))
    }

    /// Says whether an effect that is due ends now.
    pub(super) fn would_end(&self, id: &EffectId) -> bool {
        if self.faulty(id) {
            return true;
        }
        match &self.flights[id].effect {
            Effect::Look { project, known, answer, .. } => {
                let heads = self.repositories.get(project);
                let same = heads.is_none_or(|heads| {
                    heads.len() == known.len()
                        && heads.iter().all(|(name, commit)| known.get(name) == Some(&commit.id))
                });
                *answer || !same
            }
            Effect::RunStep(order) => !self.run_has(order.run, Trouble::Hangs),
            Effect::Prove { id, deadline, .. } => self.now >= *deadline || self.proves(id),
            Effect::Watch { id } => self.processes.get(id).is_none_or(|process| !process.alive),
            Effect::Tend | Effect::Listen => false,
            Effect::CheckOut { .. }
            | Effect::EndStep { .. }
            | Effect::Seal { .. }
            | Effect::Clean { .. }
            | Effect::Stage { .. }
            | Effect::Start(_)
            | Effect::Drain { .. }
            | Effect::Stop { .. }
            | Effect::Publish { .. }
            | Effect::Verify { .. } => true,
        }
    }

    fn proves(&self, id: &InstanceId) -> bool {
        !self.edge.down
            && self.processes.get(id).is_some_and(|process| {
                process.is_healthy(self.now) && self.edge.has(id, &process.proof)
            })
    }

    /// Ends an effect that is due, if it ends now.
    pub(super) fn end(&mut self, id: &EffectId) -> Option<Result<Outcome, Fault>> {
        if !self.would_end(id) {
            return None;
        }
        if let Some(fault) = self.fault(id) {
            self.edge.refused += u32::from(matches!(id, EffectId::Publish(_)));
            if let (FaultKind::Unknown, Effect::Publish { table }) =
                (fault.kind, self.flights[id].effect.clone())
                && self.chance(2)
            {
                let _ = self.serve(&table);
            }
            if let (FaultKind::Unknown, Effect::Start(order)) =
                (fault.kind, self.flights[id].effect.clone())
                && self.chance(2)
            {
                let _ = self.launch(&order);
            }
            return Some(Err(fault));
        }
        Some(match self.flights[id].effect.clone() {
            Effect::Look { project, .. } => {
                Ok(Outcome::Looked { heads: self.heads(&project), unread: 0 })
            }
            Effect::CheckOut { project, commit, .. } => {
                let pipeline = crate::specs::pipeline_of(&project, &commit);
                Ok(Outcome::CheckedOut { pipeline: Box::new(pipeline) })
            }
            Effect::RunStep(order) => {
                *self.steps.entry((order.run, order.index)).or_default() += 1;
                let code = i32::from(self.run_has(order.run, Trouble::Fails));
                Ok(Outcome::StepEnded { exit: StepExit::Code(code), log_error: None })
            }
            Effect::EndStep { .. } | Effect::Clean { .. } | Effect::Stage { .. } => {
                Ok(Outcome::Done)
            }
            Effect::Seal { run, .. } => {
                let commit = &self.state.runs[&run].commit;
                // Commits that differ only behind `=` have the same bytes.
                let bytes = commit.as_str().split('=').next().unwrap_or_default();
                let digest = ArtifactDigest(format!("sha-{bytes}"));
                Ok(Outcome::Sealed { digest, bytes: 1, files: 1, has_check: false })
            }
            Effect::Start(order) => self.launch(&order),
            Effect::Prove { id, .. } if self.proves(&id) => Ok(Outcome::Done),
            Effect::Prove { .. } => Err(Fault::permanent("not healthy in time")),
            Effect::Watch { .. } => Ok(Outcome::Lost { why: "its supervisor is gone".to_owned() }),
            Effect::Drain { id, .. } => {
                if self.edge.role(&id) == Some(Role::Active) {
                    self.violations.push(format!("{id} is drained while it gets requests"));
                }
                let cut = u64::from(self.has(&id, Trouble::Busy));
                if let Some(process) = self.processes.get_mut(&id) {
                    process.drained = true;
                }
                Ok(Outcome::Drained { cut })
            }
            Effect::Stop { id, .. } => {
                self.processes.remove(&id);
                Ok(Outcome::Done)
            }
            Effect::Tend | Effect::Listen => return None,
            Effect::Publish { table } => {
                self.edge.refused = 0;
                self.serve(&table)
            }
            Effect::Verify { release, .. } => self.verify(&release),
        })
    }

    /// What an effect that ended well would have said.
    pub(super) fn late_outcome(id: &EffectId) -> Outcome {
        match id {
            EffectId::CheckOut(_) => {
                Outcome::CheckedOut { pipeline: Box::new(crate::specs::pipeline()) }
            }
            EffectId::RunStep(..) => {
                Outcome::StepEnded { exit: StepExit::Code(0), log_error: None }
            }
            EffectId::Seal(_) => Outcome::Sealed {
                digest: ArtifactDigest::new("late"),
                bytes: 1,
                files: 1,
                has_check: false,
            },
            EffectId::Start(_) => Outcome::Started {
                address: SocketAddr::from(([127, 0, 0, 1], 9)),
                proof: "late".to_owned(),
            },
            EffectId::Publish(_) => Outcome::Published { digest: "late".to_owned() },
            EffectId::Watch(_) => Outcome::Lost { why: "late".to_owned() },
            _ => Outcome::Done,
        }
    }

    fn fault(&mut self, id: &EffectId) -> Option<Fault> {
        if self.is_out_of_reach(id) {
            return Some(Fault::transient("the engine of containers does not answer"));
        }
        let faults = self.faults.get_mut(&word(id))?;
        (!faults.is_empty()).then(|| faults.remove(0))
    }

    fn heads(&self, project: &ProjectName) -> Vec<Head> {
        let heads = self.repositories.get(project).into_iter().flatten();
        let replaced = &self.replaced;
        heads
            .map(|(name, commit)| {
                let replaces = replaced.contains(&commit.id);
                Head { name: name.clone(), commit: commit.clone(), replaces }
            })
            .collect()
    }

    /// Starts a process, or finds the one that runs.
    fn launch(&mut self, order: &InstanceOrder) -> Result<Outcome, Fault> {
        let release = &self.state.environments[&order.environment].releases[&order.release];
        let commit = release.commit.clone();
        let own = crate::specs::pipeline_of(&order.environment.project, &commit).service;
        if order.service != own {
            let id = &order.id;
            self.violations.push(format!("{id} runs as another commit says: {:?}", order.service));
        }
        if self.commit_has(&commit, Trouble::Unstartable) {
            return Err(Fault::permanent("no such program"));
        }
        let found = self.processes.get(&order.id).filter(|process| process.alive);
        if found.is_none() {
            self.starts += 1;
            let mut troubles = Vec::new();
            for (_, trouble) in Trouble::ALL {
                if self.commit_has(&commit, trouble) {
                    troubles.push(trouble);
                }
            }
            let soon = self.now.after(Millis::seconds(2));
            let process = Process {
                port: 30_000 + u16::try_from(self.starts % 30_000).unwrap_or(0),
                proof: format!("start {}", self.starts),
                restarts: 0,
                alive: true,
                place: match order.runtime {
                    Runtime::Local | Runtime::AwsWatch(_) => Place::Host,
                    Runtime::Docker(_) => Place::Container,
                },
                healthy_at: Some(soon).filter(|_| !troubles.contains(&Trouble::Sick)),
                turns_at: None,
                restarts_at: None,
                dies_at: None,
                served: false,
                drained: false,
                troubles,
            };
            self.processes.insert(order.id.clone(), process);
        }
        let process = &self.processes[&order.id];
        Ok(Outcome::Started {
            address: SocketAddr::from(([127, 0, 0, 1], process.port)),
            proof: process.proof.clone(),
        })
    }

    fn verify(&self, release: &str) -> Result<Outcome, Fault> {
        let table = self.edge.table.as_ref().filter(|_| !self.edge.down);
        let mut targets = table
            .into_iter()
            .flat_map(|table| &table.target_groups)
            .flat_map(|group| &group.targets)
            .filter(|target| target.role == Role::Active && target.release == release);
        let answers = targets.any(|target| {
            let process = self.processes.get(target.id.as_str());
            process.is_some_and(|process| process.is_healthy(self.now))
        });
        if answers { Ok(Outcome::Done) } else { Err(Fault::transient("another release answered")) }
    }

    /// The truth about promise 2: what is stopped gets no requests, by the real table.
    fn judge_stop(&mut self, id: &InstanceId) {
        if self.is_taken_away(id) && self.edge.refused >= 4 {
            return;
        }
        if let Some(role) = self.edge.role(id) {
            self.violations.push(format!("{id} is stopped while the edge has it as {role:?}"));
        }
        let cut = self.processes.get(id).is_some_and(|process| {
            process.is_healthy(self.now) && process.served && !process.drained
        });
        // One that did not prove itself in time is not waited for.
        let given_up = self.given_up.contains(id);
        if cut && !self.state.halting && !given_up {
            self.violations.push(format!("{id} is stopped before it drained"));
        }
    }

    /// What is let go without a drain because somebody takes it away and the edge takes no table is
    /// let go for good, though its environment may be wanted again before it has stopped.
    pub(super) fn give_up_what_is_taken_away(&mut self) {
        if self.edge.refused < 4 {
            return;
        }
        let stopping = |one: &&Instance| matches!(one.phase, InstancePhase::Stopping { .. });
        let ids = self.state.instances.values().filter(stopping).map(|one| one.id.clone());
        let taken: Vec<_> = ids.filter(|id| self.is_taken_away(id)).collect();
        self.given_up.extend(taken);
    }

    /// Whether somebody wants all of what an instance is of to be gone.
    fn is_taken_away(&self, id: &InstanceId) -> bool {
        let instance = self.state.instances.get(id);
        let of = instance.and_then(|one| self.state.environments.get(&one.environment));
        self.state.halting || of.is_some_and(|environment| environment.removing)
    }
}

/// The first word of an effect's id: `Start`, `Publish`.
pub fn word(id: &EffectId) -> String {
    let text = format!("{id:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}
