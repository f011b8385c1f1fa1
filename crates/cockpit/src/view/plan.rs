//! A plan to confirm: what changes, how to undo it, what to know before.

use pilothouse_core::command::DeployWhat;
use pilothouse_core::deployment::Deployment;
use pilothouse_core::plan::{Plan, Side};

use super::lines::{Line, sentence};
use crate::age;
use crate::cli;
use crate::model::{Model, PlanDialog};
use crate::rows::words;
use crate::theme::Scope;
use crate::width;

/// The plan's title.
pub(super) fn title(dialog: &PlanDialog) -> String {
    let is_forward = dialog.plan.as_ref().is_ok_and(Plan::is_forward);
    let verb = match &dialog.what {
        DeployWhat::Ready | DeployWhat::Run(_) => "Deploy to",
        DeployWhat::Rollback(_) if is_forward => "Bring an earlier release back to",
        DeployWhat::Rollback(_) => "Roll back",
        DeployWhat::Promotion(_) => "Promote to",
    };
    format!("{verb} {}", dialog.environment)
}

/// The plan's lines.
pub(super) fn lines(model: &Model, dialog: &PlanDialog, width: u16) -> Vec<Line> {
    let mut lines = match &dialog.plan {
        Ok(plan) => of_plan(model, plan, width),
        Err(rejection) => gone(model, dialog, &rejection.why, width),
    };
    let note = dialog.note.as_deref().or(dialog.sent.map(|_| crate::text::SENT));
    if let Some(note) = note {
        lines.push(Line::default());
        lines.extend(sentence(&width::clean(note), width, Scope::StateWarn));
    }
    lines
}

/// Why what the person looked at can no longer be done: what somebody else began meanwhile, and
/// what the plan itself says.
fn gone(model: &Model, dialog: &PlanDialog, why: &str, width: u16) -> Vec<Line> {
    let mut lines = sentence(crate::text::NO_LONGER, width, Scope::StateWarn);
    let last = newest_deployment(model, dialog);
    if let Some(deployment) = last {
        let (mark, state) = words::deployment(model, deployment);
        let whose = format!(
            "Deployment {} by {} makes {} serve: ",
            deployment.id,
            width::clean(&deployment.actor),
            deployment.release
        );
        lines.push(Line::default());
        lines.push(Line::new(whose, Scope::Text).mark(mark).and(state, Scope::Text));
    }
    lines.push(Line::default());
    lines.extend(sentence(&width::clean(why), width, Scope::Dim));
    lines
}

/// The deployment that was begun while the plan was open, or that runs or waits.
fn newest_deployment<'a>(model: &'a Model, dialog: &PlanDialog) -> Option<&'a Deployment> {
    let environment = model.environment(&dialog.environment)?;
    let id = environment.waiting.or(environment.running);
    let id = id.or_else(|| {
        let all = model.replica.deployments.values().rev();
        let mut own = all.filter(|deployment| deployment.environment == dialog.environment);
        own.next().filter(|last| last.queued_at >= dialog.opened_at).map(|last| last.id)
    })?;
    model.replica.deployments.get(&id)
}

fn of_plan(model: &Model, plan: &Plan, width: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    match &plan.from {
        Some(from) => lines.push(side("-", from, Scope::DiffMinus)),
        None => lines.push(Line::new("- nothing serves yet", Scope::DiffMinus)),
    }
    lines.push(side("+", &plan.to, Scope::DiffPlus));
    // Before all that may need scrolling.
    for warning in &plan.warnings {
        lines.extend(sentence(&format!("! {}", width::clean(warning)), width, Scope::StateWarn));
    }
    lines.push(Line::default());
    for (number, step) in plan.steps.iter().enumerate() {
        let text = format!("{}. {}", number + 1, width::clean(step));
        lines.extend(sentence(&text, width, Scope::Text));
    }
    lines.push(Line::default());
    lines.extend(fact("undo", &plan.undo, width));
    lines.extend(fact("cost", &cost(model, plan), width));
    lines.extend(fact("shell", &cli::of_plan(plan), width));
    lines
}

fn fact(name: &str, text: &str, width: u16) -> Vec<Line> {
    let folded = width::fold(&width::clean(text), usize::from(width.saturating_sub(7)).max(8));
    let mut name = name;
    let mut lines = Vec::new();
    for line in folded {
        lines.push(Line::new(format!("{name:<7}"), Scope::Dim).and(line, Scope::Text));
        name = "";
    }
    lines
}

fn side(sign: &str, side: &Side, scope: Scope) -> Line {
    Line::new(format!("{sign} {:<5} ", side.release.to_string()), scope)
        .and(format!("{}  ", side.commit.short()), Scope::Dim)
        .and(width::clean(&side.subject), Scope::Text)
}

/// What the environment costs by the hour, and while both releases run.
fn cost(model: &Model, plan: &Plan) -> String {
    let name = plan.environment.to_string();
    let line = model.costs.lines.iter().find(|line| line.name == name);
    match line.and_then(|line| line.micro_usd) {
        None => "unknown".to_owned(),
        Some(micro) if plan.from.is_none() => age::dollars(micro),
        Some(0) => "$0.000/h, also while both releases run".to_owned(),
        Some(micro) => format!(
            "{} as before; up to {} while both releases run",
            age::dollars(micro),
            age::dollars(micro * 2)
        ),
    }
}
