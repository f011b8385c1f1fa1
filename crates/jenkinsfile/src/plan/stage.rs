//! Stages.
//!
//! Responsible for what stands in a stage, in order, and for whether the stage runs: where nothing
//! in it is taken over, it does not.

use super::agent::takes_agent;
use super::written::Change;
use super::{Line, MOST, Made, Mark, NOTHING, Planner, Scope, StagePart};
use crate::model::{Branch, Matrix, Stage, Step};
use crate::source::Span;
use crate::table::Support;

/// What makes a stage stand on another.
#[derive(Default)]
struct Standing {
    behind: Option<String>,
    change: Option<Change>,
}

impl Planner<'_> {
    pub(super) fn stage(&mut self, stage: &Stage<'_>, around: &Scope) {
        let mut scope = around.clone();
        scope.path.push(stage.name.clone());
        self.plan.lines.push(Line::Gap);
        if let (Some(why), None) = (self.behind.clone(), scope.off()) {
            self.leave(stage.span, &format!("stage {}", stage.name), &why);
            scope.turn_off(&why);
        }
        let is_one =
            stage.branches.iter().flat_map(|branch| &branch.steps).map(leaves).sum::<usize>() == 1;
        let (done, bare) = (self.done, self.bare);
        let has_agent = stage.common.agent.as_ref().is_some_and(takes_agent);
        if let Some(line) = self.skips.filter(|_| has_agent) {
            self.bare = Some(line);
        }
        let change = (has_agent || self.is_apart).then(|| self.change.take());
        self.common(&stage.common, &mut scope, is_one);
        if let Some(agent) = &stage.common.agent {
            self.workspace(agent, &scope);
        }
        let is_parallel = stage.branches.len() > 1;
        let one_after_the_other =
            "the stages below run one after the other, and what fails in one ends those behind it";
        if let Some(parallel) = &stage.parallel {
            self.leave(parallel.span, "parallel", one_after_the_other);
        }
        if is_parallel {
            self.leave(stage.span, "parallel", one_after_the_other);
        }
        let before = self.standing();
        let mut after = Standing::default();
        for branch in &stage.branches {
            if is_parallel {
                self.beside(&before, &mut after);
                scope.path.push(branch.name.clone());
            }
            let done = self.done;
            self.branch(branch, &scope);
            if is_parallel {
                let is_done = self.done > done;
                self.heading(branch.span, &scope, is_done, None);
                scope.path.pop();
            }
        }
        for inner in stage.stages.iter().flat_map(|all| &all.entries) {
            self.stage(inner, &scope);
        }
        for inner in stage.parallel.iter().flat_map(|all| &all.entries) {
            self.beside(&before, &mut after);
            self.stage(inner, &scope);
        }
        self.beside(&before, &mut after);
        (self.behind, self.change) = (after.behind, after.change);
        if let Some(matrix) = &stage.matrix {
            self.matrix(matrix, &scope);
        }
        let reason = match (&stage.parallel, &stage.matrix) {
            (None, Some(_)) => Some("no matrix of stages"),
            _ if stage.parallel.is_some() || is_parallel => Some("stages run one after the other"),
            _ => None,
        };
        let is_done = self.done > done;
        self.heading(stage.span, &scope, is_done, reason);
        self.post(stage.common.post.as_ref(), &scope);
        if has_agent {
            self.bare = bare;
        }
        if let Some(change) = change {
            self.change = change;
        }
    }

    fn standing(&self) -> Standing {
        Standing { behind: self.behind.clone(), change: self.change.clone() }
    }

    /// Between stages that run beside each other: they do not stand on each other, and what comes
    /// behind them stands on all.
    fn beside(&mut self, before: &Standing, after: &mut Standing) {
        after.behind = after.behind.take().or(self.behind.take());
        after.change = after.change.take().or(self.change.take());
        (self.behind, self.change) = (before.behind.clone(), before.change.clone());
    }

    /// Says what becomes of a stage. One of which nothing is taken over does not run.
    fn heading(&mut self, span: Span, scope: &Scope, is_done: bool, reason: Option<&str>) {
        let (support, note) = match (scope.off(), reason) {
            (Some(why), _) => (Support::NotYet, why),
            (None, Some(reason)) => (Support::NotYet, reason.to_owned()),
            (None, None) if !is_done => (Support::NotYet, NOTHING.to_owned()),
            (None, None) => (Support::Runs, String::new()),
        };
        self.mark(span, support, &note);
    }

    /// Each stage of a matrix would run for each combination; it stands there once, as a comment.
    fn matrix(&mut self, matrix: &Matrix<'_>, around: &Scope) {
        self.leave(matrix.span, "matrix", "there are no matrices of stages yet, so none runs");
        let mut scope = around.clone();
        for axis in matrix.axes.iter().flat_map(|axes| &axes.entries) {
            axis.name.iter().for_each(|name| scope.lack(name.text.clone()));
        }
        scope.turn_off("in a matrix");
        self.common(&matrix.common, &mut scope, false);
        for inner in matrix.stages.iter().flat_map(|stages| &stages.entries) {
            self.stage(inner, &scope);
        }
        self.post(matrix.common.post.as_ref(), &scope);
    }

    fn branch(&mut self, branch: &Branch<'_>, scope: &Scope) {
        let mut scope = scope.clone();
        if scope.off().is_none() && self.stages >= MOST {
            let why = format!("a pipeline has at most {MOST} stages");
            self.leave(branch.span, "stage", &why);
            scope.turn_off(&why);
        }
        let mut parts = Vec::new();
        self.steps(&branch.steps, &scope, &mut parts);
        let scripts = parts.iter().filter(|part| matches!(part, StagePart::Script(_)));
        if scripts.count() > MOST {
            self.turn_off(&mut parts, &format!("a stage has at most {MOST} steps"));
            self.hold(branch.span, "stage");
        }
        let is_on = |part: &StagePart| matches!(part, StagePart::Script(script) if !script.is_off);
        self.stages += usize::from(parts.iter().any(is_on));
        self.done += parts.iter().filter(|part| part.is_done()).count();
        let Scope { path, image, .. } = scope;
        self.plan.lines.push(Line::Stage(Made { path, image, parts }));
    }

    /// Makes comments of scripts.
    pub(super) fn turn_off(&mut self, parts: &mut [StagePart], why: &str) {
        for part in parts {
            if let StagePart::Script(script) = part
                && !script.is_off
            {
                script.is_off = true;
                for piece in &script.pieces {
                    let note = why.to_owned();
                    self.plan.marks.insert(piece.at, Mark { support: Support::NotYet, note });
                }
            }
        }
    }
}

/// How many steps a step is: of Groovy nobody knows, so it is several.
fn leaves(step: &Step<'_>) -> usize {
    match &step.steps {
        _ if step.code.is_some() => 2,
        Some(inner) => inner.iter().map(leaves).sum(),
        None => 1,
    }
}
