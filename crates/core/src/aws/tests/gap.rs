//! Load balancers whose requests are answered by nobody.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::seen::{Action, Gap, Listener, Rule};
use super::super::{Inventory, Part, Trouble, TroubleKind};
use super::{ADMIN, ALB, WEB, account, balancer_alone, watched};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1000);
const GONE: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/gone/55cc";

/// The account with a listener for each of these, all of whose rules do what they say last.
fn with(listeners: &[&[Action]]) -> Inventory {
    let mut inventory = account();
    "active".clone_into(&mut inventory.balancers[0].state);
    let rule = |action: &Action| Rule { actions: vec![action.clone()], ..Rule::default() };
    let listener = |actions: &&[Action]| Listener {
        rules: actions.iter().map(rule).collect(),
        ..Listener::default()
    };
    let listeners = listeners.iter().map(listener).collect();
    let rules = Content::Rules(BTreeMap::from([(ALB.to_owned(), listeners)]));
    inventory.take(Part::Rules, NOW, Ok(rules));
    inventory
}

fn forward(arn: &str, weight: u32) -> Action {
    Action::Forward(vec![(arn.to_owned(), weight)])
}

fn fixed(status: &str) -> Action {
    Action::Fixed(status.to_owned())
}

/// Why nobody is answered, and all that is missing.
fn of(inventory: &Inventory) -> (Option<Gap>, Vec<String>) {
    let mut watched = watched(inventory, balancer_alone());
    let missing = watched.missing(NOW).into_iter().map(|one| one.what).collect();
    (watched.balancers.remove(0).gap, missing)
}

#[test]
fn a_load_balancer_that_answers_nobody_is_missing() {
    let redirect = || Action::Redirect("301".to_owned(), "https://#{host}:443/#{path}".to_owned());
    let ask = || Action::Other("authenticate-oidc".to_owned());
    let (web, gone) = (forward(WEB, 1), forward(GONE, 1));
    let cases: [(&[&[Action]], Option<Gap>); 14] = [
        (&[], Some(Gap::Listener)),
        (&[&[fixed("503")]], Some(Gap::Rule)),
        (&[&[fixed("404")], &[fixed("500")]], Some(Gap::Rule)),
        (&[&[forward(WEB, 0)]], Some(Gap::Rule)),
        (&[&[Action::Forward(Vec::new())]], Some(Gap::Rule)),
        (&[std::slice::from_ref(&web)], None),
        (&[&[web.clone(), fixed("404")]], None),
        (&[&[redirect()], std::slice::from_ref(&web)], None),
        (&[&[redirect()]], None),
        (&[&[fixed("200")]], None),
        // Nobody said what it does.
        (&[&[ask()]], None),
        (&[&[]], None),
        (&[std::slice::from_ref(&gone)], Some(Gap::GroupAlone("gone".to_owned()))),
        (&[&[web.clone(), gone.clone()]], Some(Gap::Group("gone".to_owned()))),
    ];
    for (listeners, gap) in cases {
        let (found, missing) = of(&with(listeners));
        assert_eq!(found, gap, "{listeners:?}");
        let said = gap.map(|gap| format!("the load balancer shop {}", gap.said()));
        assert_eq!(missing, Vec::from_iter(said), "{listeners:?}");
    }
    // What comes before what is done last decides nothing.
    let mut asks_first = with(&[&[fixed("503")]]);
    let rules = &mut asks_first.listeners.get_mut(ALB).unwrap()[0].rules;
    rules[0].actions.insert(0, ask());
    assert_eq!(of(&asks_first).0, Some(Gap::Rule));
}

#[test]
fn what_was_not_read_or_is_not_its_own_makes_no_gap() {
    let none = |inventory: &Inventory, why: &str| {
        assert_eq!(of(inventory), (None, Vec::new()), "{why}");
    };
    let mut active = account();
    "active".clone_into(&mut active.balancers[0].state);
    none(&active, "its rules were not read");
    let denied = Trouble::new(TroubleKind::Denied, "elasticloadbalancing:DescribeListeners", "");
    active.take(Part::Rules, NOW, Err(denied.clone()));
    none(&active, "its rules are denied");
    let of_another = BTreeMap::from([("another".to_owned(), Vec::new())]);
    active.take(Part::Rules, NOW, Ok(Content::Rules(of_another)));
    none(&active, "those of another were read");
    let mut unread = with(&[&[forward(GONE, 1)]]);
    unread.parts.remove(&Part::Groups);
    none(&unread, "groups were not read");
    // One that is being made has nothing yet, and says that it is.
    let mut making = with(&[]);
    "provisioning".clone_into(&mut making.balancers[0].state);
    assert_eq!(of(&making), (None, vec!["the load balancer shop is provisioning".to_owned()]));
    // What was read before is told as of then.
    let mut old = with(&[]);
    old.take(Part::Rules, NOW, Err(denied));
    let told = watched(&old, balancer_alone()).missing(NOW).remove(0);
    assert_eq!(
        (told.what.as_str(), told.since),
        ("the load balancer shop has no listener", Some(NOW))
    );
}

#[test]
fn a_group_that_came_since_groups_were_read_is_looked_for_once_more() {
    assert!(!with(&[&[forward(WEB, 1), forward(GONE, 0), forward(ADMIN, 1)]]).sends_to_unknown());
    assert!(with(&[&[forward(WEB, 1), forward(GONE, 1)]]).sends_to_unknown());
}
