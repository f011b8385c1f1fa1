//! From a commit to served traffic and back, by the command line alone.

use crate::world::repository::{Pipeline, Repository};
use crate::world::{World, get, wait_until};

/// A project whose production waits for a person, with short waits.
fn project(world: &World, pipeline: &Pipeline) -> Repository {
    let repository = Repository::new(world.path("repository"), pipeline);
    let text = format!(
        "repository = {:?}\npoll = \"100ms\"\ntrusted = true\n[load_balancer]\n\
         listen = [\"127.0.0.1:{}\"]\n[environment.production]\nbranch = \"main\"\n\
         instances = 2\ndrain = \"1s\"\nbake = \"50ms\"\n\
         [environment.preview]\nbranch = \"feature/*\"\nbake = \"50ms\"\n",
        repository.path().display().to_string(),
        world.port
    );
    world.write_project("shop", &text);
    world.run(&["apply"]).ends_with(0);
    repository
}

fn wait_for_ready(world: &World, run: u64) {
    world.wait_for_environment("shop/production", "a run that is ready", |it| it["ready"] == run);
}

/// A project whose first commit serves and whose second, which is ready, is never healthy.
fn with_sick_head(start_deadline: &'static str) -> World {
    let world = World::with_engine();
    let repository = project(&world, &Pipeline::default());
    wait_for_ready(&world, 1);
    world.run(&["deploy", "production", "--yes"]).ends_with(0);
    let env = vec![("SICK", "1".to_owned())];
    repository.commit("sick", &Pipeline { env, start_deadline, ..Pipeline::default() });
    wait_for_ready(&world, 2);
    world
}

#[test]
fn deploy_and_roll_back() {
    let world = World::with_engine();
    let repository = project(&world, &Pipeline::default());
    wait_for_ready(&world, 1);

    // Nobody confirmed it: nothing happens.
    let said = world.run(&["deploy", "production"]).ends_with(5);
    assert!(said.out.starts_with("deploy r1 to shop/production\n"), "{}", said.out);
    assert!(said.err.contains("say --yes"), "{}", said.err);
    assert!(world.environment("shop/production")["release"].is_null());

    let said = world.run(&["deploy", "shop/production", "--yes"]).ends_with(0);
    for milestone in ["QUEUED", "STARTED", "HEALTHY", "SHIFTED", "BAKED", "SUCCEEDED"] {
        assert!(said.out.contains(milestone), "no {milestone} in\n{}", said.out);
    }
    let url = format!("shop/production serves r1 at http://shop.localhost:{}/", world.port);
    assert!(said.out.contains(&url), "{}", said.out);
    let answer = get(world.port, "shop.localhost", "/").unwrap();
    assert_eq!(answer, (200, "r1 first".to_owned()));

    // An instance is named as `instances` lists it, or as the cockpit shows it.
    let listed = world.run(&["instances", "production"]).ends_with(0).out;
    let row = listed.lines().find(|line| line.starts_with("shop-production-r1-0 ")).unwrap();
    assert!(row.contains("serves") && row.contains("healthy"), "{listed}");
    let facts = world.run(&["inspect", "r1-1"]).ends_with(0).out;
    assert!(facts.contains("releases/shop/production/r1"), "{facts}");
    let said = world.run(&["restart", "r1-7", "--yes"]).ends_with(5);
    assert!(said.out.is_empty() && said.err.contains("there is no instance r1-7"), "{said:?}");

    // Where a promotion comes from may be named with its project, which can be no other.
    let plain = world.run(&["deploy", "production", "--from", "production", "--plan"]);
    let named = world.run(&["deploy", "production", "--from", "shop/production", "--plan"]);
    assert_eq!((named.code, &named.out, &named.err), (plain.code, &plain.out, &plain.err));
    let said = world.run(&["deploy", "production", "--from", "blog/production"]).ends_with(2);
    assert!(said.err.contains("is of another project than shop/production"), "{}", said.err);

    let commit = repository.commit("second", &Pipeline::default());
    wait_for_ready(&world, 2);
    world.run(&["deploy", "production", "--run", "2", "--yes"]).ends_with(0);
    let now = world.environment("shop/production");
    assert_eq!((&now["release"], &now["commit"]), (&"r2".into(), &commit.into()));
    assert_eq!((&now["healthy"], &now["wanted"]), (&2.into(), &2.into()));
    assert_eq!(get(world.port, "shop.localhost", "/").unwrap().1, "r2 second");

    // With JSON nobody is asked, and what is printed is the deployment that is over.
    world.run(&["rollback", "production", "--json"]).ends_with(2);
    let plan = world.run(&["rollback", "production", "--plan", "--json"]).ends_with(0).json();
    assert_eq!((&plan["from"]["release"], &plan["to"]["release"]), (&2.into(), &1.into()));
    let over = world.run(&["rollback", "production", "r1", "--yes", "--json"]).ends_with(0).json();
    assert_eq!(
        (&over["release"], &over["phase"]["ended"]["result"]),
        (&1.into(), &"succeeded".into())
    );
    assert_eq!(get(world.port, "shop.localhost", "/").unwrap().1, "r1 first");

    // What is refused by kind: an unknown place, a release that serves, one that never was.
    let said = world.run(&["deploy", "qa", "--yes"]).ends_with(5);
    assert!(said.err.contains("there is no environment qa; there is shop/production"), "{said:?}");
    let status = world.run(&["status"]).ends_with(0).out;
    assert!(status.contains("r1 was brought back by "), "{status}");
    let said = world.run(&["rollback", "production", "r1", "--yes"]).ends_with(5);
    assert!(said.err.contains("serves r1 already"), "{}", said.err);
    world.run(&["rollback", "production", "r9", "--yes"]).ends_with(5);
    world.run(&["rollback", "production", "nine"]).ends_with(2);
    let audit = world.run(&["audit", "--json"]).ends_with(0).json();
    assert!(audit.as_array().unwrap().len() >= 4, "{audit}");
}

