//! What volumes cost, by their size and by what they can do.

use super::super::seen::Volume;
use super::bill::lines;
use super::{account, balancer_alone, watched};

#[test]
fn a_volume_pays_for_what_it_can_do_beyond_what_is_free() {
    let mut inventory = account();
    let volume = |kind: &str, iops, throughput| Volume {
        id: format!("vol-{kind}"),
        kind: kind.to_owned(),
        size: 100,
        iops,
        throughput,
        instance: Some("i-1".to_owned()),
    };
    inventory.volumes = vec![
        volume("gp3", Some(4000), Some(250)),
        volume("io1", Some(1000), None),
        volume("io2", Some(70_000), None),
        volume("standard", None, None),
        volume("gp2", Some(300), None),
    ];
    inventory.volumes.push(Volume { id: "vol-unsaid".to_owned(), ..volume("io1", None, None) });
    let bill = watched(&inventory, balancer_alone()).bill;
    let storage: Vec<String> =
        lines(&bill).into_iter().filter(|line| line.starts_with("EBS")).collect();
    assert_eq!(
        storage,
        [
            "EBS gp3 $0.010958904",
            // 1000 beyond 3000 at $0.005 a month, and 125 beyond 125 at $0.04.
            "EBS gp3 IOPS $0.006849315",
            "EBS gp3 throughput $0.006849315",
            "EBS io1 $0.034246575",
            // 1000 at $0.065 a month.
            "EBS io1 IOPS $0.089041096",
            "EBS io2 $0.017123288",
            // 32,000 at $0.065 a month; of the steps beyond no dated price was found.
            "EBS io2 IOPS $2.849315068",
            "EBS io2 IOPS unpriced",
            "EBS io2 IOPS unpriced",
            "EBS standard $0.006849315",
            "EBS standard I/O unpriced",
            "EBS gp2 $0.01369863",
            // How many it has was not said, which is not none.
            "EBS io1 IOPS unpriced",
        ]
    );
    let steps = bill.lines.iter().filter(|line| line.what == "EBS io2 IOPS");
    let steps: Vec<String> =
        steps.map(|line| format!("{} {}", line.usage, line.quantity)).collect();
    assert_eq!(
        steps,
        [
            "EBS:VolumeP-IOPS.io2 32000",
            "EBS:VolumeP-IOPS.io2.tier2 32000",
            "EBS:VolumeP-IOPS.io2.tier3 6000",
        ]
    );
    let wanted = bill.lines.iter().map(|line| line.usage.as_str());
    assert!(wanted.clone().any(|usage| usage == "EBS:VolumeUsage.piops"));
    assert!(wanted.clone().any(|usage| usage == "EBS:VolumeUsage"));
}
