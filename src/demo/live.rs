//! The demonstration with the cockpit: a team that pushes, visitors that come, and a person who
//! deploys.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use color_eyre::Result;
use pilothouse_core::state::State;

use super::act::project_file;
use super::asked::Asked;
use super::guide::{guide, production};
use super::load::{Count, Load};
use super::repository::{Commit, Repository};
use super::scene::{DOMAIN, Looker, Runtime, Scene};
use crate::attach::{Look, attach};
use crate::find::Place;
use crate::out;

/// Time between two looks of the team at what production serves.
const LOOK: Duration = Duration::from_millis(500);

/// Opens the cockpit on a scene of its own; the scene goes when the person leaves.
pub fn show(look: &Look, runtime: Runtime, keep: bool, asked: &Asked) -> Result<ExitCode> {
    out::line("making a repository, an engine and a load balancer for the demonstration …");
    let mut scene = Scene::set(runtime, keep, asked)?;
    scene.apply(&project_file(&scene, "manual"))?;
    scene.goes_on()?;
    let over = Arc::new(AtomicBool::new(false));
    let team = Team {
        repository: scene.take_repository()?,
        looker: scene.looker(),
        address: scene.address(),
        visitors: None,
        pushed: 0,
    };
    let team = team.begin(Arc::clone(&over));
    let (state, config) = (Some(scene.state_dir()), Some(scene.config_dir()));
    let place = Place { state, config, ..Place::default() };
    let ended = attach(&place, scene.client(), look, false, Some(guide));
    over.store(true, Ordering::SeqCst);
    // A team that broke down has nothing to tell.
    if let Ok(Some(count)) = team.join() {
        let (good, failed) = (count.good, count.failed);
        out::line(&format!("visitors got {good} pages; {failed} requests got none"));
    }
    out::line(&scene.last_words());
    drop(scene);
    ended
}

/// Colleagues who push.
struct Team {
    repository: Repository,
    looker: Looker,
    address: SocketAddr,
    /// They come once the shop is open.
    visitors: Option<Load>,
    pushed: u32,
}

impl Team {
    fn begin(mut self, over: Arc<AtomicBool>) -> JoinHandle<Option<Count>> {
        std::thread::spawn(move || {
            if let Err(error) = self.push_first() {
                tracing::warn!(%error, "the demonstration's team cannot push");
                return None;
            }
            while !over.load(Ordering::SeqCst) {
                // An engine that does not answer is looked at again.
                if let Ok(state) = self.looker.state()
                    && let Err(error) = self.push_next(&state)
                {
                    tracing::warn!(%error, "the demonstration's team cannot push");
                    break;
                }
                std::thread::park_timeout(LOOK);
            }
            self.visitors.take().map(Load::end)
        })
    }

    fn push_first(&mut self) -> Result<()> {
        self.repository.commit("v1", "Open the shop", Commit::Good)?;
        self.repository.branch("develop")?;
        self.repository.commit("dev1", "Try a new front page", Commit::Good)?;
        self.repository.branch("feature/결제")?;
        self.repository.commit("pay1", "결제: 카드와 계좌 이체", Commit::Good)?;
        self.repository.branch("feature/login")?;
        self.repository.commit("login1", "Sign in with a key", Commit::Broken)?;
        self.repository.branch("main")?;
        self.pushed = 1;
        Ok(())
    }

    /// Once production serves what was pushed last, the next version comes.
    fn push_next(&mut self, state: &State) -> Result<()> {
        let Some(environment) = state.environments.get(&production()) else { return Ok(()) };
        if self.visitors.is_none() && environment.current.is_some() {
            self.visitors = Some(Load::begin(self.address, DOMAIN));
        }
        let busy = environment.running.is_some() || environment.waiting.is_some();
        let is_idle = !busy && environment.ready.is_none() && state.live_runs.is_empty();
        let Some(current) = environment.current.filter(|_| is_idle) else { return Ok(()) };
        if current.0 < self.pushed || self.pushed >= 20 {
            return Ok(());
        }
        self.pushed += 1;
        let version = format!("v{}", self.pushed);
        let (subject, commit) = match self.pushed % 3 {
            2 => ("Put orders in a queue", Commit::Good),
            0 => ("Answer faster, or so we think", Commit::TurnsBad(300)),
            _ => ("Print receipts", Commit::Good),
        };
        self.repository.commit(&version, subject, commit)
    }
}
