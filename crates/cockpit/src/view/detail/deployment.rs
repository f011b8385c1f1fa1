//! A deployment: its milestones with times, its instances, and why it ended as it did.

use pilothouse_core::deployment::{Deployment, DeploymentKind, DeploymentResult, Milestone, Phase};
use pilothouse_core::id::{DeploymentId, InstanceId};

use super::super::lines::{Line, sentence};
use super::{Sheet, gone};
use crate::age;
use crate::model::Model;
use crate::rows::{targets, words};
use crate::theme::{Mark, Scope};
use crate::width;

pub(super) fn sheet(model: &Model, id: DeploymentId, top: usize, width: u16) -> Sheet {
    let title = format!("Deployment {id}");
    let Some(deployment) = model.replica.deployments.get(&id) else {
        let sentence = if id > model.replica.last_deployment {
            "It is accepted; its first event has not come yet."
        } else {
            "This deployment is no longer kept. Esc goes back."
        };
        return gone(title, sentence);
    };
    let mut lines = head(model, deployment);
    lines.extend(outcome(model, deployment, width));
    lines.push(Line::default());
    lines.extend(milestones(model, deployment));
    lines.push(Line::default());
    lines.extend(instances(model, "new", &deployment.new));
    lines.extend(instances(model, "old", &deployment.old));
    Sheet { title, lines, top, selected: None }
}

/// What came of it, or why it goes back: before all that led there.
fn outcome(model: &Model, deployment: &Deployment, width: u16) -> Vec<Line> {
    let (text, scope) = match &deployment.phase {
        Phase::Ended { result, .. } | Phase::Aborting { result } => {
            let (mark, text) = words::deployment_result(&model.replica, deployment, result);
            let scope = if mark == Mark::Error { Scope::StateError } else { Scope::Text };
            (format!("{text}. {}", after(model, deployment, result)), scope)
        }
        Phase::RollingBack { why, .. } => {
            (format!("Rolling back: {}.", width::clean(why)), Scope::StateWarn)
        }
        _ => return Vec::new(),
    };
    let mut lines = vec![Line::default()];
    lines.extend(sentence(&text, width, scope));
    lines
}

/// What the environment is left with. What an older deployment left is another one's by now.
fn after(model: &Model, deployment: &Deployment, result: &DeploymentResult) -> &'static str {
    let had_release = deployment.previous.is_some();
    let all = model.replica.deployments.values().rev();
    let mut ended = all.filter(|one| one.environment == deployment.environment && one.is_ended());
    let is_newest = ended.next().is_none_or(|newest| newest.id <= deployment.id);
    let is_unwell = is_newest && model.replica.is_unserved(&deployment.environment);
    let is_unseen = is_newest && model.replica.is_unseen(&deployment.environment);
    match result {
        DeploymentResult::Succeeded
        | DeploymentResult::Failed { .. }
        | DeploymentResult::RolledBack { .. }
            if is_unseen =>
        {
            "The load balancer does not answer the engine now, so that nothing may be served."
        }
        DeploymentResult::Succeeded if is_unwell => {
            "It answered through the load balancer and the domain, and no instance of it is well now: \
             look at the targets."
        }
        DeploymentResult::Succeeded => "It answered through the load balancer and the domain.",
        DeploymentResult::Failed { .. } | DeploymentResult::RolledBack { .. } if !had_release => {
            "Nothing served before it, and nothing does now."
        }
        DeploymentResult::Failed { .. } if is_unwell => {
            "The release that served before was never touched, and no instance of it is well now: \
             look at the targets."
        }
        DeploymentResult::Failed { .. } => "The release that served before was never touched.",
        DeploymentResult::RolledBack { .. } if is_unwell => {
            "Traffic went back to the release that served before, and no instance of it is well \
             now: look at the targets."
        }
        DeploymentResult::RolledBack { .. } => "The release that served before serves again.",
        DeploymentResult::Attention { .. } => {
            "Look at the targets: mend what they lack, or deploy a good release."
        }
        DeploymentResult::Cancelled { .. } if is_unwell => {
            "No instance of the release that serves is well now: look at the targets."
        }
        DeploymentResult::Cancelled { .. } | DeploymentResult::Superseded { .. } => "",
    }
}

