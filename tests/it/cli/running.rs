//! Runs: their logs, their exit codes, and the lists of them.

use crate::world::repository::{Pipeline, Repository};
use crate::world::{World, wait_until};

fn add(world: &World, pipeline: &Pipeline) -> Repository {
    let repository = Repository::new(world.path("repository"), pipeline);
    let path = repository.path().to_str().unwrap();
    let listen = format!("127.0.0.1:{}", world.port);
    let said = world.run(&["add", "shop", path, "--trusted", "--listen", &listen]).ends_with(0);
    let file = world.path("config/projects/shop.toml");
    let wanted = format!(
        "wrote {}\nshop is new\nshop is active\nfound 1 branch; see `pilothouse status shop`\n",
        file.display()
    );
    assert_eq!(said.out, wanted);
    repository
}

#[test]
fn a_run_is_followed_to_its_end() {
    let world = World::with_engine();
    let gate = world.path("gate");
    let step = format!(
        "printf 'one \\033]0;gone\\007결제\\n'; echo two >&2\n\
         while ! test -e {}; do sleep 0.05; done\necho three",
        gate.display()
    );
    add(&world, &Pipeline { step, ..Pipeline::default() });
    // The follower is there before the step ends, and stays for what comes.
    let follower = world.begin(&["logs", "--follow", "1"]);
    wait_until("the step has written", || {
        world.run(&["logs", "1", "--step", "test"]).out.contains("two")
    });
    std::fs::write(&gate, "").unwrap();
    let said = follower.end().ends_with(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines, ["── 1 test", "one 결제", "two", "three"]);
    assert!(said.err.contains("#1 succeeded: artifact "), "{}", said.err);
    assert_eq!(
        world.run(&["logs", "main", "--step", "1"]).ends_with(0).out,
        "one 결제\ntwo\nthree\n"
    );
    let said = world.run(&["logs", "1", "--tail", "1", "--json"]).ends_with(0).json();
    assert_eq!((&said["text"], &said["stream"]), (&"three".into(), &"out".into()));
    world.run(&["logs", "1", "--step", "deploy"]).ends_with(5);
    let said = world.run(&["logs", "d51"]).ends_with(2);
    assert!(
        said.err.contains("d51 is a deployment's number, and logs are of runs"),
        "{}",
        said.err
    );
}

#[test]
fn a_failed_run_fails_its_follower_and_another_is_started_by_hand() {
    let world = World::with_engine();
    add(&world, &Pipeline { step: "echo no; exit 3".to_owned(), ..Pipeline::default() });
    let said = world.run(&["logs", "--follow", "main"]).ends_with(1);
    assert!(said.err.starts_with("pilothouse: #1 failed: "), "{}", said.err);
    assert!(said.out.ends_with("no\n"), "{}", said.out);
    let said = world.run(&["run", "main"]).ends_with(0);
    assert_eq!(said.out, "run #2 is queued; follow it with `pilothouse logs -f 2`\n");
    world.run(&["logs", "--follow", "2"]).ends_with(1);
    let runs = world.run(&["runs", "--json"]).ends_with(0).json();
    let facts = |run: &serde_json::Value| {
        let text = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
        (run["run"].as_u64().unwrap_or(0), text("state"), text("trigger"))
    };
    let shown: Vec<_> = runs.as_array().unwrap().iter().map(facts).collect();
    assert_eq!(shown, [(2, "failed".into(), "manual".into()), (1, "failed".into(), "poll".into())]);
    let branches = world.run(&["branches", "--json"]).ends_with(0).json();
    assert_eq!(branches[0]["run"], 2);
    assert_eq!(branches[0]["environment"], "production");
    world.run(&["cancel", "2"]).ends_with(5);
    world.run(&["cancel", "two"]).ends_with(2);
    world.run(&["run", "nothing"]).ends_with(5);
}

