//! Whose account it is, who looks and where are read before anything else, and a row among those of
//! several accounts says whose it is.

use pilothouse_api::types::Sighting;
use pilothouse_cockpit::model::Pane;
use pilothouse_cockpit::rows::watched::{account, rows};
use pilothouse_cockpit::{Model, Msg, update};
use pilothouse_core::aws::asking::Content;
use pilothouse_core::aws::seen::Identity;
use pilothouse_core::aws::{Calls, Part, Watched};
use pilothouse_core::spec::{DeployMode, Runtime};

use super::{EVERY, shown, state, watch};
use crate::fixture::parts::spec;
use crate::fixture::{ago, key, operator, press, text};

/// Production in one account, and qa in another and in another region.
fn two(width: u16, height: u16) -> Model {
    let mut state = state();
    let mut watches = [watch(), watch()];
    let access = &mut watches[1].access;
    (access.account, access.region) = ("210987654321".to_owned(), "ap-northeast-2".to_owned());
    access.role = Some("arn:aws:iam::210987654321:role/team/seoul-watch".to_owned());
    let mut qa = spec("qa", "release/*", 0, DeployMode::Manual);
    qa.runtime = Runtime::AwsWatch(Box::new(watches[1].clone()));
    qa.domain = None;
    let own = state.environments.get_mut(&key("qa")).unwrap();
    (own.spec, own.current, own.ready, own.running) = (qa, None, None, None);
    state.instances.clear();
    let mut model = operator(state, width, height);
    for (name, watch) in ["production", "qa"].into_iter().zip(watches) {
        let (mut inventory, account) = (super::account(2, |_| false), &watch.access.account);
        let own = watch.access.role.as_ref().and_then(|role| role.rsplit('/').next()).unwrap();
        let arn = format!("arn:aws:sts::{account}:assumed-role/{own}/pilothouse");
        let identity = Identity { account: account.clone(), arn };
        inventory.take(Part::Identity, ago(4), Ok(Content::Identity(identity)));
        let calls = Calls { since: ago(3600), requests: 1200, metrics: 480, lately: None };
        let watched = inventory.watched(&key(name), &watch, EVERY, calls);
        update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    }
    model.ui.all_environments = true;
    press(&mut model, "3");
    model
}

#[test]
fn rows_of_several_accounts_say_whose_they_are() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = two(width, height);
        insta::assert_snapshot!(format!("aws_several_{width}x{height}"), text(&model));
        press(&mut model, "z");
        insta::assert_snapshot!(format!("aws_several_3_{width}x{height}"), text(&model));
        press(&mut model, "4");
        insta::assert_snapshot!(format!("aws_several_4_{width}x{height}"), text(&model));
    }
    let model = two(80, 24);
    for pane in [Pane::Containers, Pane::Targets] {
        let all = rows(&model, pane, 0, 100);
        let texts = || all.iter().filter(|row| row.line().is_none()).map(|row| &row.cells[0].text);
        assert!(texts().count() >= 10);
        let says = |text: &&String| {
            let own = text.trim_start();
            own.starts_with("prod · ") || own.starts_with("qa · ")
        };
        assert_eq!(texts().find(|text| !says(text)), None);
    }
    // Where rows of one alone are shown they do not say it again and again.
    let model = shown(&super::account(1, |_| false), 80, 24);
    let all = rows(&model, Pane::Containers, 0, 100);
    assert!(all.iter().any(|row| row.cells[0].text == "web-0"), "{all:?}");
}

