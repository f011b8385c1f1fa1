//! Whether what is watched at AWS can be seen, and has what should be there.

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

/// Looks at what the engine last saw. Where that cannot be told, as by one that ends meanwhile, what
/// was found elsewhere is told all the same.
pub async fn checks(place: &Place) -> Vec<Check> {
    let (snapshot, seen) = match watched::look(place).await {
        Ok(looked) => looked,
        Err(error) => {
            let found = format!("what is watched at AWS could not be asked for: {error}");
            return vec![Check::warn(WHAT, printable(&found, 600), "look again in a moment")];
        }
    };
    let environments = snapshot.state.environments.iter().filter(|(_, one)| !one.removing);
    let watched = environments.filter_map(|(key, one)| Some((key, one.spec.runtime.watch()?)));
    watched.flat_map(|(key, watch)| of(key, watch, seen.get(key), snapshot.now)).collect()
}

fn of(
    key: &EnvironmentKey,
    watch: &AwsWatch,
    seen: Option<&Watched>,
    now: Timestamp,
) -> Vec<Check> {
    let see = format!("`pilothouse aws {key}` shows it");
    let Some(seen) = seen.filter(|one| one.seen_at().is_some() || one.trouble().is_some()) else {
        let found = format!("{key} was not seen yet");
        return vec![Check::warn(WHAT, found, "look again in a moment")];
    };
    let missing = missing(seen, now).map(|told| Check::warn(WHAT, format!("{key}: {told}"), &see));
    let trouble = seen.trouble().map(|trouble| printable(&trouble.to_string(), 600));
    let sight = match (trouble, trouble_of_all(seen).is_some()) {
        (Some(why), true) => Check::fail(WHAT, format!("{key} cannot be seen: {why}"), &see),
        (Some(why), false) => Check::warn(WHAT, format!("{key} is seen in part: {why}"), &see),
        (None, _) => {
            let (account, region) = (&watch.access.account, &watch.access.region);
            let found = format!("{key} is seen: {account} {region}, by {}", watch.access.by());
            Check::ok(WHAT, found)
        }
    };
    [Some(sight), missing].into_iter().flatten().collect()
}

/// What should be there and is not, or does not serve.
fn missing(seen: &Watched, now: Timestamp) -> Option<String> {
    let all = seen.missing(now);
    let told = all.iter().take(MISSING).map(|one| printable(&one.what, 300));
    let more = all.len().saturating_sub(MISSING);
    let more = (more > 0).then(|| format!("{more} more are missing or wrong"));
    let told: Vec<String> = told.chain(more).collect();
    (!told.is_empty()).then(|| told.join("; "))
}