#[test]
fn a_release_that_never_is_healthy_leaves_the_old_one_serving() {
    let world = with_sick_head("1s");
    let said = world.run(&["deploy", "production", "--yes"]).ends_with(3);
    assert!(said.out.contains("FAILED"), "{}", said.out);
    assert!(said.err.contains("did not succeed: shop/production serves r1"), "{}", said.err);
    // Why it failed, and how to try it again, can be seen afterwards as well.
    let list = world.run(&["deployments", "production", "--json"]).ends_with(0).json();
    assert_eq!((&list[0]["state"], &list[1]["state"]), (&"failed".into(), &"succeeded".into()));
    assert!(list[0]["detail"].as_str().unwrap().contains("not healthy"), "{list}");
    let table = world.run(&["deployments"]).ends_with(0);
    assert!(table.out.contains("failed") && table.out.contains("not healthy"), "{}", table.out);
    let again = world.run(&["deploy", "production", "--yes"]).ends_with(5);
    assert!(again.err.contains("--run 2` deploys it again"), "{}", again.err);
    assert_eq!(get(world.port, "shop.localhost", "/").unwrap().1, "r1 first");
}

#[test]
fn what_a_deployment_waits_for_is_told() {
    let world = with_sick_head("10m");
    world.run(&["deploy", "production", "--yes", "--no-wait"]).ends_with(0);
    world.wait_for_environment("shop/production", "why it waits", |it| {
        let now = it["now"].as_array().into_iter().flatten().filter_map(|said| said.as_str());
        now.clone().any(|said| said.starts_with("shop-production-r2-") && said.contains("500"))
            // There is nothing to go back to, as nothing has moved yet.
            && !now.clone().any(|said| said.contains("rollback"))
    });
    world.run(&["cancel", "d2"]).ends_with(0);
}

