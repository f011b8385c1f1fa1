//! A specification that did not come from an operator's file is held to the same rules.

use pilothouse_core::command::{Command, RejectionKind};
use pilothouse_core::decide::decide;
use pilothouse_core::effect::Input;
use pilothouse_core::spec::ProjectSpec;
use pilothouse_core::state::State;
use pilothouse_core::time::Timestamp;
use serde_json::{Value, json};

use crate::specs;

/// A specification that says something in every field.
fn good() -> Value {
    let strategy = json!({ "min_healthy_percent": 100, "max_percent": 200, "drain": 0, "bake": 0,
                           "auto_rollback": true });
    let environment = |name: &str, branch: &str, domain: &str| {
        json!({ "name": name, "branches": [branch], "preview": false, "domain": domain,
                "runtime": "local", "instances": 2, "deploy": "auto", "strategy": strategy,
                "rules": [], "env": { "A": "1" }, "secrets": {}, "keep_releases": 5,
                "budget_micro_usd_per_hour": 1 })
    };
    let mut production = environment("production", "main", "shop.test");
    production["rules"] = json!([
        { "priority": 1, "action": "forward", "conditions": [
            { "kind": "host", "patterns": ["*.test"] },
            { "kind": "path", "patterns": ["/admin/*"] },
            { "kind": "method", "methods": ["GET"] },
            { "kind": "header", "name": "User-Agent", "patterns": ["*curl*"] },
            { "kind": "query", "pairs": [{ "key": "v", "value": "2" }] },
            { "kind": "source_ip", "blocks": ["10.0.0.0/8"] }] },
        { "priority": 2, "conditions": [], "action": { "answer": {
            "kind": "fixed", "status": 403, "content_type": "text/plain", "body": "no\n" } } },
        { "priority": 3, "conditions": [], "action": { "answer": {
            "kind": "redirect", "status": 302, "scheme": "https", "host": null, "port": "443",
            "path": "/new", "query": null } } }]);
    production["secrets"] = json!({ "B": { "file": "/etc/b" }, "C": { "command": ["pass", "c"] } });
    let mut docker = environment("docker", "next", "docker.shop.test");
    docker["runtime"] = json!({ "docker": { "reach": "address", "network": "backend",
        "volumes": [{ "source": "/srv/a", "target": "/a", "read_only": true }],
        "limits": { "memory": 536_870_912, "milli_cpus": 500 } } });
    let mut preview = environment("preview", "feature/*", "{branch}.shop.test");
    preview["preview"] = json!(true);
    let mut watched = environment("watched", "", "");
    watched["runtime"] = json!({ "aws_watch": {
        "access": { "account": "123456789012", "region": "us-east-1", "profile": "p",
                    "role": "arn:aws:iam::123456789012:role/watch" },
        "belongings": { "tags": { "app": "shop" }, "instances": ["i-0123456789abcdef0"], "load_balancers": ["shop"],
                        "target_groups": ["web"], "buckets": ["media"],
                        "services": [{ "cluster": "shop", "service": "web" }] } } });
    for (field, none) in [
        ("branches", json!([])),
        ("domain", json!(null)),
        ("instances", json!(0)),
        ("env", json!({})),
    ] {
        watched[field] = none;
    }
    json!({ "name": "shop", "repository": "/srv/git/shop", "poll": 5000, "trusted": true,
            "environments": [production, docker, preview, watched],
            "load_balancer": { "listen": ["127.0.0.1:8080"], "trusted_proxies": ["10.0.0.0/8"] },
            "step_env": { "A": "1" }, "keep_runs": 20,
            "grants": { "volumes_below": ["/srv"], "privileged": false, "docker_socket": false,
                        "networks": ["backend"] } })
}

/// What is said of it, where it is refused.
fn refused(spec: Value) -> Option<String> {
    let spec: ProjectSpec = serde_json::from_value(spec).unwrap();
    let (spec, actor) = (Box::new(spec), "kim".to_owned());
    let input = Input::Command { actor, command: Command::Apply { spec } };
    let decision = decide(&State::default(), &input, Timestamp(1));
    let rejection = decision.reply.unwrap().err()?;
    assert_eq!(decision.events, [], "{}", rejection.why);
    assert_eq!(rejection.kind, RejectionKind::Invalid, "{}", rejection.why);
    Some(rejection.why)
}

#[test]
fn what_is_good_is_taken() {
    assert_eq!(refused(good()), None);
    assert!(specs::project("shop").check().is_empty());
}

/// Where something is written, what, and how what is said of it begins.
type Row = (&'static str, Value, &'static str);

