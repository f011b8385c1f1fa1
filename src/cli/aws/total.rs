//! What the bills of an environment and of its account come to, and what is missing, for programs and
//! for people: both are told the same.

use std::collections::BTreeMap;

use color_eyre::Result;
use pilothouse_cockpit::cost::{CostLine, of_account};
use pilothouse_cockpit::model::Sightings;
use pilothouse_core::aws::bill::Total;
use pilothouse_core::aws::{Missing, Watched};
use pilothouse_core::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A sum of `aws --json`. Amounts are in billionths of a US dollar.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Shown {
    /// What is paid by the hour; null where it is open.
    per_hour: Option<u64>,
    /// The same by the month of 730 hours.
    per_month: Option<u64>,
    /// Whether something of it has no price, was not read yet, or is not known to be so now.
    open: bool,
    /// What of it is known by the hour, as it is or as it was; null where nothing is.
    known_per_hour: Option<u64>,
    /// The same by the month.
    known_per_month: Option<u64>,
    /// How much of it has no price, in lines of a bill.
    unpriced: usize,
    /// How many environments have no bill yet.
    unread: usize,
    /// Of when the oldest of it is, in milliseconds since the Unix epoch; null where all is of now.
    as_of: Option<u64>,
}

impl From<Total> for Shown {
    fn from(total: Total) -> Self {
        let (hour, month) = (total.known.map(|usd| usd.0), total.known.map(|usd| usd.by_month().0));
        let open = total.is_open();
        let whole = |known: Option<u64>| known.filter(|_| !open);
        Self {
            per_hour: whole(hour),
            per_month: whole(month),
            open,
            known_per_hour: hour,
            known_per_month: month,
            unpriced: total.unpriced,
            unread: total.unread,
            as_of: total.stale_since.map(|at| at.0),
        }
    }
}

/// What should be there and is not, or does not serve.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Lacked {
    /// What it is, for people.
    what: String,
    /// Of when that is, in milliseconds since the Unix epoch; null where it is so now.
    as_of: Option<u64>,
}

impl From<Missing> for Lacked {
    fn from(missing: Missing) -> Self {
        Self { what: missing.what, as_of: missing.since.map(|at| at.0) }
    }
}

/// All that is seen, each with what is missing of it and what its bill comes to, and with what those
/// of its account come to that are told with it.
pub(super) fn json(seen: &Sightings, now: Timestamp) -> Result<Vec<Value>> {
    let accounts = accounts(seen);
    let shown = seen.values().map(|watched| {
        let mut value = serde_json::to_value(watched)?;
        let own = Shown::from(Total::of(watched, now));
        let missing: Vec<Lacked> = watched.missing(now).into_iter().map(Lacked::from).collect();
        let all = accounts.get(watched.access.account.as_str()).into_iter().flatten().copied();
        let all = Shown::from(Total::of_all(all, now));
        if let Value::Object(fields) = &mut value {
            fields.insert("missing".to_owned(), serde_json::to_value(missing)?);
            fields.insert("total".to_owned(), serde_json::to_value(own)?);
            fields.insert("account_total".to_owned(), serde_json::to_value(all)?);
        }
        Ok(value)
    });
    shown.collect()
}

/// A line for each account of which several environments are told.
pub(super) fn lines(seen: &Sightings, now: Timestamp) -> Vec<CostLine> {
    let several = accounts(seen).into_iter().filter(|(_, all)| all.len() > 1);
    several.map(|(account, all)| of_account(account, all.iter().copied(), now)).collect()
}

fn accounts(seen: &Sightings) -> BTreeMap<&str, Vec<&Watched>> {
    let mut accounts: BTreeMap<&str, Vec<&Watched>> = BTreeMap::new();
    for watched in seen.values() {
        accounts.entry(watched.access.account.as_str()).or_default().push(watched);
    }
    accounts
}

