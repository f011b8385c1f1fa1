//! The verbs that look after things: `doctor`, `cost`, `init`, `branches`.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::stage::processes;
use crate::world::repository::{Pipeline, Repository};
use crate::world::{World, exists, wait_until};

fn levels(checks: &Value, what: &str) -> Vec<String> {
    let checks = checks.as_array().unwrap().iter().filter(|check| check["what"] == what);
    checks.map(|check| check["level"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn doctor_finds_what_is_wrong_and_says_what_mends_it() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let secret = world.path("secret");
    std::fs::write(&secret, "abc\n").unwrap();
    let long = world.path("long");
    std::fs::write(&long, "x".repeat(70_000)).unwrap();
    let text = format!(
        "repository = \"/srv/a\"\n[load_balancer]\nlisten = [\"{}\"]\n[environment.production]\n\
         secrets = {{ KEY = {{ file = {:?} }}, LONG = {{ file = {:?} }} }}\n",
        taken.local_addr().unwrap(),
        secret.display().to_string(),
        long.display().to_string()
    );
    world.write_project("shop", &text);
    world.write_project("blog", "repository = 1\n");
    let said = world.run(&["doctor", "--json"]).ends_with(1);
    let checks = said.json();
    assert_eq!(levels(&checks, "git"), ["ok"]);
    assert_eq!(levels(&checks, "state"), ["ok"]);
    assert_eq!(levels(&checks, "project"), ["fail", "ok"]);
    assert_eq!(levels(&checks, "secret"), ["warn", "fail"]);
    assert!(said.out.contains("LONG of shop/production is longer than 64 KiB"), "{}", said.out);
    assert_eq!(levels(&checks, "port"), ["fail"]);
    assert_eq!(levels(&checks, "engine"), ["fail"]);
    for check in checks.as_array().unwrap() {
        assert_eq!(check["mend"].is_null(), check["level"] == "ok", "{check}");
    }
    assert!(said.err.ends_with("pilothouse: 4 things do not work\n"), "{}", said.err);
    assert!(!exists(&world.state_dir()));
}

#[test]
fn doctor_and_cost_ask_the_engine() {
    let world = World::with_engine();
    let repository = Repository::new(world.path("repository"), &Pipeline::default());
    let listen = format!("127.0.0.1:{}", world.port);
    let path = repository.path().to_str().unwrap();
    let said = world.run(&["add", "shop", path, "--listen", &listen]).ends_with(0);
    assert!(said.out.contains("trusted is false"), "{}", said.out);
    world.wait_for_environment("shop/production", "an environment", |it| !it.is_null());
    let checks = world.run(&["doctor", "--json"]).json();
    for what in ["engine", "journal", "repository"] {
        assert_eq!(levels(&checks, what), ["ok"], "{checks:#}");
    }
    // Why its steps do not run, and the very command that lets them run once they may.
    wait_until("the first run has failed", || {
        world.run(&["runs", "--json"]).out.contains("with `pilothouse run shop:main`")
    });
    let cost = world.run(&["cost", "shop", "--region", "ap-northeast-2", "--json"]).ends_with(0);
    let cost = cost.json();
    assert_eq!((&cost[0]["environment"], &cost[0]["here"]), (&"shop/production".into(), &0.into()));
    assert!(cost[0]["elsewhere"][0]["per_hour"].as_u64().unwrap() > 0, "{cost:#}");
    let told = world.run(&["cost"]).ends_with(0).out;
    assert!(told.contains("\nshop/production:\nFargate + ALB "), "{told}");
    let said = world.run(&["cost", "--region", "mars-1"]).ends_with(2);
    assert!(said.err.contains("there are for us-east-1, ap-northeast-2"), "{}", said.err);
}

#[test]
fn a_repository_that_is_away_and_an_edge_without_an_engine_are_told() {
    let mut world = World::with_engine();
    let repository = Repository::new(world.path("repository"), &Pipeline::default());
    let listen = format!("127.0.0.1:{}", world.port);
    let path = repository.path().to_str().unwrap();
    world.run(&["add", "shop", path, "--listen", &listen]).ends_with(0);
    world.wait_for_environment("shop/production", "an environment", |it| !it.is_null());
    std::fs::rename(path, world.path("away")).unwrap();
    let words = "the repository of shop cannot be read since ";
    wait_until("branches says so", || {
        world.run(&["look"]).ends_with(0);
        world.run(&["branches"]).ends_with(0).err.contains(words)
    });
    assert!(
        world.run(&["status"]).err.contains(words) || world.run(&["status"]).out.contains(words)
    );
    assert!(world.run(&["branches", "--json"]).ends_with(0).err.contains(words));
    // What the load balancer listens on is no other program's while no engine runs.
    wait_until("the load balancer listens", || {
        levels(&world.run(&["doctor", "--json"]).json(), "port") == ["ok"]
    });
    // Nor where it hangs, whether an engine runs or not.
    let tells = |checks: &Value, what: &str, level: &str, mend: &str| {
        assert_eq!(levels(checks, what), [level], "{checks:#}");
        let all = checks.as_array().unwrap();
        let check = all.iter().find(|one| one["what"] == what).unwrap();
        assert!(check["mend"].as_str().unwrap().starts_with(mend), "{checks:#}");
    };
    let edge = processes::one(&world.path(""), " edge --dir");
    let hung = |world: &World| {
        processes::signal(edge, Signal::STOP);
        let said = world.run(&["doctor", "--json"]);
        processes::signal(edge, Signal::CONT);
        said.json()
    };
    let mends = format!("`kill -KILL {edge}` ends it; an engine that runs starts another");
    let checks = hung(&world);
    tells(&checks, "edge", "fail", &mends);
    tells(&checks, "port", "warn", &mends);
    world.kill_engine();
    tells(&hung(&world), "port", "warn", &mends);
    let checks = world.run(&["doctor", "--json"]).json();
    assert_eq!(levels(&checks, "engine"), ["fail"]);
    assert_eq!(levels(&checks, "port"), ["ok"], "{checks:#}");
}

#[test]
fn init_writes_both_files_once() {
    let world = World::new();
    let dir = world.path("site");
    std::fs::create_dir_all(&dir).unwrap();
    let repository = Repository::new(dir.clone(), &Pipeline::default());
    std::fs::remove_file(dir.join("pilothouse.toml")).unwrap();
    std::fs::write(dir.join("index.html"), "hello").unwrap();
    let arguments = ["init", dir.to_str().unwrap(), "--trusted"];
    let said = world.run(&arguments).ends_with(0);
    assert!(said.out.contains("pilothouse apply site"), "{}", said.out);
    assert_eq!(world.run(&["apply", "--check"]).ends_with(0).out, "1 file is valid\n");
    let operators = world.path("config/projects/site.toml");
    let text = std::fs::read_to_string(&operators).unwrap();
    let wanted = format!("repository = \"{}\"", repository.path().display());
    assert!(text.contains(&wanted) && text.contains("trusted = true"), "{text}");
    std::fs::write(dir.join("pilothouse.toml"), "# mine\n").unwrap();
    let said = world.run(&arguments).ends_with(0);
    assert_eq!(said.out.matches("was left as it is").count(), 2, "{}", said.out);
    assert_eq!(std::fs::read_to_string(dir.join("pilothouse.toml")).unwrap(), "# mine\n");
    assert_eq!(std::fs::read_to_string(&operators).unwrap(), text);
}

#[test]
fn init_takes_a_whole_repository() {
    let world = World::new();
    let repository = Repository::new(world.path("site"), &Pipeline::default());
    let within = repository.path().join("docs");
    std::fs::create_dir_all(&within).unwrap();
    let said = world.run(&["init", within.to_str().unwrap()]).ends_with(2);
    let top = repository.path().canonicalize().unwrap();
    let wanted = format!("is within the repository {}; name that one\n", top.display());
    assert!(said.err.ends_with(&wanted), "{}", said.err);
    assert!(!within.join("pilothouse.toml").exists());
}

#[test]
fn init_leaves_a_pipeline_to_the_jenkinsfile() {
    for (steps, is_written) in
        [("sh 'make'", false), ("retry(2) { sh 'make' }", true), ("sh 'make", false)]
    {
        let world = World::new();
        let dir = world.path("site");
        std::fs::create_dir_all(&dir).unwrap();
        let _repository = Repository::new(dir.clone(), &Pipeline::default());
        std::fs::remove_file(dir.join("pilothouse.toml")).unwrap();
        let text =
            format!("pipeline {{ agent any\nstages {{ stage('a') {{ steps {{ {steps} }} }} }} }}");
        std::fs::write(dir.join("Jenkinsfile"), text).unwrap();
        let said = world.run(&["init", dir.to_str().unwrap(), "--trusted"]).ends_with(0);
        assert!(said.out.contains("  pilothouse check "), "{}", said.out);
        let is_told = said.out.contains("  pilothouse convert -o pilothouse.toml\n");
        assert_eq!(is_told, !is_written, "{}", said.out);
        let is_refused = said.out.contains(": Jenkins refuses the Jenkinsfile: mend it first\n");
        assert_eq!(is_refused, steps == "sh 'make", "{}", said.out);
        assert_eq!(dir.join("pilothouse.toml").exists(), is_written, "{}", said.out);
        assert!(world.path("config/projects/site.toml").exists(), "{}", said.out);
    }
}

#[test]
fn init_says_whose_repository_it_is_that_git_refuses() {
    if !rustix::process::geteuid().is_root() {
        let told = "another user's repository cannot be tested: only root can give one away";
        assert!(std::env::var_os("CI").is_none(), "{told}");
        eprintln!("NOT TESTED: {told}");
        return;
    }
    let world = World::new();
    let repository = Repository::new(world.path("theirs"), &Pipeline::default());
    for path in [repository.path().to_owned(), repository.path().join(".git")] {
        std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
    }
    let path = repository.path().to_str().unwrap();
    let said = world.run(&["init", path]).ends_with(2);
    assert!(said.err.contains("belongs to another user"), "{}", said.err);
    let mend = format!("git config --global --add safe.directory {path}\n");
    assert!(said.err.ends_with(&mend), "{}", said.err);
    let said = world.run(&["init", world.path("").to_str().unwrap(), "--name", "a"]).ends_with(2);
    assert!(said.err.contains("is no git repository"), "{}", said.err);
}

#[test]
fn keys_are_told_and_checked() {
    let world = World::new();
    let said = world.run(&["keys", "--markdown"]).ends_with(0);
    assert!(said.out.starts_with("# Keys\n"), "{}", said.out);
    let said_of_all = said.out;
    assert_eq!(world.run(&["keys", "--check"]).ends_with(0).out, "no problems\n");
    let file = world.path("keys.toml");
    let text = "[global]\nprepend_keymap = [{ on = \"Q\", run = \"app.qiut\" }]\n";
    std::fs::write(&file, text).unwrap();
    let said = world.run(&["keys", "--check", file.to_str().unwrap()]).ends_with(2);
    assert!(said.err.contains("keys.toml:2:"), "{}", said.err);
    std::fs::write(&file, "[global]\n\"\\u001b[31m\" = \"quit\"\n").unwrap();
    let said = world.run(&["keys", "--check", file.to_str().unwrap()]).ends_with(2);
    assert!(said.err.contains("[31m") && !said.err.contains('\u{1b}'), "{}", said.err);
    assert_eq!(world.run(&["keys"]).ends_with(0).out, said_of_all);
}

#[test]
fn branches_says_how_many_have_a_name_that_nobody_can_type() {
    let world = World::with_engine();
    let repository = Repository::new(world.path("shop"), &Pipeline::default());
    let text = format!(
        "repository = {:?}\npoll = \"100ms\"\ntrusted = true\n[load_balancer]\n\
         listen = [\"127.0.0.1:{}\"]\n[environment.production]\nbranch = \"main\"\n",
        repository.path().display().to_string(),
        world.port
    );
    world.write_project("shop", &text);
    world.run(&["apply", "shop"]).ends_with(0);
    let listed = || world.run(&["branches", "shop"]).ends_with(0);
    wait_until("main is seen", || listed().out.contains("main"));
    assert!(!listed().err.contains("left out"), "{:?}", listed());
    // Nothing else moves: that alone is news.
    for name in [b"refs/heads/bad\xff", b"refs/heads/bad\xfe"] {
        let mut git = Command::new("git");
        git.arg("update-ref").arg(OsStr::from_bytes(name)).arg("HEAD");
        assert!(git.current_dir(repository.path()).status().unwrap().success());
    }
    let told = "2 branches of shop are left out: a name that is no UTF-8";
    wait_until("they are counted", || listed().err.contains(told));
    assert!(!listed().out.contains("bad"), "{:?}", listed());
    world.run(&["down", "--all", "--yes"]).ends_with(0);
}
