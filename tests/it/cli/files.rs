//! The operator's files: what is wrong with them is said exactly, and changes nothing.

use crate::world::{World, exists, wait_until};

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
        "no engine answers at ".to_owned(),
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
    assert!(!world.state_dir().exists(), "an engine was started, or its place was made");
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

#[test]
fn an_address_that_serves_is_not_given_up_for_one_that_is_taken() {
    let world = World::with_engine();
    let listen = |port: u16| {
        format!(
            "repository = \"/srv/git/shop.git\"\n[load_balancer]\n\
             listen = [\"127.0.0.1:{port}\"]\n[environment.production]\n"
        )
    };
    world.write_project("shop", &listen(world.port));
    world.run(&["apply"]).ends_with(0);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    world.write_project("shop", &listen(taken.port()));
    let listens = |world: &World| {
        let state = world.run(&["status", "--json"]).ends_with(0);
        assert_eq!(state.err, "");
        std::net::TcpStream::connect(("127.0.0.1", world.port)).is_ok()
    };
    wait_until("the first address serves", || listens(&world));
    let said = world.run(&["apply", "--yes"]).ends_with(5);
    let wanted = format!("shop stays as it is: another program listens on {taken}");
    assert!(said.err.contains(&wanted), "{said:?}");
    assert!(listens(&world));
    drop(other);
    world.run(&["apply"]).ends_with(0);
    wait_until("the second one serves", || std::net::TcpStream::connect(taken).is_ok());
    wait_until("the first address is closed", || !listens(&world));
}

#[test]
fn add_writes_nothing_for_whoever_may_only_watch() {
    let world = World::with_engine();
    let socket = world.socket("watch.sock");
    let said = world
        .run(&["--socket", socket.to_str().unwrap(), "add", "shop", "/srv/git/shop.git"])
        .ends_with(5);
    let wanted =
        "pilothouse: this is the watchers' socket, and watching changes nothing\n".to_owned();
    assert_eq!((said.out.as_str(), said.err), ("", wanted));
    assert!(!exists(&world.path("config/projects/shop.toml")));
}
