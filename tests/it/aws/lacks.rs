//! A load balancer that lost what it sends to: nobody is answered, however well its hosts are.

use pilothouse_core::aws::Watched;
use pilothouse_core::time::Timestamp;

use super::{ACCOUNT, Emulator, SHOP, seen, shell, stage, watch};

#[test]
fn a_load_balancer_that_answers_nobody_any_more_is_told_and_is_not_well() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let has_rules = |one: &Watched| {
        let rules = one.balancers.iter().flat_map(|one| &one.listeners);
        rules.flat_map(|one| &one.rules).count() == 4
    };
    let before = seen(&stage, "its rules", has_rules);
    assert_eq!(before.balancers[0].gap, None);
    let missing = |told: &str| {
        let told = format!("the load balancer shop {told}");
        seen(&stage, &told, |one| one.missing(Timestamp(0)).iter().any(|one| one.what == told));
        let (_, said) = shell::said(&stage, &["status"]);
        assert!(said.contains(&told), "{said}");
        let (_, said) = shell::said(&stage, &["doctor"]);
        let line = said.lines().find(|line| line.contains(&told));
        assert!(line.is_some_and(|line| line.starts_with("warn  aws ")), "{said}");
    };
    let made = moto.account(&["unlisten"]);
    missing("has no listener");
    moto.account(&["refuse", made["balancer"].as_str().unwrap()]);
    missing("sends requests nowhere");
    stage.end();
}
