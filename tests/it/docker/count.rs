//! How many containers there are to be, changed while they serve.

use pilothouse_core::id::DeploymentId;
use pilothouse_core::instance::{Instance, Role};
use pilothouse_core::routing::TargetState;

use super::super::stage::load::Load;
use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage};
use super::image::Base;
use super::{commit, project};

#[test]
fn more_or_fewer_containers_serve_as_soon_as_the_file_says_so() {
    let base = Base::make("count");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    let text = project(&stage, &repository, "");
    let of = |count: usize| text.replace("instances = 2", &format!("instances = {count}"));
    stage.apply(&text);
    stage.succeeds(DeploymentId(0));
    let first: Vec<String> = base.containers(&stage).into_iter().map(|one| one.id).collect();
    let load = Load::begin(stage.address, DOMAIN);
    for (count, dies) in [(4, false), (1, false), (3, true)] {
        stage.apply(&of(count));
        if dies {
            stage.kill_engine();
            stage.start();
        }
        let serves = |one: &Instance| {
            one.role == Role::Active && one.is_proved() && one.health.state == TargetState::Healthy
        };
        stage.wait(&format!("{count} serve and no other is left"), |state| {
            state.instances.len() == count && state.instances.values().all(serves)
        });
        let now = base.containers(&stage);
        assert_eq!(now.len(), count, "{now:#?}");
        // Those that are wanted on are not started anew.
        let left = now.iter().filter(|one| first.contains(&one.id)).count();
        assert!(left >= 1, "{now:#?}");
    }
    load.end_without_failure();
    // The next release has as many.
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.succeeds(before);
    stage.shows("v2");
    assert_eq!(base.containers(&stage).len(), 3);
    stage.end();
}