fn head(model: &Model, deployment: &Deployment) -> Vec<Line> {
    let environment = model.environment(&deployment.environment);
    let release = environment.and_then(|environment| environment.releases.get(&deployment.release));
    let commit = release.map_or_else(String::new, |release| {
        format!(" {} {}", release.commit.short(), width::clean(&release.subject))
    });
    let kind = match &deployment.kind {
        DeploymentKind::Deploy => "a new release".to_owned(),
        DeploymentKind::Rollback => "an earlier good release".to_owned(),
        DeploymentKind::Promotion { from } => format!("the artifact that {from} runs"),
    };
    let (mark, word) = words::deployment(model, deployment);
    let attempts = match deployment.attempts {
        0 => String::new(),
        count => format!(" · attempt {}", count + 1),
    };
    let from =
        deployment.previous.map_or_else(|| "nothing".to_owned(), |previous| previous.to_string());
    let mut head = vec![
        Line::name("release")
            .and(deployment.release.to_string(), Scope::Strong)
            .and(commit, Scope::Text),
        Line::fact("to", format!("{} · from {from}", deployment.environment)),
        Line::fact("what", format!("{kind}, asked for by {}", width::clean(&deployment.actor))),
        Line::name("state").mark(mark).and(format!("{word}{attempts}"), Scope::Text),
    ];
    head.extend(
        words::cut(deployment).map(|cut| Line::name("").mark(Mark::Warn).and(cut, Scope::Text)),
    );
    head
}

fn milestones(model: &Model, deployment: &Deployment) -> Vec<Line> {
    let mut before = deployment.queued_at;
    let ended = deployment.is_ended();
    let mut is_next = true;
    Milestone::ALL
        .iter()
        .map(|milestone| {
            let reached = deployment.milestones.get(milestone).copied();
            let (mark, clock, took) = match reached {
                Some(at) => {
                    let took = age::length(at.since(before));
                    before = at;
                    (Mark::Done, age::clock_seconds(at, model.offset_minutes), format!("+{took}"))
                }
                None if ended || !is_next => (Mark::None, String::new(), String::new()),
                None => {
                    is_next = false;
                    (Mark::Running, String::new(), age::running(model.known_at(), before))
                }
            };
            let tone = if mark == Mark::None { Scope::Dim } else { Scope::Text };
            Line::default()
                .mark(mark)
                .padded(milestone.name(), 12, tone)
                .and(format!("{clock:<10}{took:>7}"), Scope::Dim)
        })
        .collect()
}

/// How many cells an instance's name has at least and at most, and a space behind it.
const NAME: (usize, usize) = (30, 46);

fn instances(model: &Model, word: &str, ids: &[InstanceId]) -> Vec<Line> {
    let longest = ids.iter().map(|id| width::of(&width::clean(id.as_str()))).max().unwrap_or(0);
    let cells = (longest + 1).clamp(NAME.0, NAME.1);
    let name = |id: &InstanceId| width::cut(&width::clean(id.as_str()), cells - 1);
    ids.iter()
        .map(|id| {
            let start = Line::new(format!("{word:<5}"), Scope::Dim);
            match model.replica.instances.get(id) {
                None => start
                    .mark(Mark::None)
                    .padded(&name(id), cells, Scope::Dim)
                    .and("gone", Scope::Dim),
                Some(instance) => {
                    let (mark, state) = words::instance(instance);
                    let (_, health) = words::target(model, instance);
                    start
                        .mark(mark)
                        .padded(&name(id), cells, Scope::Text)
                        .padded(state, 11, Scope::Text)
                        .padded(health, 12, Scope::Dim)
                        .and(targets::sentence(instance), Scope::Dim)
                }
            }
        })
        .collect()
}
