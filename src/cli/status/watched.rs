//! What `status` says of an environment that is only watched at AWS: none of its instances is ours,
//! so that there is no count of them, and whether it is seen.

use std::time::Duration;

use color_eyre::Result;
use pilothouse_api::types::Snapshot;
use pilothouse_cockpit::model::{Sightings, trouble_of_all};
use pilothouse_core::aws::{AwsWatch, Missing, Watched};
use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use serde::Serialize;

use super::super::aws::gather;
use crate::ask;
use crate::find::Place;
use crate::out::{self, Tone};

/// How long what was last seen may take to come; the engine has it at hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of what is missing is told, one by one.
const MISSING: usize = 8;

/// How an environment is watched.
#[derive(Debug, Serialize)]
pub struct Shown {
    account: String,
    region: String,
    /// By which credentials.
    by: String,
    /// When anything of it was last seen, in milliseconds since the Unix epoch; null where nothing
    /// ever was.
    seen: Option<u64>,
    /// Whether nothing of it can be seen now.
    unseen: bool,
    /// Why all or some of it cannot be seen; null where all can.
    trouble: Option<String>,
    /// What should be there and is not, or does not serve, a sentence each.
    missing: Vec<String>,
    /// These in few words.
    #[serde(skip)]
    briefly: String,
    #[serde(skip)]
    age: String,
}

/// The engine's state, and what was last seen of what is watched. Nothing is waited for: that it
/// was not seen yet is told, too.
pub async fn look(place: &Place) -> Result<(Snapshot, Sightings)> {
    let (client, snapshot) = ask::look(place).await?;
    let all = snapshot.state.environments.iter();
    let watched = all.filter(|(_, one)| one.spec.runtime.watch().is_some() && !one.removing);
    let keys: Vec<EnvironmentKey> = watched.map(|(key, _)| key.clone()).collect();
    if keys.is_empty() {
        return Ok((snapshot, Sightings::new()));
    }
    let gathered = tokio::time::timeout(PATIENCE, gather(&client, &keys, |_| true)).await;
    let seen = gathered.unwrap_or_else(|_| Ok(Sightings::new()))?;
    Ok((snapshot, seen))
}

/// How an environment is watched, and what came of it.
pub fn shown(watch: &AwsWatch, watched: Option<&Watched>, now: Timestamp) -> Shown {
    let access = &watch.access;
    let newest = watched.and_then(Watched::seen_at);
    let of_all = watched.and_then(trouble_of_all);
    let trouble = watched.and_then(Watched::trouble);
    Shown {
        account: access.account.clone(),
        region: access.region.clone(),
        by: access.by(),
        seen: newest.map(|at| at.0),
        unseen: of_all.is_some() || newest.is_none(),
        trouble: trouble.map(|trouble| trouble.to_string()),
        missing: watched.map_or_else(Vec::new, |watched| missing(watched, now)),
        briefly: watched.map_or_else(String::new, |one| Missing::briefly(&one.missing(now))),
        age: newest.map_or_else(String::new, |at| out::ago(now, at)),
    }
}

fn missing(watched: &Watched, now: Timestamp) -> Vec<String> {
    let said = |one: Missing| match one.since {
        Some(at) => format!("{}, as of {} ago", one.what, out::ago(now, at)),
        None => one.what,
    };
    watched.missing(now).into_iter().map(said).collect()
}

impl Shown {
    /// What stands where others have a count of instances.
    pub fn word(&self) -> (Tone, String) {
        match (self.unseen, &self.trouble) {
            (true, Some(_)) => (Tone::Bad, "watched: not seen".to_owned()),
            (true, None) => (Tone::Dim, "watched: asking".to_owned()),
            (false, Some(_)) => (Tone::Warn, "watched: in part".to_owned()),
            (false, None) if !self.missing.is_empty() => {
                (Tone::Bad, format!("watched: {}", self.briefly))
            }
            (false, None) => (Tone::Plain, "watched".to_owned()),
        }
    }

    /// Whose account it is, what of it cannot be seen, and what is missing.
    pub fn sentences(&self, key: &EnvironmentKey) -> Vec<String> {
        let Self { account, region, by, age, .. } = self;
        let seen = if age.is_empty() { String::new() } else { format!(", seen {age} ago") };
        let whose = format!("{account} {region}, by {by}{seen}");
        let mut said = vec![format!("watched at AWS: {whose}; see `pilothouse aws {key}`")];
        said.extend(self.trouble.as_ref().map(|trouble| printable(trouble, 400)));
        let more = self.missing.len().saturating_sub(MISSING);
        said.extend(self.missing.iter().take(MISSING).map(|one| printable(one, 400)));
        said.extend((more > 0).then(|| format!("{more} more are missing or wrong")));
        said
    }
}
