//! Sums by hand, and the table's own honesty.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::deployment::EnvironmentKey;
use crate::id::{EnvironmentName, InstanceId, ProjectName, ReleaseNumber};
use crate::instance::{Instance, InstancePhase, Role, TargetHealth};
use crate::routing::TargetState;
use crate::spec::{DeployMode, EnvironmentSpec, Runtime, Strategy};
use crate::state::{Environment, State};
use crate::time::Timestamp;

fn line(shape: Shape, region: Region, what: &str) -> Line {
    let lines = comparison(shape, region);
    lines.into_iter().find(|line| line.what == what).unwrap()
}

const SMALL: Shape = Shape { instances: 2, vcpu_milli: 250, memory_mib: 512 };

#[test]
fn every_row_has_a_price_a_date_and_a_source() {
    let rows = include_str!("prices.tsv").lines().count() - 1;
    let prices: Vec<_> = prices().collect();
    assert_eq!(prices.len(), rows, "a row could not be read");
    for (index, price) in prices.iter().enumerate() {
        assert!(price.usd > NanoUsd::ZERO, "{price:?}");
        assert!(price.source.len() > 10 && price.date.contains("20"), "{price:?}");
        let is_twin = |other: &Price| (other.region, other.sku) == (price.region, price.sku);
        assert!(!prices[..index].iter().any(is_twin), "{price:?} stands twice");
    }
}

#[test]
fn amounts_are_exact() {
    for (text, shown) in [
        ("0.0225", "$0.0225"),
        ("0.5", "$0.50"),
        ("2", "$2.00"),
        ("0", "$0"),
        ("0.000000001", "$0.000000001"),
        ("1234.004445", "$1234.004445"),
    ] {
        assert_eq!(NanoUsd::parse(text).unwrap().to_string(), shown);
    }
    for bad in ["", ".", "1.", ".5", "-1", "1e3", "0.0000000001", "99999999999999999999"] {
        assert_eq!(NanoUsd::parse(bad), None, "{bad}");
    }
    assert_eq!(NanoUsd::parse("0.0225").unwrap().hourly(), "$0.0225/h");
    // 0.0225 × 730 = 16.425, half up 16.43; 0.2105 × 730 = 153.665, half up 154.
    assert_eq!(NanoUsd::parse("0.0225").unwrap().monthly(), "$16.43/month");
    assert_eq!(NanoUsd::parse("0.2105").unwrap().monthly(), "$154/month");
    assert_eq!(NanoUsd(u64::MAX) + NanoUsd(1), NanoUsd(u64::MAX));
    assert_eq!(NanoUsd(1001).micro(), 2);
    assert_eq!(Quantity(250).to_string() + " " + &Quantity::whole(2).to_string(), "0.25 2");
}

#[test]
fn fargate_in_virginia_by_hand() {
    // vCPU: 2 × 0.25 × 0.04048 = 0.02024
    // GB:   2 × 0.5 × 0.004445 = 0.004445
    // ALB:  0.0225, LCU 0.008, IPv4 (2 + 2) × 0.005 = 0.02
    // Sum:  0.02024 + 0.004445 + 0.0225 + 0.008 + 0.02 = 0.075185
    let line = line(SMALL, Region::UsEast1, "Fargate + ALB");
    assert_eq!(line.per_hour.to_string(), "$0.075185/h");
    // 0.075185 × 730 = 54.88505
    assert_eq!(line.per_hour.known().unwrap().monthly(), "$54.89/month");
}

#[test]
fn fargate_in_seoul_by_hand() {
    // vCPU: 2 × 0.25 × 0.04656 = 0.02328
    // GB:   2 × 0.5 × 0.00511 = 0.00511
    // ALB:  0.0225, LCU 0.008, IPv4 4 × 0.005 = 0.02
    // Sum:  0.02328 + 0.00511 + 0.0225 + 0.008 + 0.02 = 0.07889
    let x86 = line(SMALL, Region::ApNortheast2, "Fargate + ALB");
    assert_eq!(x86.per_hour.to_string(), "$0.07889/h");
    // ARM: 0.5 × 0.03725 + 1 × 0.00409 = 0.018625 + 0.00409 = 0.022715; + 0.0505 = 0.073215
    let arm = line(SMALL, Region::ApNortheast2, "Fargate (ARM) + ALB");
    assert_eq!(arm.per_hour.to_string(), "$0.073215/h");
}

