//! Prices of AWS's list, those that were kept, and those that are shipped.

use pilothouse_core::aws::book::Origin;
use pilothouse_core::aws::{Part, TroubleKind, Watched};

use super::super::stage::wait_until;
use super::faults::DENIED;
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, SHOP, fake, seen, stage, start, watch, watch_in};

/// What a line of a bill costs, and whose price it is.
fn line(told: &Watched, what: &str) -> (String, Origin, String) {
    let line = told.bill.lines.iter().find(|line| line.what == what);
    let line = line.unwrap_or_else(|| panic!("no {what}: {:#?}", told.bill));
    let price = line.per_hour.map_or("unpriced".to_owned(), |price| price.to_string());
    (price, line.origin, line.date.clone())
}

fn is_listed(told: &Watched) -> bool {
    told.bill.lines.iter().any(|line| line.origin == Origin::Listed)
        && told.bill.lines.iter().any(|line| line.what == "NAT gateway")
        && told.prices.trouble.is_none()
}

#[test]
fn the_list_goes_before_what_is_shipped_and_is_kept_over_a_restart() {
    let moto = Emulator::moto();
    moto.account(&["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    proxy.answers("GetProducts", fake::products);
    let mut stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, SHOP);
    let whole = |one: &Watched| is_listed(one) && line(one, "ALB hours").1 == Origin::Listed;
    let told = seen(&stage, "listed prices", whole);
    let listed = "2026-11-01".to_owned();
    // Of Linux, not of Windows; of an application load balancer, not of a network one.
    assert_eq!(line(&told, "EC2 t3.medium"), ("$0.084".into(), Origin::Listed, listed.clone()));
    assert_eq!(line(&told, "ALB hours"), ("$0.023".into(), Origin::Listed, listed));
    // What the list does not have is what is shipped.
    assert_eq!(line(&told, "NAT gateway").1, Origin::Shipped);
    assert_eq!(line(&told, "EC2 x1e.32xlarge").0, "unpriced");
    let said = stage.binary().args(["aws", "production"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("price of 2026-11-01 from AWS's price list"), "{said}");
    assert!(said.contains("shipped price of 2024-07-01"), "{said}");
    let kept = stage.state_dir().join("prices/us-east-1.json");
    wait_until(|| "prices are kept".to_owned(), || kept.exists());
    // Another engine has them without asking, whatever the list says now.
    stage.stop_engine();
    proxy.fails("GetProducts", DENIED);
    proxy.asked();
    start(&mut stage, &proxy.endpoint(), &[]);
    let told = seen(&stage, "kept prices", is_listed);
    assert_eq!(line(&told, "EC2 t3.medium").0, "$0.084");
    let asked = proxy.asked();
    assert!(!asked.iter().any(|action| action == "GetProducts"), "{asked:?}");
    stage.end();
}

#[test]
fn a_list_that_is_denied_or_silent_holds_nothing_up_and_is_asked_once() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    for kind in [TroubleKind::Denied, TroubleKind::Late] {
        let proxy = Proxy::before(moto.address());
        match kind {
            TroubleKind::Denied => proxy.fails("GetProducts", DENIED),
            _ => proxy.silences("GetProducts"),
        }
        let stage = stage(&proxy.endpoint());
        watch(&stage, ACCOUNT, SHOP);
        let told = seen(&stage, "a list that is not read", |one| {
            one.prices.trouble.is_some()
                && one.parts.get(&Part::Gateways).is_some_and(|fresh| fresh.at.is_some())
                && one.calls.requests > 30
        });
        let trouble = told.prices.trouble.as_ref().unwrap();
        assert_eq!((trouble.kind, trouble.action.as_str()), (kind, "pricing:GetProducts"));
        assert!(told.parts[&Part::Health].trouble.is_none(), "nothing else is any less fresh");
        assert_eq!(line(&told, "EC2 t3.medium").1, Origin::Shipped);
        let asked = proxy.asked();
        let tries = asked.iter().filter(|action| *action == "GetProducts").count();
        assert_eq!(tries, 1, "{asked:?}");
        let said = stage.binary().args(["cost"]).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        stage.end();
    }
}

#[test]
fn a_region_without_shipped_prices_has_those_of_the_list() {
    let moto = Emulator::moto();
    moto.account_in("eu-north-1", &["fill", "2"]);
    let proxy = Proxy::before(moto.address());
    proxy.answers("GetProducts", fake::products);
    let stage = stage(&proxy.endpoint());
    watch_in(&stage, ACCOUNT, "eu-north-1", SHOP);
    let told = seen(&stage, "a price of the region", |one| {
        is_listed(one) && line(one, "EBS gp3").1 == Origin::Listed
    });
    assert_eq!(line(&told, "EC2 t3.medium").0, "$0.0864");
    // 60 GB at $0.0836 a month: what begins alike is something else.
    assert_eq!(line(&told, "EBS gp3").0, "$0.006871233");
    assert_eq!(line(&told, "ALB hours").0, "unpriced");
    stage.end();
}
