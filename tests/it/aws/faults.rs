//! Throttled, denied, expired, broken: each by its kind, none of them as healthy or as zero.

use std::cell::RefCell;

use pilothouse_core::aws::seen::EcsService;
use pilothouse_core::aws::{Part, TroubleKind, Watched};

use super::proxy::{Fault, Proxy};
use super::{ACCOUNT, Emulator, SHOP, fake, seen, shell, stage, watch};
use crate::stage::Stage;

pub(super) const THROTTLED: Fault =
    Fault { status: 503, code: "RequestLimitExceeded", message: "Request limit exceeded." };
/// What somebody who may not do something is told.
pub(super) const DENIED: Fault = Fault {
    status: 403,
    code: "AccessDenied",
    message: "User: kim is not authorized to perform: elasticloadbalancing:DescribeTargetHealth",
};
pub(super) const EXPIRED: Fault = Fault {
    status: 403,
    code: "ExpiredToken",
    message: "The security token included in the request is expired",
};
const UNKNOWN: Fault = Fault {
    status: 403,
    code: "InvalidClientTokenId",
    message: "The security token included in the request is invalid.",
};
const BROKEN: Fault =
    Fault { status: 500, code: "InternalFailure", message: "An internal error has occurred" };

fn kind(told: &Watched, part: Part) -> Option<TroubleKind> {
    told.parts.get(&part)?.trouble.as_ref().map(|trouble| trouble.kind)
}

fn is_seen(told: &Watched) -> bool {
    told.groups.iter().any(|group| !group.targets.is_empty()) && !told.instances.is_empty()
}

#[test]
fn each_fault_is_told_by_its_kind_and_heals_by_itself() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    seen(&stage, "everything", is_seen);
    // Denied: named, and nothing else is any less fresh.
    proxy.fails("DescribeTargetHealth", DENIED);
    let told = seen(&stage, "what is denied", |one| kind(one, Part::Health).is_some());
    let trouble = told.parts[&Part::Health].trouble.as_ref().unwrap();
    assert_eq!(trouble.kind, TroubleKind::Denied);
    assert_eq!(trouble.action, "elasticloadbalancing:DescribeTargetHealth");
    assert!(trouble.said.contains("kim is not authorized"), "{trouble}");
    assert_eq!(kind(&told, Part::Balancers), None);
    doctor_says(&stage, "warn", "elasticloadbalancing:DescribeTargetHealth");
    assert!(is_seen(&told), "what was seen stays, and is stale");
    proxy.heals();
    seen(&stage, "health again", |one| is_seen(one) && kind(one, Part::Health).is_none());
    // Broken.
    proxy.fails("DescribeTargetHealth", BROKEN);
    seen(&stage, "what is broken", |one| kind(one, Part::Health) == Some(TroubleKind::Broken));
    proxy.heals();
    seen(&stage, "health again", |one| is_seen(one) && kind(one, Part::Health).is_none());
    // Expired or not known: everything is stale at once, and said once.
    for (fault, of_all, remedy) in [
        (EXPIRED, TroubleKind::Expired, "log in again"),
        (UNKNOWN, TroubleKind::Unknown, "look at the profile's keys"),
    ] {
        proxy.fails("*", fault);
        let told = seen(&stage, remedy, |one| {
            one.parts.keys().all(|part| kind(one, *part) == Some(of_all))
        });
        assert!(is_seen(&told));
        assert!(told.trouble().unwrap().to_string().contains(remedy), "{told:?}");
        doctor_says(&stage, "fail", remedy);
    }
    stage.end();
}

fn doctor_says(stage: &Stage, level: &str, told: &str) {
    let (_, said) = shell::said(stage, &["doctor"]);
    let line = said.lines().find(|line| line.contains("  aws  "));
    assert!(line.is_some_and(|line| line.starts_with(level) && line.contains(told)), "{said}");
}

