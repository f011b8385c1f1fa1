//! `kill -9` of the engine at named points on the way from a push to traffic that containers
//! serve, with visitors coming all the time.

use std::os::unix::process::ExitStatusExt as _;

use pilothouse_core::deployment::Phase;
use pilothouse_core::id::DeploymentId;
use rustix::process::Signal;

use super::image::Base;
use super::{commit, project};
use crate::stage::load::{self, Load};
use crate::stage::repository::Repository;
use crate::stage::{DOMAIN, Stage, processes, wait_until};

#[test]
fn an_engine_that_dies_anywhere_goes_on_with_its_containers() {
    let base = Base::make("crash");
    let mut stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v0");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let load = Load::begin(stage.address, DOMAIN);
    let points = [
        "after-effect/run-step:3",
        "before-effect/start",
        "after-effect/start",
        "after-effect/publish:3",
        "after-effect/stop",
    ];
    for (index, point) in points.iter().enumerate() {
        let version = format!("v{}", index + 1);
        stage.stop_engine();
        commit(&repository, &base, &version);
        let mut doomed = stage.serve();
        doomed.env("PILOTHOUSE_FAILPOINT", point);
        stage.start_as(&mut doomed);
        let ended = stage.engine_ends();
        assert_eq!(ended.signal(), Some(6), "the engine never came to {point}");
        stage.start();
        stage.succeeds(DeploymentId(index as u64 + 1));
        stage.shows(&version);
        // What is no longer needed is swept a moment later.
        stage.wait("its two containers alone are there", |_| base.all_of(&stage).len() == 2);
    }
    load.end_without_failure();
    stage.end();
}

#[test]
fn an_edge_that_dies_in_mid_deployment_comes_back_and_leads_to_the_new_containers() {
    let base = Base::make("edge");
    let stage = Stage::with_engine();
    let repository = Repository::new(&stage);
    commit(&repository, &base, "v1");
    stage.apply(&project(&stage, &repository, ""));
    stage.succeeds(DeploymentId(0));
    let before = stage.state().last_deployment;
    commit(&repository, &base, "v2");
    stage.wait("containers are started", |state| {
        let newest = state.deployments.values().next_back().unwrap();
        newest.id > before && newest.phase == Phase::Starting
    });
    processes::signal(processes::one(&stage.path(""), " edge --dir"), Signal::KILL);
    stage.succeeds(before);
    wait_until(|| "it serves".to_owned(), || load::ask(stage.address, DOMAIN, "/").is_ok());
    stage.shows("v2");
    stage.wait("its two containers alone are there", |_| base.all_of(&stage).len() == 2);
    stage.end();
}