#[test]
fn account_region_and_role_are_whole_wherever_the_panes_stand_together() {
    for (width, height) in [(80, 24), (100, 30), (120, 40), (160, 50), (200, 60)] {
        let screens = [
            text(&shown(&super::account(50, |_| false), width, height)),
            text(&two(width, height)),
        ];
        for screen in screens {
            for said in ["● 123456789012 us-east-1 · ", "│   role pilothouse-watch  "] {
                assert!(screen.contains(said), "{width}x{height} lacks {said}:\n{screen}");
            }
        }
    }
    // The longest region's name, and a role of which only the end finds no room.
    let mut watch = watch();
    watch.access.region = "ap-northeast-2".to_owned();
    let role = "arn:aws:iam::123456789012:role/team/a-role-that-only-looks-at-what-runs";
    watch.access.role = Some(role.to_owned());
    let watched =
        super::account(1, |_| false).watched(&key("production"), &watch, EVERY, Calls::default());
    let mut model = operator(state(), 80, 24);
    update(&mut model, Msg::Sighting(Box::new(Sighting::Whole(Box::new(watched)))));
    let screen = text(&model);
    for said in ["● 123456789012 ap-northeast-2 ", "│   role a-role-that-only-looks-at-… │"]
    {
        assert!(screen.contains(said), "{said} is not told:\n{screen}");
    }
}

#[test]
fn the_title_of_targets_keeps_account_and_region_before_its_own_name() {
    let title =
        |width, height| title_of_targets(&shown(&super::account(1, |_| false), width, height));
    assert_eq!(title(80, 24), "Health · 123456789012 us-east-1");
    assert_eq!(title(200, 60), "Target health · 123456789012 us-east-1 · role pilothouse-watch");
}

/// The title of pane 4, without its number.
fn title_of_targets(model: &Model) -> String {
    let screen = text(model);
    let line = screen.lines().find(|line| line.contains(" 4 ") && line.contains('╭')).unwrap();
    let own = line.split("─ 4 ").nth(1).unwrap();
    own.split('─').next().unwrap().trim_end_matches(['╮', ' ']).to_owned()
}

#[test]
fn over_all_environments_the_title_of_targets_is_of_those_that_are_shown() {
    let mut model = two(200, 60);
    assert_eq!(title_of_targets(&model), "Target health · all", "two accounts");
    // Of one account alone, and nothing of this machine's load balancer beside it.
    model.watched.remove(&key("qa"));
    let one = "Target health · 123456789012 us-east-1 · role pilothouse-watch";
    assert_eq!(title_of_targets(&model), one);
    // Production is at AWS, and what else there is stands behind the listener here.
    let mut both = shown(&super::account(1, |_| false), 200, 60);
    both.ui.all_environments = true;
    press(&mut both, "3");
    assert_eq!(title_of_targets(&both), "Target health · all");
    both.watched.clear();
    press(&mut both, "3");
    assert!(title_of_targets(&both).contains(":8080"), "{}", title_of_targets(&both));
}

#[test]
fn who_looks_is_told_by_its_own_name() {
    let told = |role: Option<&str>, profile: Option<&str>, arn: &str| {
        let mut inventory = super::account(0, |_| false);
        let (account, arn) = ("123456789012".to_owned(), arn.to_owned());
        let identity = Identity { account, arn };
        inventory.take(Part::Identity, ago(4), Ok(Content::Identity(identity)));
        let mut watch = watch();
        watch.access.role = role.map(str::to_owned);
        watch.access.profile = profile.map(str::to_owned);
        account::by(&inventory.watched(&key("production"), &watch, EVERY, Calls::default()))
    };
    let assumed = "arn:aws:sts::123456789012:assumed-role/engine/i-0abc";
    assert_eq!(told(None, None, assumed), "role engine by default credentials");
    let user = "arn:aws:iam::123456789012:user/team/kim";
    assert_eq!(told(None, Some("shop"), user), "user kim by profile shop");
    let root = "arn:aws:iam::123456789012:root";
    assert_eq!(told(None, None, root), "root by default credentials");
    let role = Some("arn:aws:iam::123456789012:role/team/engine");
    assert_eq!(told(role, Some("shop"), assumed), "role engine");
    assert_eq!(told(role, None, user), "role engine as user kim");
    // Before anybody said who we are.
    let nobody = Watched::new(key("production"), watch().access);
    assert_eq!(account::by(&nobody), "role pilothouse-watch");
}
