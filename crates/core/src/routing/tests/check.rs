//! Tests of what is wrong with a table.

use super::*;

fn table() -> Table {
    let target = |id: &str, port| Target {
        id: id.to_owned(),
        address: ([127, 0, 0, 1], port).into(),
        release: "r1".to_owned(),
        role: Role::Active,
        proof: "p".to_owned(),
        ill: false,
        health: None,
    };
    let group = TargetGroup {
        id: "shop".to_owned(),
        environment: "production".to_owned(),
        health: HealthCheck::default(),
        targets: vec![target("shop-1", 3001), target("shop-0", 3000)],
    };
    let mut web = listener(vec![rule(10, Vec::new())]);
    web.default = Action::forward("shop");
    Table { listeners: vec![web], target_groups: vec![group], ..Table::default() }
}

/// The kinds of problem that a change to a good table makes.
fn kinds(change: impl FnOnce(&mut Table)) -> Vec<ProblemKind> {
    let mut table = table();
    change(&mut table);
    table.seal(1, 1).check().into_iter().map(|problem| problem.kind).collect()
}

#[test]
fn a_good_table_has_no_problem() {
    assert_eq!(kinds(|_| ()), []);
    assert_eq!(Table::default().seal(0, 0).check(), []);
}

#[test]
fn the_digest_covers_content_but_not_who_published_it() {
    let sealed = table().seal(1, 1);
    assert_eq!(sealed.digest, table().seal(9, 7).digest);
    let mut reordered = table();
    reordered.target_groups[0].targets.reverse();
    assert_eq!(sealed.digest, reordered.seal(1, 2).digest);
    let mut forged = sealed.clone();
    forged.target_groups[0].targets[0].address.set_port(9);
    let kinds: Vec<_> = forged.check().into_iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Digest]);
}

fn with_condition(condition: Condition) -> impl FnOnce(&mut Table) {
    move |table| table.listeners[0].rules[0].conditions.push(condition)
}

fn with_default(action: Action) -> impl FnOnce(&mut Table) {
    move |table| table.listeners[0].default = action
}

#[test]
fn problems_of_names_and_addresses_are_found() {
    use ProblemKind as P;
    assert_eq!(kinds(|t| t.listeners[0].rules.push(rule(10, Vec::new()))), [P::Duplicate]);
    assert_eq!(kinds(|t| t.target_groups[0].targets[0].id = "shop-0".into()), [P::Duplicate]);
    let same_address = |table: &mut Table| {
        let mut other = table.listeners[0].clone();
        other.id = "other".into();
        table.listeners.push(other);
    };
    assert_eq!(kinds(same_address), [P::Duplicate]);
    assert_eq!(kinds(|t| t.listeners[0].id.clear()), [P::Empty]);
    assert_eq!(kinds(|t| t.listeners[0].addresses.clear()), [P::Empty]);
    assert_eq!(kinds(|t| t.probe_token = "short".into()), [P::Limit]);
}

#[test]
fn problems_of_conditions_are_found() {
    use ProblemKind as P;
    let host = |patterns: &[&str]| with_condition(Condition::Host { patterns: texts(patterns) });
    assert_eq!(kinds(host(&[])), [P::Empty]);
    assert_eq!(kinds(host(&["a*b*c*d*e*f*"])), [P::Pattern]);
    // A domain may be longer than other patterns: RFC 1035 section 2.3.4.
    assert_eq!(kinds(host(&["x".repeat(253).as_str()])), []);
    assert_eq!(kinds(host(&["x".repeat(254).as_str()])), [P::Pattern]);
    let path = Condition::Path { patterns: vec!["x".repeat(129)] };
    assert_eq!(kinds(with_condition(path)), [P::Pattern]);
    assert_eq!(kinds(host(&[""])), [P::Pattern]);
}

#[test]
fn problems_of_actions_are_found() {
    use ProblemKind as P;
    let weigh = |weight| {
        let group = WeightedGroup { group: "shop".into(), weight };
        with_default(Action::Forward(Forward { groups: vec![group] }))
    };
    let redirect = |path: &str| {
        let redirect = Redirect { status: 302, path: Some(path.into()), ..Redirect::default() };
        with_default(Action::Redirect(redirect))
    };
    let fixed = |status, body: &str| with_default(Action::fixed(status, body));
    assert_eq!(kinds(with_default(Action::forward("gone"))), [P::UnknownGroup]);
    assert_eq!(kinds(weigh(1000)), [P::Weight]);
    assert_eq!(kinds(weigh(0)), [P::Weight]);
    assert_eq!(kinds(redirect("/#{path}")), [P::Redirect]);
    assert_eq!(kinds(redirect("x")), [P::Redirect]);
    assert_eq!(kinds(redirect("/a#{pth}")), [P::Redirect]);
    assert_eq!(kinds(redirect("/a#{path}#{")), [P::Redirect]);
    assert_eq!(kinds(redirect("/a#b/#{path}")), []);
    assert_eq!(kinds(redirect("/a\r\nb")), [P::Redirect]);
    assert_eq!(kinds(fixed(101, "")), [P::Status]);
    assert_eq!(kinds(fixed(200, &"x".repeat(65 * 1024))), [P::Limit]);
}

#[test]
fn problems_of_groups_are_found() {
    use ProblemKind as P;
    let health = |change: fn(&mut HealthCheck)| {
        move |table: &mut Table| change(&mut table.target_groups[0].health)
    };
    assert_eq!(kinds(health(|h| h.interval = std::time::Duration::ZERO)), [P::HealthCheck]);
    assert_eq!(kinds(health(|h| h.matcher.clear())), [P::HealthCheck]);
    assert_eq!(kinds(health(|h| h.healthy_threshold = 0)), [P::HealthCheck]);
    assert_eq!(kinds(health(|h| h.path = "/a b".into())), [P::HealthCheck]);
    assert_eq!(kinds(|t| t.target_groups[0].targets[0].address.set_port(0)), [P::Limit]);
    let own = |path: &str| {
        let health = HealthCheck { path: path.into(), ..HealthCheck::default() };
        move |table: &mut Table| table.target_groups[0].targets[0].health = Some(health)
    };
    assert_eq!(kinds(own("/up")), []);
    assert_eq!(kinds(own("up")), [P::HealthCheck]);
}

#[test]
fn a_group_is_used_when_an_action_has_weight_for_it() {
    let mut table = table();
    assert!(table.uses_group("shop"));
    table.listeners[0].default = Action::fixed(200, "");
    assert!(!table.uses_group("shop"));
}
