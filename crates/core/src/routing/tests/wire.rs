//! The table as it is sent and saved: a change here breaks a running edge.

use super::*;

const GOLDEN: &str = include_str!("table.json");

fn table() -> Table {
    let conditions = vec![
        Condition::Host { patterns: texts(&["*.shop.test"]) },
        Condition::Path { patterns: texts(&["/a/*"]) },
        Condition::Method { methods: texts(&["GET"]) },
        Condition::Header { name: "x-team".into(), patterns: texts(&["blue"]) },
        Condition::Query { pairs: vec![QueryPattern { key: Some("v".into()), value: "1".into() }] },
        Condition::SourceIp { blocks: vec!["10.0.0.0/8".parse().unwrap()] },
    ];
    let redirect = Redirect { status: 301, scheme: Some("https".into()), ..Redirect::default() };
    let mut web = listener(vec![
        Rule { priority: 10, conditions, action: Action::forward("shop") },
        Rule { priority: 20, conditions: Vec::new(), action: Action::Redirect(redirect) },
    ]);
    web.trusted_proxies = vec!["::1".parse().unwrap()];
    let target = Target {
        id: "shop-0".into(),
        address: "[::1]:3000".parse().unwrap(),
        release: "r1".into(),
        role: Role::Standby,
        proof: "pid 7".into(),
        ill: false,
        health: None,
    };
    let health = HealthCheck { path: "/ready".into(), ..HealthCheck::default() };
    let other = Target { id: "shop-1".into(), ill: true, health: Some(health), ..target.clone() };
    let group = TargetGroup {
        id: "shop".into(),
        environment: "production".into(),
        health: HealthCheck::default(),
        targets: vec![target, other],
    };
    let probe_token = "0123456789abcdef".to_owned();
    Table { listeners: vec![web], target_groups: vec![group], probe_token, ..Table::default() }
        .seal(3, 14)
}

#[test]
fn the_table_reads_and_writes_as_before() {
    assert_eq!(serde_json::to_string_pretty(&table()).unwrap(), GOLDEN.trim_end());
    assert_eq!(serde_json::from_str::<Table>(GOLDEN).unwrap(), table());
    assert_eq!(table().check(), []);
}

#[test]
fn reasons_are_written_as_load_balancers_write_them() {
    let text = serde_json::to_string(&Reason::ResponseCodeMismatch).unwrap();
    assert_eq!(text, "\"Target.ResponseCodeMismatch\"");
}