#[test]
fn a_build_cannot_forge_lines_of_ours() {
    let world = World::with_engine();
    let note = "1 processes outlived the main process and are ended";
    let step = format!(
        "echo '── 2 deploy'; echo '── note: {note}'; echo '{note}' >&2\n\
         setsid sleep 60 > /dev/null 2>&1 &"
    );
    add(&world, &Pipeline { step, ..Pipeline::default() });
    let said = world.run(&["logs", "--follow", "main"]).ends_with(0);
    let mut lines: Vec<String> = said.out.lines().map(str::to_owned).collect();
    // The two streams of a process have no common order.
    let err = lines.iter().position(|line| line == note).expect("what it wrote to the other");
    lines.remove(err);
    let forged = format!("│ ── note: {note}");
    let own = format!("── note: {note}");
    assert_eq!(lines, ["── 1 test", "│ ── 2 deploy", &forged, &own]);

    let said = world.run(&["logs", "1", "--json"]).ends_with(0);
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let streams = |wanted: &str| {
        let found = lines.iter().filter(|line| line["text"] == wanted);
        found.map(|line| line["stream"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(streams(note), ["err", "note"]);
    assert_eq!(streams("── 2 deploy"), ["out"]);
    let times = world.run(&["logs", "1", "--time"]).ends_with(0).out;
    let own: Vec<&str> = times.lines().filter(|line| line.starts_with("── ")).collect();
    assert!(own.len() == 2 && own[1].ends_with(&format!("Z  note: {note}")), "{times}");
}

#[test]
fn a_run_that_failed_around_its_steps_says_why() {
    let world = World::with_engine();
    let repository = add(&world, &Pipeline::default());
    world.run(&["logs", "--follow", "1"]).ends_with(0);
    let text = Pipeline::default().text();
    let broken = [
        ("nonsense = 1\n", "pilothouse.toml:1:1: there is no key `nonsense`"),
        ("artifact = \"nothing\"\n", "sealing the artifact failed: "),
    ];
    for (number, (head, wanted)) in (2_u64..).zip(broken) {
        std::fs::write(repository.path().join("pilothouse.toml"), format!("{head}{text}")).unwrap();
        repository.git(&["commit", "--quiet", "--all", "--message", "broken"]);
        world.run(&["look"]).ends_with(0);
        let run = number.to_string();
        wait_until("the run has ended", || {
            let runs = world.run(&["runs", "--json"]).ends_with(0).json();
            let found = runs.as_array().unwrap().iter().find(|one| one["run"] == number);
            found.is_some_and(|one| one["state"] == "failed")
        });
        let said = world.run(&["logs", &run]).ends_with(0);
        let why = format!("#{run} failed: ");
        assert!(said.out.is_empty() && said.err.starts_with(&why), "{said:?}");
        assert!(said.err.contains(wanted), "{said:?}");
        let runs = world.run(&["runs"]).ends_with(0).out;
        let mut rows = runs.lines().skip_while(|line| !line.starts_with(&format!("#{run} ")));
        let (row, below) = (rows.next().unwrap(), rows.next().unwrap());
        assert!(row.contains(" failed ") && below.contains(wanted), "{runs}");
        let status = world.run(&["status"]).ends_with(0).out;
        assert!(status.contains(&why) && status.contains(wanted), "{status}");
    }
}

#[test]
fn down_all_leaves_nothing_of_what_is_being_built() {
    let world = World::with_engine();
    let pid = world.path("pid");
    let step = format!("echo $$ >{}; trap '' TERM; while :; do sleep 1; done", pid.display());
    add(&world, &Pipeline { step, ..Pipeline::default() });
    wait_until("the step runs", || {
        std::fs::read_to_string(&pid).is_ok_and(|text| !text.is_empty())
    });
    let process = format!("/proc/{}", std::fs::read_to_string(&pid).unwrap().trim());
    assert!(std::path::Path::new(&process).exists());
    let said = world.run(&["down", "--all", "--yes"]).ends_with(0);
    assert!(said.out.contains("\n  run #1\n"), "{}", said.out);
    assert!(!std::path::Path::new(&process).exists(), "{process} runs on");
}

#[test]
fn whoever_trusts_a_project_is_told_what_to_run_again_in_words_for_a_shell() {
    let world = World::with_engine();
    let repository = Repository::new(world.path("repository"), &Pipeline::default());
    let file = |trusted: bool| {
        format!(
            "repository = {:?}\npoll = \"100ms\"\ntrusted = {trusted}\n[load_balancer]\n\
             listen = [\"127.0.0.1:{}\"]\n[environment.production]\nbranch = \"main\"\n\
             [environment.preview]\nbranch = \"feature/*\"\n",
            repository.path().display().to_string(),
            world.port
        )
    };
    repository.branch("feature/$(id)");
    repository.commit("hostile", &Pipeline::default());
    world.write_project("shop", &file(false));
    world.run(&["apply"]).ends_with(0);
    let hostile = "shop:feature/$(id)";
    for branch in ["shop:main", hostile] {
        wait_until("its run was refused", || {
            world.run(&["logs", "--follow", branch]).err.contains("not trusted with that")
        });
    }
    let said = world.run(&["logs", hostile]);
    assert!(said.err.contains("`pilothouse run 'shop:feature/$(id)'`"), "{said:?}");
    world.write_project("shop", &file(true));
    let said = world.run(&["apply"]).ends_with(0);
    let told = "  `pilothouse run shop:main` runs again what failed before\n  \
                `pilothouse run 'shop:feature/$(id)'` runs again what failed before\n";
    assert!(said.out.ends_with(told), "{}", said.out);
    world.run(&["run", hostile]).ends_with(0);
    let said = world.run(&["logs", "--follow", hostile]).ends_with(0);
    assert!(said.err.contains("#3 succeeded"), "{said:?}");
    world.run(&["apply"]).ends_with(0);
}

#[test]
fn a_run_that_is_being_cancelled_is_told_so() {
    let world = World::with_engine();
    let step = "trap '' TERM; echo begun; while true; do sleep 0.1; done".to_owned();
    add(&world, &Pipeline { step, ..Pipeline::default() });
    wait_until("the step has written", || {
        world.run(&["logs", "1", "--step", "test"]).out.contains("begun")
    });
    world.run(&["cancel", "1"]).ends_with(0);
    // It is given some seconds before it is killed.
    let runs = world.run(&["runs", "--json"]).ends_with(0).json();
    assert_eq!(
        (&runs[0]["state"], &runs[0]["detail"]),
        (&"cancelling".into(), &"is being cancelled".into())
    );
    let said = world.run(&["status", "shop"]).ends_with(0);
    assert!(said.out.contains("#1 is being cancelled"), "{}", said.out);
    world.run(&["logs", "--follow", "1"]).ends_with(1);
    let runs = world.run(&["runs", "--json"]).ends_with(0).json();
    assert_eq!(runs[0]["state"], "cancelled");
}