#[test]
fn ec2_in_both_regions_by_hand() {
    // 512 + 256 MiB fit t3.micro: 2 × 0.0104 = 0.0208
    // EBS: 16 GB × 0.08 / 730 = 1.28 / 730 = 0.0017534246575…, to a billionth 0.001753425
    // ALB, LCU and IPv4 as above: 0.0505
    // Sum: 0.0208 + 0.001753425 + 0.0505 = 0.073053425
    let virginia = line(SMALL, Region::UsEast1, "EC2 + ALB");
    assert_eq!(virginia.per_hour.to_string(), "$0.073053425/h");
    assert!(virginia.note.starts_with("2 × t3.micro"), "{}", virginia.note);
    // t3.micro: 2 × 0.013 = 0.026; EBS: 16 × 0.0912 / 730 = 1.4592 / 730 = 0.00199890410…
    // Sum: 0.026 + 0.001998904 + 0.0505 = 0.078498904
    let seoul = line(SMALL, Region::ApNortheast2, "EC2 + ALB");
    assert_eq!(seoul.per_hour.to_string(), "$0.078498904/h");
    // t4g.micro: 2 × 0.0104 = 0.0208; sum 0.0208 + 0.001998904 + 0.0505 = 0.073298904
    let arm = line(SMALL, Region::ApNortheast2, "EC2 (ARM) + ALB");
    assert_eq!(arm.per_hour.to_string(), "$0.073298904/h");
}

#[test]
fn the_cheapest_type_that_fits_is_taken() {
    for (vcpu_milli, memory_mib, what, taken) in [
        // 256 + 256 fit half a GiB exactly; one MiB more does not.
        (100, 256, "EC2 + ALB", "1 × t3.nano,"),
        (100, 257, "EC2 + ALB", "1 × t3.micro,"),
        (2000, 7000, "EC2 + ALB", "1 × t3.large,"),
        (2001, 512, "EC2 + ALB", "1 × t3.xlarge,"),
        // The table has no t4g.large, and m7g.large costs less than m8g.large.
        (1000, 7000, "EC2 (ARM) + ALB", "1 × m7g.large,"),
    ] {
        let shape = Shape { instances: 1, vcpu_milli, memory_mib };
        let note = line(shape, Region::UsEast1, what).note;
        assert!(note.starts_with(taken), "{taken} {note}");
    }
}

#[test]
fn fargate_sizes_are_those_that_exist() {
    for (vcpu_milli, memory_mib, expected) in [
        (0, 0, Some((250, 500))),
        (250, 513, Some((250, 1000))),
        (250, 2048, Some((250, 2000))),
        (250, 2049, Some((500, 3000))),
        (251, 512, Some((500, 1000))),
        (1000, 512, Some((1000, 2000))),
        (4000, 31_000, Some((8000, 32_000))),
        (8000, 17_000, Some((8000, 20_000))),
        (16_000, 122_880, Some((16_000, 120_000))),
        (16_001, 512, None),
        (250, 122_881, None),
    ] {
        let shape = Shape { instances: 1, vcpu_milli, memory_mib };
        let size = fargate::smallest(shape).map(|task| (task.vcpu.0, task.memory.0));
        assert_eq!(size, expected, "{vcpu_milli} {memory_mib}");
    }
}

