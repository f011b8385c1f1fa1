//! No engine answers.

use std::time::Duration;

use crate::world::{World, exists, wait_until};

#[test]
fn verbs_that_read_say_so_and_start_none() {
    let world = World::new();
    let verbs: [&[&str]; 8] = [
        &["status"],
        &["branches", "--json"],
        &["runs"],
        &["logs", "1"],
        &["deploy", "production", "--yes"],
        &["cancel", "1"],
        &["audit"],
        &["down"],
    ];
    let socket = world.socket("engine.sock");
    for verb in verbs {
        let said = world.run(verb).ends_with(7);
        let wanted = format!(
            "pilothouse: no engine answers at {}: there is no such socket; start one with \
             `pilothouse serve`\n",
            socket.display()
        );
        assert_eq!((said.out.as_str(), said.err), ("", wanted), "{verb:?}");
    }
    assert!(!exists(&world.state_dir()), "something was made");
}

#[test]
fn version_answers_without_an_engine() {
    let world = World::new();
    let said = world.run(&["version", "--json"]).ends_with(0).json();
    assert_eq!(said["pilothouse"], env!("CARGO_PKG_VERSION"));
    assert!(said["engine"].is_null());
}

#[test]
fn a_named_socket_is_never_given_an_engine() {
    let world = World::new();
    world.write_project("shop", "repository = \"/srv/a\"\n[environment.production]\n");
    let socket = world.path("other.sock");
    let said = world.run(&["--socket", socket.to_str().unwrap(), "apply"]).ends_with(7);
    assert!(said.err.contains("no engine answers at"), "{said:?}");
    assert!(!exists(&world.state_dir()));
}

#[test]
fn apply_starts_one_that_outlives_it_and_down_ends_it() {
    let world = World::new();
    let text = format!(
        "repository = \"{}\"\n[load_balancer]\nlisten = [\"127.0.0.1:{}\"]\n\
         [environment.production]\n",
        world.path("nothing").display(),
        world.port
    );
    world.write_project("shop", &text);
    let said = world.run(&["apply"]).ends_with(0);
    assert_eq!(said.out, "shop is new\nshop is active\n");
    let log = world.state_dir().join("engine.log");
    let started = format!("started an engine in the background; its log is {}\n", log.display());
    assert_eq!(said.err, started);
    assert_eq!(world.run(&["apply", "shop"]).ends_with(0).out, "shop: nothing changes\n");
    // The repository is not there, and status says so instead of showing nothing.
    let mut problem = String::new();
    wait_until("the first look has failed", || {
        let said = world.run(&["status", "shop", "--json"]).ends_with(0).json();
        problem = said["projects"][0]["problem"].as_str().unwrap_or_default().to_owned();
        !problem.is_empty()
    });
    assert!(problem.contains("nothing"), "{problem}");
    let down = world.run(&["down"]).ends_with(0);
    assert_eq!(down.out, "the engine has stopped; instances and the load balancer serve on\n");
    world.run(&["status"]).ends_with(7);
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let world = World::new();
    world.write_project("shop", "repository = \"/srv/a\"\n[environment.production]\n");
    // Where the journal should be is a file.
    std::fs::create_dir_all(world.state_dir()).unwrap();
    std::fs::write(world.state_dir().join("journal"), "").unwrap();
    let begun = std::time::Instant::now();
    let said = world.run(&["apply"]).ends_with(7);
    assert!(said.err.starts_with("pilothouse: the engine did not start: "), "{}", said.err);
    let place = world.state_dir().display().to_string();
    assert!(said.err.contains(&place) && said.err.contains("File exists"), "{}", said.err);
    assert!(begun.elapsed() < Duration::from_secs(20), "it was waited for");
    std::fs::remove_file(world.state_dir().join("journal")).unwrap();
}

#[test]
fn down_ends_the_engine_and_nothing_else_does() {
    let mut world = World::with_engine();
    let said = world.run(&["down", "--all"]).ends_with(5);
    assert!(said.out.starts_with("this stops\n"), "{}", said.out);
    assert!(said.err.contains("say --yes"), "{}", said.err);
    world.run(&["version"]).ends_with(0);
    world.run(&["down"]).ends_with(0);
    world.wait_for_engine();
}
