//! No engine answers.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::world::{World, exists, wait_until};

/// An operator's file of a repository that is not there.
fn nowhere(world: &World) -> String {
    format!(
        "repository = \"{}\"\n[load_balancer]\nlisten = [\"127.0.0.1:{}\"]\n\
         [environment.production]\n",
        world.path("nothing").display(),
        world.port
    )
}

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
            "pilothouse: no engine answers at {}: there is no such socket; `pilothouse` \
             starts one\n",
            socket.display()
        );
        assert_eq!((said.out.as_str(), said.err), ("", wanted), "{verb:?}");
    }
    assert!(!exists(&world.state_dir()), "something was made");
}

#[test]
fn an_engine_that_hangs_is_waited_for_and_that_is_said() {
    let world = World::new();
    let socket = world.path("hangs.sock");
    let hangs = UnixListener::bind(&socket).unwrap();
    let mut verb = world.command();
    verb.args(["--socket", socket.to_str().unwrap(), "status"]).stdout(Stdio::null());
    let mut verb = verb.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(verb.stderr.take().unwrap()).lines();
    let (connection, _) = hangs.accept().unwrap();
    let wanted =
        format!("waits for the engine at {}, which is there and does not answer", socket.display());
    assert_eq!(said.next().unwrap().unwrap(), wanted);
    // Once it goes, it is waited for no more.
    drop(hangs);
    drop(connection);
    let last = said.next().unwrap().unwrap();
    assert!(last.contains("no engine answers at"), "{last}");
    assert_eq!(verb.wait().unwrap().code(), Some(7));
}

