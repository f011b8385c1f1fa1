//! What an environment costs by the hour, and all that it would cost elsewhere.

use pilothouse_core::cost::NanoUsd;

use super::super::lines::{Line, sentence};
use super::{Sheet, gone};
use crate::age;
use crate::cost::CostLine;
use crate::model::Model;
use crate::theme::Scope;
use crate::width;

/// Cells that a price needs.
const PRICE: usize = 11;

pub(super) fn sheet(model: &Model, name: &str, top: usize, room: u16) -> Sheet {
    let title = format!("What {} costs", width::clean(name));
    let Some(line) = model.costs.lines.iter().find(|line| line.name == name) else {
        return gone(title, "This environment is gone.");
    };
    let mut lines = facts(line, room);
    lines.push(Line::default());
    lines.extend(sentence(&width::clean(&model.costs.source), room, Scope::Dim));
    Sheet { title, lines, top, selected: None }
}

fn facts(line: &CostLine, room: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    if !line.shape.is_empty() {
        let name = if line.is_part { "of" } else { "runs" };
        lines.push(Line::fact(name, width::clean(&line.shape)));
    }
    lines.push(Line::fact("costs", known(line)));
    if !line.note.is_empty() {
        lines.extend(sentence(&width::clean(&line.note), room, Scope::Text));
    }
    if !line.elsewhere.is_empty() {
        lines.push(Line::default());
        lines.push(Line::new("The same shape elsewhere", Scope::Dim));
    }
    let names: Vec<_> = line.elsewhere.iter().map(|other| width::clean(&other.name)).collect();
    let widest = names.iter().map(|name| width::of(name)).max().unwrap_or(0);
    let widest = widest.min(usize::from(room).saturating_sub(PRICE));
    for (name, other) in names.iter().zip(&line.elsewhere) {
        let shown = Line::default().padded(name, widest + 2, Scope::Text);
        lines.push(shown.and(price(other.micro_usd), Scope::CostMoney));
    }
    lines
}

/// What is known of it; what has no price is never nothing.
fn known(line: &CostLine) -> String {
    let was = if line.is_stale { "was " } else { "" };
    match (line.micro_usd, line.at_least) {
        (Some(micro), _) => format!("{was}{}", price(micro)),
        (None, Some(least)) => format!("{was}at least {}", price(least)),
        (None, None) => "unknown".to_owned(),
    }
}

/// By the hour and by the month.
fn price(micro_usd: u64) -> String {
    if micro_usd == 0 {
        return age::dollars(0);
    }
    format!("{}, {}", age::dollars(micro_usd), NanoUsd::from_micro(micro_usd).monthly())
}