#[test]
fn what_has_no_price_is_never_zero() {
    let shape = Shape { instances: 1, vcpu_milli: 64_000, memory_mib: 1024 };
    for line in comparison(shape, Region::UsEast1) {
        assert_eq!(line.per_hour.known(), None, "{}", line.what);
        assert!(line.per_hour.to_string().starts_with("unpriced: a"), "{}", line.per_hour);
    }
    assert_eq!(price(Region::UsEast1, "BoxUsage:x99.mega"), None);
}

#[test]
fn parts_sum_to_their_line_and_name_their_prices() {
    for region in Region::ALL {
        for line in comparison(SMALL, region) {
            let sum: NanoUsd = line.parts.iter().map(|part| part.amount).sum();
            assert_eq!(line.per_hour, Total::Priced(sum));
            for part in &line.parts {
                assert!(!part.date.is_empty() && !part.source.is_empty(), "{part:?}");
            }
            assert!(line.note.contains("LCU") && line.note.contains("left out"));
        }
    }
}

fn key(name: &str) -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop"), name: EnvironmentName::new(name) }
}

fn environment() -> Environment {
    let spec = EnvironmentSpec {
        name: EnvironmentName::new("qa"),
        branches: Vec::new(),
        preview: false,
        domain: Some("qa.shop.localhost".to_owned()),
        instances: 2,
        runtime: Runtime::Local,
        deploy: DeployMode::Auto,
        strategy: Strategy::default(),
        rules: Vec::new(),
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        keep_releases: 5,
        budget_micro_usd_per_hour: None,
    };
    Environment {
        spec,
        preview_of: None,
        removing: false,
        releases: BTreeMap::new(),
        current: None,
        running: None,
        waiting: None,
        ready: None,
        generation: 0,
        replace_failures: 0,
        lost: None,
        replace_at: Timestamp(0),
        relieve_at: Timestamp(0),
        stopped: BTreeSet::new(),
    }
}

fn instance(environment: &str, slot: u32, phase: InstancePhase) -> Instance {
    Instance {
        id: InstanceId::new(format!("shop-{environment}-r1-{slot}")),
        environment: key(environment),
        release: ReleaseNumber(1),
        slot,
        generation: 0,
        phase,
        role: Role::None,
        role_since: Timestamp(0),
        health: TargetHealth {
            state: TargetState::Initial,
            reason: None,
            detail: String::new(),
            doubted: false,
            since: Timestamp(0),
        },
        since: Timestamp(0),
        restarts: 0,
        relief_asked: false,
        ill: false,
        probed: None,
    }
}

#[test]
fn what_runs_here_costs_exactly_nothing_and_says_why() {
    let mut state = State::default();
    assert_eq!(environment_cost(&state, &key("qa")), None);
    state.environments.insert(key("qa"), environment());
    let gone = InstancePhase::Gone { at: Timestamp(1), why: String::new() };
    for one in [
        instance("qa", 0, InstancePhase::Starting),
        instance("qa", 1, InstancePhase::Starting),
        instance("qa", 2, gone),
        instance("production", 0, InstancePhase::Starting),
    ] {
        state.instances.insert(one.id.clone(), one);
    }
    let cost = environment_cost(&state, &key("qa")).unwrap();
    assert_eq!(cost.per_hour, Total::Priced(NanoUsd::ZERO));
    let shown: Vec<String> = cost
        .kinds
        .iter()
        .map(|k| format!("{} {} {} {}", k.count, k.kind.name(), k.per_hour, k.note))
        .collect();
    assert_eq!(
        shown,
        ["2 instances $0/h runs on this machine", "1 load balancer $0/h runs on this machine"]
    );
}

#[test]
fn a_budget_holds_what_is_known_and_refuses_what_is_not() {
    let budget = NanoUsd::from_micro(500_000);
    let priced = |micro| Total::Priced(NanoUsd::from_micro(micro));
    assert!(!priced(0).is_beyond(budget) && !priced(500_000).is_beyond(budget));
    assert!(priced(500_001).is_beyond(budget));
    let missing = vec!["a load balancer".to_owned()];
    assert!(Total::Unpriced { rest: NanoUsd::ZERO, missing }.is_beyond(budget));
}
