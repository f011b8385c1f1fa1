//! What is paid by a measure that nobody asked for yet.

use std::collections::BTreeMap;

use super::super::asking::Content;
use super::super::{Belongings, Inventory, Part, Trouble, TroubleKind};
use super::watched;
use crate::time::Timestamp;

#[test]
fn a_bill_tells_what_nobody_asked_for_from_what_is_not_measured() {
    let buckets = || Belongings { buckets: vec!["shop".to_owned()], ..Belongings::default() };
    let mut inventory = Inventory::default();
    let said = |inventory: &Inventory| {
        let bill = watched(inventory, buckets()).bill;
        let lines = bill.lines.into_iter().filter(|line| line.what.starts_with("S3"));
        lines.map(|line| (line.is_unasked(), line.note)).collect::<Vec<_>>()
    };
    let unasked = "not asked for yet: metrics are read while somebody looks";
    let all = said(&inventory);
    assert!(all.iter().all(|one| *one == (true, unasked.to_owned())), "{all:?}");
    let denied = Trouble::new(TroubleKind::Denied, "cloudwatch:GetMetricData", "");
    for answer in [Err(denied), Ok(Content::Meters(BTreeMap::new()))] {
        inventory.take(Part::Meters, Timestamp(1), answer);
        let all = said(&inventory);
        assert!(all.iter().all(|one| !one.0 && one.1.contains("not measured")), "{all:?}");
    }
    // What was denied is named where it is missed, also after it was read without a measurement.
    let denied = Trouble::new(TroubleKind::Denied, "cloudwatch:GetMetricData", "");
    inventory.take(Part::Meters, Timestamp(2), Err(denied));
    let all = said(&inventory);
    let why = "not measured: cloudwatch:GetMetricData (denied)";
    assert!(all.iter().all(|one| one.1 == why), "{all:?}");
}
