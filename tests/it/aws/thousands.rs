//! Thousands of things over many pages, through the real SDK: none is left out, none is asked for in pieces that AWS
//! refuses, and it takes seconds.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pilothouse_core::aws::Part;

use super::fake::{self, Target};
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, seen, stage, watch};

const HOSTS: usize = 2500;
/// Things on a page, which are fewer than what is asked for: AWS gives as many as it likes.
const PAGE: usize = 60;
/// Ids that one question may name (Amazon EC2 API Reference, `DescribeInstanceStatus`: "Constraints: Maximum 100
/// explicitly specified instance IDs").
const NAMES: usize = 100;

fn host(place: usize) -> String {
    format!("i-{place:017x}")
}

/// A page of a list of EC2's (Amazon EC2 API Reference, `DescribeInstances` and `DescribeVolumes`: `nextToken` until the
/// last page). A token is opaque, and has characters that a form must spell otherwise.
fn page(request: &str, action: &str, set: &str, one: impl Fn(usize) -> String) -> String {
    let token = request.split('&').find_map(|part| part.strip_prefix("NextToken="));
    let start = token.map_or(0, |token| {
        let start = token.strip_suffix("%2F%2B%3D").expect("the token comes back as it was given");
        start.parse().unwrap()
    });
    let end = (start + PAGE).min(HOSTS);
    let items: Vec<String> =
        (start..end).map(|place| format!("<item>{}</item>", one(place))).collect();
    let items = items.concat();
    let next = if end < HOSTS { format!("<nextToken>{end}/+=</nextToken>") } else { String::new() };
    format!(
        "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r</requestId><{set}>{items}</{set}>{next}</{action}Response>"
    )
}

fn instances(request: &str) -> String {
    page(request, "DescribeInstances", "reservationSet", |place| {
        format!(
            "<instancesSet><item><instanceId>{}</instanceId><instanceType>t3.nano</instanceType>\
             <instanceState><code>16</code><name>running</name></instanceState>\
             <placement><availabilityZone>us-east-1a</availabilityZone></placement>\
             <platformDetails>Linux/UNIX</platformDetails></item></instancesSet>",
            host(place)
        )
    })
}

fn volumes(request: &str) -> String {
    page(request, "DescribeVolumes", "volumeSet", |place| {
        let instance = host(place);
        format!(
            "<volumeId>vol-{place}</volumeId><size>8</size><volumeType>gp3</volumeType>\
             <iops>3000</iops><throughput>125</throughput><attachmentSet><item>\
             <volumeId>vol-{place}</volumeId><instanceId>{instance}</instanceId>\
             <status>attached</status></item></attachmentSet>"
        )
    })
}

/// The checks of the instances that are named (Amazon EC2 API Reference, `DescribeInstanceStatus`).
fn statuses(ids: &[&str]) -> String {
    let mut items = String::new();
    for id in ids {
        let well = "<status>ok</status>";
        write!(
            items,
            "<item><instanceId>{id}</instanceId><systemStatus>{well}</systemStatus>\
             <instanceStatus>{well}</instanceStatus></item>"
        )
        .unwrap();
    }
    format!(
        "<DescribeInstanceStatusResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
         <requestId>r</requestId><instanceStatusSet>{items}</instanceStatusSet>\
         </DescribeInstanceStatusResponse>"
    )
}

#[test]
fn thousands_are_seen_whole_and_in_time() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let proxy = Proxy::before(moto.address());
    proxy.answers("DescribeInstances", instances);
    proxy.answers("DescribeVolumes", volumes);
    let most = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&most);
    proxy.answers("DescribeInstanceStatus", move |request| {
        let named = request.split('&').filter(|part| part.starts_with("InstanceId."));
        let ids: Vec<&str> = named.filter_map(|part| part.split_once('=')).map(|p| p.1).collect();
        own.fetch_max(ids.len(), Ordering::Relaxed);
        statuses(&ids)
    });
    let ids: Vec<String> = (0..HOSTS).map(host).collect();
    proxy.answers("DescribeTargetHealth", move |_| {
        let target = |id| Target { id, state: "healthy", reason: "", said: "" };
        fake::health(&ids.iter().map(|id| target(id.as_str())).collect::<Vec<_>>())
    });
    let stage = stage(&proxy.endpoint());
    let began = Instant::now();
    watch(&stage, ACCOUNT, "load_balancers = [\"shop\"]\n");
    let told = seen(&stage, "thousands", |one| {
        let read = |part: &Part| one.parts.get(part).is_some_and(|fresh| fresh.at.is_some());
        one.instances.iter().all(|one| one.checks.is_some())
            && [Part::Health, Part::Checks, Part::Volumes].iter().all(read)
    });
    let took = began.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(told.instances.len(), HOSTS);
    let first = told.instances.iter().find(|one| one.id == host(0)).unwrap();
    let last = told.instances.iter().find(|one| one.id == host(HOSTS - 1)).unwrap();
    assert_eq!((first.kind.as_str(), last.kind.as_str()), ("t3.nano", "t3.nano"));
    assert!(told.groups.iter().all(|group| group.targets.len() == HOSTS), "{}", told.groups.len());
    let most = most.load(Ordering::Relaxed);
    assert!((1..=NAMES).contains(&most), "{most} ids in one question");
    let line = |what: &str| told.bill.lines.iter().find(|line| line.what == what).unwrap();
    assert_eq!(line("EC2 t3.nano").count as usize, HOSTS);
    assert_eq!(line("EBS gp3").quantity.0, HOSTS as u64 * 8 * 1000);
    // A whole look is two lists of 42 pages, 25 times a hundred names, and little else.
    let whole = HOSTS.div_ceil(PAGE) * 2 + HOSTS / NAMES;
    let asked = proxy.asked().len();
    assert!(asked < whole * 3, "{asked} questions where a look needs {whole}");
    stage.end();
}
