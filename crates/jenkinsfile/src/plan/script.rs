//! Groovy that is none.
//!
//! Responsible for a `script` whose statements are plain steps, as they could stand outside of it.
//! There they do the same: nobody uses what they return, and nothing decides whether they run.

use super::argument::{is_scm, single, values};
use crate::model::Step;
use crate::syntax::Block;
use crate::table::{Support, Table};
use crate::verdict::{Known, is_plain};

/// The steps of a `script`, where each of them is known, has literal arguments, and would be
/// accepted outside of it.
pub(crate) fn plain<'t>(
    text: &'t str,
    table: &'t Table,
    known: &Known<'_>,
    code: &'t Block<'t>,
) -> Option<Vec<Step<'t>>> {
    let steps = crate::read::steps(text, &code.statements, table)?;
    let is_right = !steps.is_empty()
        && steps.iter().all(|step| is_plain_step(step, table, known))
        && crate::check::accepts(text, &steps, table);
    is_right.then_some(steps)
}

fn is_plain_step(step: &Step<'_>, table: &Table, known: &Known<'_>) -> bool {
    let Some(name) = step.name.as_ref().filter(|name| !known.defines(&name.text)) else {
        return false;
    };
    // What gives Groovy a value, or takes a piece of it, is no plain step.
    let is_known = table
        .step(&name.text)
        .is_some_and(|entry| !matches!(entry.support, Support::Interpreter | Support::Library));
    let is_own = name.text == "checkout" && is_scm(single(&step.arguments), known);
    let is_literal = || values(&step.arguments).into_iter().all(is_plain);
    let mut inner = step.steps.iter().flatten();
    is_known
        && step.code.is_none()
        && (is_own || is_literal())
        && inner.all(|step| is_plain_step(step, table, known))
}