/// What no project may say.
fn of_projects() -> Vec<Row> {
    let long = "x".repeat(70_000);
    vec![
        ("/name", json!("../../x"), "name: "),
        ("/name", json!(""), "name: "),
        ("/repository", json!("-x"), "repository: "),
        ("/repository", json!("ext::sh -c reboot"), "repository: "),
        ("/repository", json!("../shop"), "repository: "),
        ("/repository", json!("/srv/\u{1b}[2J"), "repository: "),
        ("/repository", json!("https://kim:hunter2@x/y"), "repository: "),
        ("/poll", json!(0), "poll: 0 ms is out of range; give 50 to 86400000 ms"),
        ("/keep_runs", json!(0), "keep_runs: "),
        ("/step_env", json!({ "A=B": "1" }), "step_env.A=B: "),
        ("/step_env", json!({ "A": "\0" }), "step_env.A: "),
        ("/step_env", json!({ "A": long }), "step_env.A: "),
        ("/step_env", json!({ "PILOTHOUSE_X": "1" }), "step_env.PILOTHOUSE_X: "),
        ("/grants/volumes_below/0", json!("/"), "grants.volumes_below[0]: "),
        ("/grants/volumes_below/0", json!("/srv/../etc"), "grants.volumes_below[0]: "),
        ("/grants/networks/0", json!("container:x"), "grants.networks[0]: "),
        ("/load_balancer/listen", json!([]), "load_balancer.listen: "),
        ("/load_balancer/listen", json!(["127.0.0.1:0"]), "load_balancer.listen[0]: "),
        ("/load_balancer/listen", json!(["0.0.0.0:1", "127.0.0.1:1"]), "load_balancer.listen[1]: "),
    ]
}

/// What no environment may say.
fn of_environments() -> Vec<Row> {
    vec![
        ("/environments/0/name", json!("a/b"), "environments[0].name: "),
        ("/environments/1/name", json!("production"), "environments[1].name: "),
        ("/environments/2/name", json!("much-too-long"), "environments[2].name: "),
        ("/environments/0/branches/0", json!("a..b"), "environments[0].branches[0]: "),
        ("/environments/1/branches/0", json!("main"), "environments[1].branches[0]: "),
        ("/environments/2/branches", json!([]), "environments[2].branches: "),
        ("/environments/0/domain", json!("a b"), "environments[0].domain: "),
        ("/environments/0/domain", json!("a.test\r\nX: y"), "environments[0].domain: "),
        ("/environments/0/domain", json!("{branch}.test"), "environments[0].domain: "),
        ("/environments/2/domain", json!("shop.test"), "environments[2].domain: "),
        ("/environments/0/instances", json!(0), "environments[0].instances: "),
        ("/environments/0/instances", json!(1_000_000), "environments[0].instances: "),
        ("/environments/0/keep_releases", json!(0), "environments[0].keep_releases: "),
        (
            "/environments/0/strategy/min_healthy_percent",
            json!(101),
            "environments[0].strategy.min",
        ),
        ("/environments/0/strategy/max_percent", json!(99), "environments[0].strategy.max"),
        ("/environments/0/strategy/max_percent", json!(5000), "environments[0].strategy.max"),
        ("/environments/0/strategy/drain", json!(3_600_001), "environments[0].strategy.drain: "),
        ("/environments/0/strategy/bake", json!(86_400_001), "environments[0].strategy.bake: "),
        ("/environments/0/env", json!({ "PORT": "1" }), "environments[0].env.PORT: "),
        ("/environments/0/env", json!({ "B": "1" }), "environments[0].secrets.B: "),
        ("/environments/0/secrets/B/file", json!("b"), "environments[0].secrets.B: "),
        ("/environments/0/secrets/C/command", json!([]), "environments[0].secrets.C: "),
        ("/environments/0/secrets/C/command", json!([" "]), "environments[0].secrets.C: "),
        ("/environments/2/secrets", json!({ "B": { "file": "/b" } }), "environments[2].secrets: "),
        ("/environments/0/budget_micro_usd_per_hour", json!(u64::MAX), "environments[0].budget"),
    ]
}

