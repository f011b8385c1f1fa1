//! The release on the line: what serves, what is ready, and what became of the head.

use pilothouse_core::state::Environment;

use super::super::serving::serving;
use super::super::{head, words};
use super::Leg;
use crate::model::{BranchRef, Model};
use crate::theme::Mark;

pub(super) fn release(model: &Model, row: &BranchRef, environment: &Environment) -> Leg {
    let running = environment.running.and_then(|id| model.replica.deployments.get(&id));
    if let Some(deployment) = running {
        let (mark, doing) = words::deployment(model, deployment);
        let release = deployment.release;
        return match head::other_commit(model, row, environment, release) {
            None => Leg::new(mark, format!("{release} {doing}"), release.to_string()),
            Some(commit) => {
                let of = format!("{release} of {commit}");
                Leg::new(mark, format!("{of} {doing}, not the head"), of)
            }
        };
    }
    let behind = head::behind(model, row, environment);
    let current = environment.current.map(|current| current.to_string());
    let serving = row.environment.as_ref().map(|key| serving(model, key)).unwrap_or_default();
    if let Some(ready) = head::ready(model, row) {
        let over = match (&behind, current) {
            (Some(behind), _) => format!(" · {}", behind.serves()),
            (None, Some(current)) => format!(" · {current} {}", serving.verb()),
            (None, None) => String::new(),
        };
        // What is ready can be of a commit before the head, which is not ready.
        let of =
            head::ready_of_other(model, row).map_or_else(String::new, |of| format!(" of {of}"));
        return Leg::new(Mark::Ready, format!("{ready}{of}{over}"), format!("{ready}{of}"));
    }
    if let Some(behind) = behind {
        return Leg::new(Mark::Warn, behind.long(), behind.short())
            .letter(behind.release.to_string())
            .tiny(behind.shortest());
    }
    if let Some((mark, how)) = head::failed(model, row, environment) {
        return Leg::new(mark, format!("{how}, nothing serves"), how);
    }
    current.map_or_else(
        || Leg::new(Mark::None, "no release", "none"),
        |current| {
            let mark = if serving.serves() { Mark::Ok } else { Mark::Warn };
            Leg::new(mark, current.clone(), current.clone()).letter(current.clone()).tiny(current)
        },
    )
}
