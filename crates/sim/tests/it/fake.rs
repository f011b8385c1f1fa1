//! The simulated world as a runtime: it promises what the real ones promise, or nothing that is
//! proved on it is true of them.

use std::sync::Arc;

use pilothouse_core::artifact::ArtifactKind;
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::effect::InstanceOrder;
use pilothouse_core::id::{
    ArtifactDigest, CommitId, EnvironmentName, InstanceId, ProjectName, ReleaseNumber,
};
use pilothouse_core::spec::Runtime;
use pilothouse_core::time::Timestamp;
use pilothouse_engine::executor::Perform;

use crate::contract::{self, Ground, Kind};
use crate::specs;
use crate::world::{Trouble, Weather, World};

/// A world of its own for one case.
struct Fake {
    world: World,
    orders: u64,
}

fn with(case: impl AsyncFnOnce(&mut Fake)) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut fake = Fake { world: World::new(Weather::calm()), orders: 0 };
        case(&mut fake).await;
    });
}

contract::tests!(with);

impl Ground for Fake {
    fn port(&mut self) -> Arc<dyn Perform> {
        Arc::new(self.world.clone())
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn order(&mut self, kind: Kind) -> InstanceOrder {
        self.orders += 1;
        let release = ReleaseNumber(self.orders.try_into().unwrap());
        let environment = EnvironmentKey {
            project: ProjectName::new("shop"),
            name: EnvironmentName::new("production"),
        };
        let commit = CommitId::new(format!("commit {}", self.orders));
        let artifact = ArtifactDigest(format!("sha-{commit}"));
        let trouble = match kind {
            Kind::Well => None,
            Kind::Deaf => Some(Trouble::Deaf),
            Kind::Sick => Some(Trouble::Sick),
            Kind::Absent => Some(Trouble::Unstartable),
        };
        self.world.change(|things| {
            things.troubles.insert(commit.clone(), trouble.into_iter().collect());
            things.artifacts.insert(artifact.clone(), commit);
            things.releases.insert((environment.clone(), release));
        });
        InstanceOrder {
            id: InstanceId::new(format!("shop-production-{release}-0")),
            environment,
            release,
            artifact,
            kind: ArtifactKind::Tree,
            runtime: Runtime::Local,
            service: specs::service(),
            env: std::collections::BTreeMap::new(),
            secrets: std::collections::BTreeMap::new(),
        }
    }

    async fn running(&self, id: &InstanceId) -> usize {
        let things = self.world.look();
        usize::from(things.processes.get(id).is_some_and(|process| process.alive))
    }

    async fn crash(&mut self, id: &InstanceId) {
        self.world.change(|things| {
            let now = things.now();
            things.processes.get_mut(id).unwrap().restarts_at = Some(now);
        });
    }

    fn lose(&mut self, id: &InstanceId) {
        self.world.change(|things| {
            let now = things.now();
            things.processes.get_mut(id).unwrap().dies_at = Some(now);
        });
    }
}
