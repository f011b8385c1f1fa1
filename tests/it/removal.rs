//! A project that is removed: it is asked about no more, serves no more, and can come again.

use std::net::TcpStream;
use std::process::{Output, Stdio};

use pilothouse_core::deployment::Phase;
use pilothouse_core::id::{DeploymentId, ReleaseNumber};

use super::stage::{Stage, production, wait_until};

fn run(stage: &Stage, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = stage.binary().args(arguments).output().unwrap();
    let told = [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (status.code(), told)
}

fn write(stage: &Stage, text: &str) {
    std::fs::create_dir_all(stage.path("config/projects")).unwrap();
    std::fs::write(stage.path("config/projects/shop.toml"), text).unwrap();
}

#[test]
fn it_leaves_nothing_and_its_name_can_come_again() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    let text = stage.project(repository.dir());
    let file = stage.path("config/projects/shop.toml");

    // Nobody's file asks for it: that is said, with what to do.
    let fileless = "shop has no file any more; `pilothouse remove shop` removes it";
    let (code, told) = run(&stage, &["apply"]);
    assert!(code == Some(2) && told.contains(fileless), "{told}");
    let (_, told) = run(&stage, &["doctor"]);
    assert!(told.contains("shop has no file any more"), "{told}");
    assert!(told.contains("→ pilothouse remove shop"), "{told}");
    write(&stage, &text);
    let (code, told) = run(&stage, &["apply"]);
    assert_eq!((code, told.as_str()), (Some(0), "shop: nothing changes\n"));

    // What an environment that leaves the file takes along is told before anybody is asked.
    write(&stage, &text.replace("production", "prod"));
    let (code, told) = run(&stage, &["apply"]);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("2 × shop/production stops, which serves shop.localhost"), "{told}");
    write(&stage, &text);

    // The plan comes first, and the file that would bring it back is named.
    let (code, told) = run(&stage, &["remove", "shop"]);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("shop/production stops: 2 × of shop.localhost"), "{told}");
    assert!(told.contains(&format!("{} stays", file.display())), "{told}");
    assert!(!stage.state().projects["shop"].removing);
    let (code, told) = run(&stage, &["remove", "blog", "--yes"]);
    assert!(code == Some(5) && told.contains("there is no project blog"), "{told}");

    let (code, told) = run(&stage, &["remove", "shop", "--yes"]);
    assert_eq!(code, Some(0), "{told}\n{}", stage.engine_log());
    assert!(told.ends_with("shop is removed\n"), "{told}");
    let state = stage.state();
    assert!(state.projects.is_empty() && state.environments.is_empty(), "{state:#?}");
    assert!(state.runs.is_empty() && state.deployments.is_empty(), "{state:#?}");
    assert!(state.instances.is_empty() && state.artifacts.is_empty(), "{state:#?}");
    let is_closed = || TcpStream::connect(stage.address).is_err();
    wait_until(|| "the load balancer closes its port".to_owned(), is_closed);
    assert!(run(&stage, &["audit"]).1.contains("remove shop"));
    let (code, told) = run(&stage, &["status"]);
    assert_eq!(code, Some(0), "{told}");

    // What is pushed is nobody's.
    repository.commit("v2");
    let (code, told) = run(&stage, &["look", "shop"]);
    assert!(code == Some(5) && told.contains("there is no project shop"), "{told}");
    assert_eq!(stage.state().last_run.0, 1);

    // Numbers go on, so that no name of its former life comes back.
    let (code, told) = run(&stage, &["apply"]);
    assert!(code == Some(0) && told.starts_with("shop is new\n"), "{told}");
    let second = stage.succeeds(DeploymentId(1));
    assert_eq!((second.id, second.release), (DeploymentId(2), ReleaseNumber(2)));
    assert_eq!(stage.state().environments[&production()].current, Some(ReleaseNumber(2)));
    stage.shows("v2");
    stage.end();
}

#[test]
fn whoever_waits_for_a_deployment_is_told_that_its_environment_was_removed() {
    let stage = Stage::with_engine();
    let repository = stage.deployed("v1");
    stage.apply(&stage.project(repository.dir()).replace("\"auto\"", "\"manual\""));
    *repository.before.borrow_mut() = "sleep 600";
    repository.commit("v2");
    stage.wait("v2 is ready", |state| {
        state.environments[&production()].ready.as_ref().is_some_and(|ready| ready.run.0 == 2)
    });
    let mut deploy = stage.binary();
    deploy.args(["deploy", "production", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let waiting = deploy.spawn().unwrap();
    stage.wait("the deployment waits for its instances", |state| {
        let newest = state.deployments.values().next_back().unwrap();
        newest.id == DeploymentId(2) && newest.phase == Phase::Starting && !newest.new.is_empty()
    });
    let (code, told) = run(&stage, &["remove", "shop", "--yes"]);
    assert_eq!(code, Some(0), "{told}");
    let said = waiting.wait_with_output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    let wanted = "pilothouse: d2 did not succeed: shop/production was removed\n";
    assert_eq!((said.status.code(), told.as_str()), (Some(1), wanted));
    stage.end();
}