#[test]
fn watchers_deploy_nothing() {
    let world = World::with_engine();
    project(&world, &Pipeline::default());
    wait_for_ready(&world, 1);
    let socket = world.socket("watch.sock");
    let socket = socket.to_str().unwrap();
    world.run(&["--socket", socket, "status"]).ends_with(0);
    let said = world.run(&["--socket", socket, "deploy", "production", "--yes"]).ends_with(5);
    assert!(said.err.contains("watching changes nothing"), "{}", said.err);
    for verb in [
        &["run", "main"][..],
        &["cancel", "1"],
        &["look"],
        &["remove", "shop", "--yes"],
        &["down", "--all", "--yes"],
    ] {
        let arguments = [&["--socket", socket], verb].concat();
        world.run(&arguments).ends_with(5);
    }
    assert!(world.environment("shop/production")["release"].is_null());
    let runs = world.run(&["runs", "--json"]).ends_with(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
}

#[test]
fn a_branch_gets_a_preview_that_goes_with_it() {
    let world = World::with_engine();
    let repository = project(&world, &Pipeline::default());
    repository.branch("feature/결제");
    repository.commit("preview", &Pipeline::default());
    let mut name = String::new();
    wait_until("the preview is there", || {
        let branches = world.run(&["branches", "shop", "--json"]).ends_with(0).json();
        let branch = branches.as_array().unwrap().iter().find(|it| it["branch"] == "feature/결제");
        let environment = branch.and_then(|it| it["environment"].as_str());
        name = format!("shop/{}", environment.unwrap_or_default());
        environment.is_some()
    });
    world.wait_for_environment(&name, "a preview that serves", |it| it["healthy"] == 1);
    // One environment is told of alone, by either name.
    let preview = name.strip_prefix("shop/").unwrap();
    for (only, is_production) in [(&*name, false), (preview, false), ("shop", true)] {
        let told = world.run(&["status", only]).ends_with(0).out;
        assert!(told.contains(preview), "{told}");
        assert_eq!(told.contains("  production "), is_production, "{told}");
    }
    world.run(&["status", "shop/nowhere"]).ends_with(5);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["branch", "--quiet", "-D", "feature/결제"]);
    world.wait_for_environment(&name, "a preview that is gone", serde_json::Value::is_null);
}

#[test]
fn what_counts_from_the_next_release_on_is_told_by_whoever_applies_it() {
    let world = World::with_engine();
    project(&world, &Pipeline::default());
    wait_for_ready(&world, 1);
    world.run(&["deploy", "production", "--yes"]).ends_with(0);
    let file = world.path("config/projects/shop.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let coloured = text.replace("instances = 2\n", "instances = 2\nenv = { COLOR = \"red\" }\n");
    world.write_project("shop", &coloured);
    let said = world.run(&["apply"]).ends_with(0);
    let told = "shop is active\n  r1 was made before COLOR changed, and keeps what it had: `pilothouse \
                deploy shop/production --run 1` makes a release with it at once\n";
    assert!(said.out.ends_with(told), "{}", said.out);
    let said = world.run(&["deploy", "production", "--yes"]).ends_with(5);
    assert!(said.err.contains("r1 was made before COLOR changed"), "{}", said.err);
    world.run(&["deploy", "production", "--run", "1", "--yes"]).ends_with(0);
    let facts = world.run(&["inspect", "r2-0"]).ends_with(0).out;
    assert!(facts.contains("COLOR"), "{facts}");
    world.write_project("shop", &coloured.replace("instances = 2\n", "instances = 2\nkeep = 1\n"));
    let said = world.run(&["apply"]).ends_with(0);
    assert!(said.out.ends_with("is removed when the next run ends\n"), "{}", said.out);
    let said = world.run(&["rollback", "production", "r1", "--plan"]).ends_with(0);
    assert!(said.out.contains("r1 was made before COLOR changed"), "{}", said.out);
}

#[test]
fn who_stops_everything_is_told_what_may_take_long_to_end() {
    let world = World::with_engine();
    project(&world, &Pipeline { grace: "90s", ..Pipeline::default() });
    wait_for_ready(&world, 1);
    world.run(&["deploy", "production", "--yes"]).ends_with(0);
    let said = world.run(&["down", "--all", "--yes"]).ends_with(0);
    let told = "2 × shop/production, which serves shop.localhost, and has up to 1:30 to end\n";
    assert!(said.out.contains(told), "{}", said.out);
}
