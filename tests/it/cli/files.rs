//! The operator's files: what is wrong with them is said exactly, and changes nothing.

use crate::world::{World, exists};

#[test]
fn every_problem_is_shown_and_nothing_is_applied() {
    let world = World::new();
    let good = "repository = \"/srv/git/blog.git\"\n[environment.production]\n";
    world.write_project("blog", good);
    let path = world.write_project(
        "shop",
        "repository = \"/srv/git/shop.git\"\nrepositry = 1\n\n[environment.production]\n\
         branch = \"main\"\ninstances = \"two\"\nruntime = \"locl\"\n",
    );
    let said = world.run(&["apply"]).ends_with(2);
    assert_eq!(said.out, "");
    let shown = path.display();
    for line in [
        format!("{shown}:2:1: "),
        "  2 | repositry = 1\n    | ^^^^^^^^^\n".to_owned(),
        format!("{shown}:6:13: "),
        "  6 | instances = \"two\"\n    |             ^^^^^\n".to_owned(),
        format!("{shown}:7:11: "),
        "3 problems\n".to_owned(),
    ] {
        assert!(said.err.contains(&line), "{line:?} is not in\n{}", said.err);
    }
    assert!(said.err.ends_with("pilothouse: nothing was changed: 1 file is not valid\n"));
    assert!(!exists(&world.state_dir()), "an engine was started for an invalid file");
}

#[test]
fn checking_needs_no_engine() {
    let world = World::new();
    let good = "repository = \"/srv/git/blog.git\"\n[environment.production]\n";
    let path = world.write_project("blog", good);
    assert_eq!(world.run(&["apply", "--check"]).ends_with(0).out, "1 file is valid\n");
    let path = path.to_str().unwrap();
    assert_eq!(world.run(&["apply", "--check", path]).ends_with(0).out, "1 file is valid\n");
    let said = world.run(&["apply", "--check", "shop"]).ends_with(2);
    let missing = world.path("config/projects/shop.toml");
    let wanted =
        format!("pilothouse: there is no {}; `pilothouse add` writes one\n", missing.display());
    assert_eq!(said.err, wanted);
}

#[test]
fn add_replaces_no_file_and_writes_none_that_is_wrong() {
    let world = World::new();
    let path = world.write_project("shop", "# mine\n");
    let said = world.run(&["add", "shop", "/srv/git/shop.git"]).ends_with(5);
    let wanted = format!("pilothouse: {} is there already and was left as it is\n", path.display());
    assert_eq!(said.err, wanted);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine\n");
    let said = world.run(&["add", "Shop", "/srv/git/shop.git"]).ends_with(2);
    assert!(said.err.contains("cannot name a project"), "{}", said.err);
    let said = world.run(&["add", "blog", "ext::sh -c id"]).ends_with(2);
    assert!(said.err.contains("remote helper"), "{}", said.err);
    assert!(!exists(&world.path("config/projects/blog.toml")));
    assert!(!exists(&world.state_dir()));
}

#[test]
fn a_port_that_is_taken_is_told_by_whoever_applies_it() {
    let world = World::with_engine();
    let taken = std::net::TcpListener::bind(("127.0.0.1", world.port)).unwrap();
    let text = format!(
        "repository = \"/srv/git/shop.git\"\n[load_balancer]\nlisten = [\"127.0.0.1:{}\"]\n\
         [environment.production]\n",
        world.port
    );
    world.write_project("shop", &text);
    let said = world.run(&["apply"]).ends_with(0);
    let wanted = format!("! the load balancer cannot listen on 127.0.0.1:{}: ", world.port);
    assert!(said.out.contains("shop is active") && said.err.contains(&wanted), "{said:?}");
    drop(taken);
}
