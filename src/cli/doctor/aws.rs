//! Whether what is watched at AWS can be seen, and has what should be there.

use color_eyre::Result;
use pilothouse_cockpit::model::trouble_of_all;
use pilothouse_core::aws::{AwsWatch, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;

use super::Check;
use crate::cli::status::watched;
use crate::find::Place;

const WHAT: &str = "aws";
/// Sentences of what is missing that are told of one environment.
const MISSING: usize = 4;

/// Looks at what the engine last saw, if one answers.
pub async fn checks(place: &Place) -> Result<Vec<Check>> {
    let (snapshot, seen) = watched::look(place).await?;
    let environments = snapshot.state.environments.iter().filter(|(_, one)| !one.removing);
    let checks = environments.filter_map(|(key, one)| {
        let watch = one.spec.runtime.watch()?;
        Some(check(key, watch, seen.get(key), snapshot.now))
    });
    Ok(checks.collect())
}

fn check(key: &EnvironmentKey, watch: &AwsWatch, seen: Option<&Watched>, now: Timestamp) -> Check {
    let see = format!("`pilothouse aws {key}` shows it");
    let Some(seen) = seen.filter(|one| one.seen_at().is_some() || one.trouble().is_some()) else {
        return Check::warn(WHAT, format!("{key} was not seen yet"), "look again in a moment");
    };
    if let Some(trouble) = seen.trouble() {
        let why = printable(&trouble.to_string(), 600);
        return if trouble_of_all(seen).is_some() {
            Check::fail(WHAT, format!("{key} cannot be seen: {why}"), see)
        } else {
            Check::warn(WHAT, format!("{key} is seen in part: {why}"), see)
        };
    }
    let missing = seen.missing(now);
    if missing.is_empty() {
        let (account, region) = (&watch.access.account, &watch.access.region);
        let found = format!("{key} is seen: {account} {region}, by {}", watch.access.by());
        return Check::ok(WHAT, found);
    }
    let told = missing.iter().take(MISSING).map(|one| printable(&one.what, 300));
    let mut told: Vec<String> = told.collect();
    let more = missing.len().saturating_sub(MISSING);
    told.extend((more > 0).then(|| format!("{more} more are missing or wrong")));
    Check::warn(WHAT, format!("{key}: {}", told.join("; ")), see)
}