/// Runs the binary as a shell whose umask keeps nobody out.
fn openly(world: &World, arguments: &[&str]) -> Output {
    let named = world.command();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(named.get_program()).args(arguments);
    for (name, value) in named.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn what_is_made_under_any_umask_is_worked_in_again() {
    let world = World::new();
    world.write_project("shop", &nowhere(&world));
    let state = world.path("new/above/state");
    for _ in 0..2 {
        let made = openly(&world, &["--state", state.to_str().unwrap(), "apply"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for part in ["", "runs", "run", "..", "../.."] {
            let mode = std::fs::metadata(state.join(part)).unwrap().permissions().mode();
            assert_eq!(mode & 0o022, 0, "{part}: {mode:o}");
        }
        world.run(&["--state", state.to_str().unwrap(), "down"]).ends_with(0);
    }
    world.run(&["--state", state.to_str().unwrap(), "down", "--all", "--yes"]).ends_with(0);
}

#[test]
fn doctor_says_who_else_can_write_an_operators_file() {
    let world = World::new();
    let file = world.write_project("shop", &nowhere(&world));
    let told = || world.run(&["doctor"]).out.contains("can write");
    assert!(!told(), "{:?}", world.run(&["doctor"]));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let said = world.run(&["doctor"]).out;
    assert!(said.contains(&format!("warn  project       everybody can write {}", file.display())));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let above = file.parent().unwrap();
    std::fs::set_permissions(above, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(told());
}

#[test]
fn doctor_says_what_a_start_would_refuse() {
    let world = World::new();
    let state = world.state_dir();
    let state = state.to_str().unwrap();
    world.write_project("shop", &nowhere(&world));
    let told = |what: &str| {
        let doctor = world.run(&["doctor"]);
        assert!(doctor.out.contains("fail  state") && doctor.out.contains(what), "{}", doctor.out);
        assert!(doctor.out.contains("mend the state directory first"), "{}", doctor.out);
        let refused = world.run(&["apply"]).ends_with(5);
        assert!(refused.err.contains(what), "{}", refused.err);
        let refused = world.run(&["serve"]);
        assert!(refused.err.contains(what), "{}", refused.err);
    };
    std::fs::write(state, "").unwrap();
    told("is no directory");
    std::fs::remove_file(state).unwrap();
    symlink(world.path("nothing/there"), state).unwrap();
    told("is missing, and a link leads there");
    std::fs::remove_file(state).unwrap();
    std::fs::create_dir_all(world.state_dir().join("engine.log")).unwrap();
    told("is no file");
    let said = world.run(&["--socket", "mine.sock", "serve"]).ends_with(2);
    assert!(said.err.contains("--socket is for who asks it"), "{}", said.err);
}

#[test]
fn what_a_demonstration_would_not_heed_is_refused() {
    let world = World::new();
    let state = world.path("mine");
    let said = world.run(&["demo", "--headless", "--state", state.to_str().unwrap()]).ends_with(2);
    assert!(said.err.contains("--state has no use here"), "{said:?}");
    assert!(!exists(&state));
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
    assert!(said.err.ends_with("; whoever runs it there starts it\n"), "{said:?}");
    std::fs::write(&socket, "no socket").unwrap();
    let said = world.run(&["--socket", socket.to_str().unwrap(), "status"]).ends_with(7);
    assert!(said.err.contains("other.sock: it is no socket"), "{said:?}");
    assert!(!exists(&world.state_dir()));
}

#[test]
fn apply_starts_one_that_outlives_it_and_down_ends_it() {
    let world = World::new();
    let text = nowhere(&world);
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
fn the_log_of_a_background_engine_is_bounded() {
    const LARGE: usize = 5 << 20;
    let world = World::new();
    world.write_project("shop", "repository = \"/srv/a\"\n[environment.production]\n");
    let (log, earlier) =
        (world.state_dir().join("engine.log"), world.state_dir().join("engine.log.1"));
    std::fs::create_dir_all(world.state_dir()).unwrap();
    std::fs::write(&log, "a".repeat(LARGE)).unwrap();
    let size = |path: &std::path::Path| path.metadata().map_or(0, |found| found.len());
    // Each connection that breaks off is then noted.
    let output = world.command().env("RUST_LOG", "debug").arg("apply").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(size(&log) < 1 << 20 && size(&earlier) >= LARGE as u64, "not when it started");

    let mut file = std::fs::File::options().append(true).open(&log).unwrap();
    std::io::Write::write_all(&mut file, "b".repeat(LARGE).as_bytes()).unwrap();
    wait_until("the engine has begun a new log", || {
        let mut line =
            std::os::unix::net::UnixStream::connect(world.socket("engine.sock")).unwrap();
        std::io::Write::write_all(&mut line, b"nonsense\r\n\r\n").unwrap();
        drop(line);
        size(&log) < 1 << 20
    });
    let text = std::fs::read_to_string(&earlier).unwrap();
    assert!(!text.starts_with('a') && text.contains("bbbb"), "the earlier log is another's");
    // What follows is written to the new one.
    world.run(&["down"]).ends_with(0);
    wait_until("the engine's last words", || {
        std::fs::read_to_string(&log).is_ok_and(|text| text.contains("the engine has stopped"))
    });
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let world = World::new();
    world.write_project("shop", "repository = \"/srv/a\"\n[environment.production]\n");
    // An engine worked here, and its journal is gone.
    std::fs::create_dir_all(world.state_dir()).unwrap();
    std::fs::write(world.state_dir().join("engine-id"), "e1").unwrap();
    let begun = std::time::Instant::now();
    let said = world.run(&["apply"]).ends_with(7);
    assert!(said.err.starts_with("pilothouse: the engine did not start: "), "{}", said.err);
    let place = world.state_dir().display().to_string();
    assert!(
        said.err.contains(&place) && said.err.contains("Restore it from a backup"),
        "{}",
        said.err
    );
    assert!(begun.elapsed() < Duration::from_secs(20), "it was waited for");
    std::fs::remove_file(world.state_dir().join("engine-id")).unwrap();
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

#[test]
fn a_cockpit_without_a_terminal_starts_no_engine() {
    let world = World::new();
    let said = world.run(&[]).ends_with(2);
    assert!(said.err.contains("needs a terminal"), "{said:?}");
    // What is the cockpit's is not passed over by what does something.
    let said = world.run(&["--read-only", "run", "main"]).ends_with(2);
    assert!(said.err.contains("--read-only is the cockpit's"), "{said:?}");
    assert!(!world.state_dir().exists());
}