#[test]
fn throttling_is_met_with_patience_and_without_a_storm() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let proxy = Proxy::before(moto.address());
    proxy.fails("DescribeInstances", THROTTLED);
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let asked = RefCell::new(Vec::new());
    let tries = |action: &str| asked.borrow().iter().filter(|one| *one == action).count();
    // What is asked for in every round is asked on.
    let told = seen(&stage, "what is throttled beside what is not", |one| {
        asked.borrow_mut().extend(proxy.asked());
        kind(one, Part::Instances) == Some(TroubleKind::Throttled)
            && one.groups.iter().any(|group| !group.targets.is_empty())
            && tries("DescribeTargetHealth") >= 16
    });
    let throttled = tries("DescribeInstances");
    assert!((3..=6).contains(&throttled), "{throttled} of {asked:?}");
    assert_eq!(kind(&told, Part::Health), None);
    assert!(told.instances.is_empty() && told.bill.is_open(), "not read is not zero");
    stage.end();
}

/// What ECS answers to who lists the tasks of a service that was deleted (Amazon ECS API Reference,
/// `ListTasks`: `ServiceNotFoundException`).
const GONE: Fault =
    Fault { status: 400, code: "ServiceNotFoundException", message: "Service not found." };

#[test]
fn a_service_that_was_deleted_hides_none_of_the_others() {
    let moto = Emulator::moto();
    moto.account(&["tagged"]);
    let proxy = Proxy::before(moto.address());
    proxy.fails_where("ListTasks", "\"other\"", GONE);
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, "services = [\"shop/other\", \"shop/web\"]\n");
    // One that goes between two questions is as far as it was seen.
    let is_well = |one: &Watched| kind(one, Part::Services).is_none();
    seen(&stage, "both services", |one| one.services.len() == 2 && is_well(one));
    moto.account(&["delete", "other"]);
    let told = seen(&stage, "one that is gone", |one| {
        let is_gone = |service: &EcsService| service.name == "other" && service.is_gone();
        is_well(one) && one.services.iter().any(is_gone)
    });
    let web = told.services.iter().find(|service| service.name == "web").unwrap();
    assert!(!web.is_gone() && web.definition.starts_with("web:"), "{web:?}");
    let said = stage.binary().args(["aws", "production"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let row = said.lines().find(|line| line.starts_with("shop/other")).expect("its row");
    assert!(row.contains("inactive, ") && row.contains("it was deleted"), "{row}");
    stage.end();
}

#[test]
fn an_answer_without_its_list_is_not_understood_and_takes_nothing_away() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let is_whole = |one: &Watched| {
        let rules = one.balancers.iter().flat_map(|one| &one.listeners);
        let parts = [Part::Balancers, Part::Rules, Part::Groups, Part::Health, Part::Tags];
        let is_read = |part: &Part| {
            one.parts.get(part).is_some_and(|fresh| fresh.at.is_some() && fresh.trouble.is_none())
        };
        is_seen(one) && rules.flat_map(|one| &one.rules).count() == 4 && parts.iter().all(is_read)
    };
    // What is measured moves with each minute.
    let shape = |one: &Watched| {
        let listeners = one.balancers.iter().map(|one| one.listeners.clone());
        let groups = one.groups.iter().map(|one| (one.name.clone(), one.targets.clone()));
        (listeners.collect::<Vec<_>>(), groups.collect::<Vec<_>>())
    };
    let before = seen(&stage, "everything", is_whole);
    for (action, part) in [
        ("DescribeLoadBalancers", Part::Balancers),
        ("DescribeListeners", Part::Rules),
        ("DescribeRules", Part::Rules),
        ("DescribeTargetGroups", Part::Groups),
        ("DescribeTargetHealth", Part::Health),
        ("DescribeTags", Part::Tags),
    ] {
        proxy.answers(action, move |_| fake::nothing(action));
        let told = seen(&stage, action, |one| kind(one, part).is_some());
        assert_eq!(kind(&told, part), Some(TroubleKind::Unreadable), "{action}");
        assert_eq!(shape(&told), shape(&before), "{action}");
        proxy.heals();
        seen(&stage, "everything again", is_whole);
    }
    stage.end();
}
