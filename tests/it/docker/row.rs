//! Many deployments in a row: nobody notices, and nothing piles up.

use pilothouse_core::command::{Command, DeployWhat};
use pilothouse_core::id::{DeploymentId, ReleaseNumber};

use super::super::stage::load::Load;
use super::super::stage::repository::Repository;
use super::super::stage::{DOMAIN, Stage, production};
use super::daemon::Daemon;
use super::image::Base;
use super::{commit, project};

#[test]
fn twenty_deployments_in_a_row_under_load_fail_no_request_and_leave_nothing() {
    let daemon = Daemon::start();
    let base = Base::make_in("row", daemon.client());
    let mut stage = Stage::new();
    stage.use_docker(daemon.host());
    stage.start();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    // Many tests run at once here, and an answer may take more than a second.
    stage.apply(&project(&stage, &repository, "").replace("drain = \"1s\"", "drain = \"20s\""));
    stage.succeeds(DeploymentId(0));
    let load = Load::begin(stage.address, DOMAIN);
    let mut last = stage.state().last_deployment;
    // Four are built, and each is gone back to again and again.
    for version in ["v2", "v3", "v4"] {
        commit(&repository, &base, version);
        last = stage.succeeds(last).id;
    }
    for number in 4..20 {
        let release = number % 4 + 1;
        let what = DeployWhat::Rollback(Some(ReleaseNumber(release)));
        let environment = production();
        stage.submit(Command::Deploy { environment, what, plan: None }).unwrap();
        last = stage.succeeds(last).id;
        stage.shows(&format!("v{release}"));
    }
    assert_eq!(last, DeploymentId(20));
    load.end_without_failure();
    let containers = base.containers(&stage);
    assert_eq!(containers.len(), 2, "{containers:#?}");
    assert_eq!(base.all_of(&stage).len(), 2);
    assert_eq!(base.images(&stage).len(), 4, "an image of each release and no other");
    stage.halt();
    // The engine is this test's own: what is there is ours.
    assert_eq!(daemon.entries("containers"), Vec::<String>::new());
    assert_eq!(daemon.entries("network/files"), vec!["local-kv.db"]);
    let volumes = daemon.entries("volumes");
    assert!(
        volumes.iter().all(|one| one == "backingFsBlockDev" || one == "metadata.db"),
        "{volumes:?}"
    );
}