/// What no rule may say.
fn of_rules() -> Vec<Row> {
    let fixed = |content_type: &str, status: u16| {
        json!({ "answer": { "kind": "fixed", "status": status, "content_type": content_type,
                            "body": "" } })
    };
    let forward = json!({ "answer": { "kind": "forward",
                                      "groups": [{ "group": "bank/production", "weight": 1 }] } });
    vec![
        ("/environments/0/rules/0/priority", json!(0), "environments[0].rules[0].priority: "),
        ("/environments/0/rules/1/priority", json!(1), "environments[0].rules[1].priority: "),
        (
            "/environments/0/rules/0/conditions/0/patterns/0",
            json!("x.org"),
            "environments[0].rules[0]",
        ),
        (
            "/environments/0/rules/0/conditions/1/patterns/0",
            json!("admin"),
            "environments[0].rules[0]",
        ),
        (
            "/environments/0/rules/0/conditions/2/methods/0",
            json!("get"),
            "environments[0].rules[0]",
        ),
        (
            "/environments/0/rules/0/conditions/2/methods/0",
            json!("G T"),
            "environments[0].rules[0]",
        ),
        ("/environments/0/rules/0/conditions/3/name", json!("a\r\nb"), "environments[0].rules[0]"),
        ("/environments/0/rules/0/conditions/3/patterns", json!([]), "environments[0].rules[0]"),
        ("/environments/0/rules/0/conditions/4/pairs", json!([]), "environments[0].rules[0]"),
        ("/environments/0/rules/0/conditions/5/blocks", json!([]), "environments[0].rules[0]"),
        ("/environments/0/rules/1/action", fixed("a\r\nb: c", 200), "environments[0].rules[1]: "),
        ("/environments/0/rules/1/action", fixed("text/plain", 101), "environments[0].rules[1]: "),
        ("/environments/0/rules/1/action", forward, "environments[0].rules[1]: "),
        ("/environments/0/rules/2/action/answer/path", json!("x"), "environments[0].rules[2]: "),
        (
            "/environments/0/rules/2/action/answer/host",
            json!("a\r\nb"),
            "environments[0].rules[2]: ",
        ),
    ]
}

/// What no environment may say of where it runs.
fn of_runtimes() -> Vec<Row> {
    vec![
        (
            "/environments/1/runtime/docker/network",
            json!("host"),
            "environments[1].runtime.docker.n",
        ),
        (
            "/environments/1/runtime/docker/volumes/0/source",
            json!("/"),
            "environments[1].runtime.docker.v",
        ),
        (
            "/environments/1/runtime/docker/volumes/0/target",
            json!("a"),
            "environments[1].runtime.docker.v",
        ),
        (
            "/environments/1/runtime/docker/limits/memory",
            json!(1),
            "environments[1].runtime.docker.l",
        ),
        (
            "/environments/1/runtime/docker/limits/milli_cpus",
            json!(0),
            "environments[1].runtime.docker.l",
        ),
        ("/environments/3/instances", json!(1), "environments[3].instances: "),
        ("/environments/3/domain", json!("a.test"), "environments[3].domain: "),
        ("/environments/3/branches", json!(["x"]), "environments[3].branches: "),
        ("/environments/3/runtime/aws_watch/access/account", json!("1"), "environments[3].runtime"),
        ("/environments/3/runtime/aws_watch/access/region", json!("x"), "environments[3].runtime"),
        ("/environments/3/runtime/aws_watch/access/role", json!("x"), "environments[3].runtime"),
        (
            "/environments/3/runtime/aws_watch/access/profile",
            json!("a\nb"),
            "environments[3].runtime",
        ),
        (
            "/environments/3/runtime/aws_watch/belongings/buckets/0",
            json!("arn:x"),
            "environments[3].runtime",
        ),
        (
            "/environments/3/runtime/aws_watch/belongings/instances/0",
            json!("i-0"),
            "environments[3].runtime.aws_watch.belongings.instances: ",
        ),
        (
            "/environments/3/runtime/aws_watch/belongings/load_balancers/0",
            json!("internal-shop"),
            "environments[3].runtime.aws_watch.belongings.load_balancers: ",
        ),
        (
            "/environments/3/runtime/aws_watch/belongings/tags/app",
            json!("a".repeat(257)),
            "environments[3].runtime.aws_watch.belongings.tags: ",
        ),
        (
            "/environments/3/runtime/aws_watch/belongings/services/0/cluster",
            json!("a/b"),
            "environments[3].runtime",
        ),
    ]
}

#[test]
fn what_the_file_s_reader_refuses_is_refused_of_anybody() {
    for (pointer, bad, place) in
        [of_projects(), of_environments(), of_rules(), of_runtimes()].concat()
    {
        let mut spec = good();
        *spec.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = bad.clone();
        let why = refused(spec).unwrap_or_else(|| panic!("{pointer} {bad} was taken"));
        assert!(why.starts_with(place), "{pointer}: {why}");
        assert!(why.chars().all(|c| !c.is_control()), "{why:?}");
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn lists_have_an_end_and_so_has_what_is_told_of_them() {
    let mut spec = good();
    let one = spec["environments"][0].clone();
    spec["environments"] = json!(vec![one; 60]);
    let why = refused(spec).unwrap();
    assert!(why.starts_with("environments: there are 60; give at most 50. "), "{why}");
    assert!(why.ends_with(", and 15 more"), "{why}");
    for (pointer, item) in [
        ("/load_balancer/trusted_proxies", json!("10.0.0.0/8")),
        ("/grants/networks", json!("x")),
        ("/environments/0/rules", good()["environments"][0]["rules"][1].clone()),
        ("/environments/0/branches", json!("x")),
    ] {
        let mut spec = good();
        *spec.pointer_mut(pointer).unwrap() = json!(vec![item; 101]);
        assert!(refused(spec).unwrap().contains("there are 101; give at most "), "{pointer}");
    }
}