#[cfg(test)]
mod tests {
    use pilothouse_cockpit::rows::cost;
    use pilothouse_core::aws::bill::Line;
    use pilothouse_core::aws::{Access, Freshness, Part};
    use pilothouse_core::cost::NanoUsd;
    use pilothouse_core::deployment::EnvironmentKey;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    /// An environment with one thing of half a dollar, which was read so many seconds ago.
    fn watched(name: &str, thing: &str, age: u64) -> Watched {
        let access = Access {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            profile: None,
            role: None,
        };
        let key = EnvironmentKey { project: "shop".into(), name: name.into() };
        let mut watched = Watched::new(key, access);
        let fresh = Freshness { at: Some(Timestamp(NOW.0 - age * 1000)), trouble: None };
        watched.parts.insert(Part::Instances, fresh);
        let half = NanoUsd(500_000_000);
        watched.bill.lines.push(Line { per_hour: Some(half), ..Line::default() });
        watched.bill.things.insert(thing.to_owned(), half);
        watched
    }

    fn seen(all: impl IntoIterator<Item = Watched>) -> Sightings {
        all.into_iter().map(|one| (one.environment.clone(), one)).collect()
    }

    /// What a program and a person are told of an account.
    fn told(seen: &Sightings) -> (Value, String, String) {
        let told = json(seen, NOW).unwrap()[0]["account_total"].clone();
        let line = lines(seen, NOW).remove(0);
        (told, cost::row(&line).cells[2].text.clone(), line.note)
    }

    #[test]
    fn what_several_environments_have_is_counted_once_and_both_are_told_the_same() {
        let all = seen([watched("live", "i-1", 0), watched("qa", "i-1", 0)]);
        let (told, hour, note) = told(&all);
        assert_eq!(
            (&told["per_hour"], &told["per_month"]),
            (&500_000_000_u64.into(), &365_000_000_000_u64.into())
        );
        assert_eq!(
            (&told["open"], &told["unpriced"], &told["as_of"]),
            (&false.into(), &0.into(), &Value::Null)
        );
        assert_eq!((hour.as_str(), note.as_str()), ("$0.500/h", "$365/month"));
        let all = seen([watched("live", "i-1", 0), watched("qa", "i-2", 0)]);
        assert_eq!(json(&all, NOW).unwrap()[1]["total"]["per_hour"], 500_000_000_u64);
        assert_eq!(self::told(&all).0["per_hour"], 1_000_000_000_u64);
        // One alone is told in its own line.
        assert!(lines(&seen([watched("live", "i-1", 0)]), NOW).is_empty());
    }

    #[test]
    fn a_sum_of_which_something_is_not_known_is_never_told_as_the_whole() {
        let live = || watched("live", "i-1", 0);
        let mut unpriced = watched("qa", "i-2", 0);
        unpriced.bill.lines.push(Line { what: "EC2 x".to_owned(), ..Line::default() });
        let mut unread = watched("qa", "i-2", 0);
        unread.parts.clear();
        let stale = watched("qa", "i-2", 300);
        for (other, hour, note) in [
            (unpriced, "≥$1.000/h", "1 unpriced · at least $730/month"),
            (unread, "≥$0.500/h", "1 not read yet · at least $365/month"),
            (stale, "was $1.000/h", "was $730/month · as of 5m ago"),
        ] {
            let (told, shown, said) = told(&seen([live(), other]));
            assert_eq!((shown.as_str(), said.as_str()), (hour, note));
            assert_eq!(
                (&told["open"], &told["per_hour"], &told["per_month"]),
                (&true.into(), &Value::Null, &Value::Null)
            );
            assert!(told["known_per_hour"].is_u64() && told["known_per_month"].is_u64(), "{told}");
        }
        let mut lacking = live();
        lacking.absent.push("there is no load balancer shop".to_owned());
        let told = json(&seen([lacking]), NOW).unwrap()[0]["missing"].clone();
        let wanted = [("there is no load balancer shop", Value::Null)];
        let wanted = wanted.map(|(what, at)| serde_json::json!({ "what": what, "as_of": at }));
        assert_eq!(told, Value::from(wanted.to_vec()));
        // Of nothing at all nothing is known, which is no sum of nothing.
        let mut nothing = live();
        nothing.parts.clear();
        let told = json(&seen([nothing]), NOW).unwrap()[0]["total"].clone();
        assert_eq!((&told["known_per_hour"], &told["open"]), (&Value::Null, &true.into()));
    }
}
