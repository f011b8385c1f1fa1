//! What of a pipeline can be said in a pipeline of Pilothouse's own: the one judgement for both verbs.
//!
//! Responsible for deciding, part by part and in order, what is taken over and what is left, and
//! why. The verdict tells what stands here, and the conversion writes it, so that neither promises
//! what the other does not do. A script stands here only where it does what the Jenkinsfile does;
//! in doubt it is left. What is taken over stands on nothing that is left: not behind a step that
//! may fail or change what it works on, not without a variable, not on another agent.

mod agent;
mod argument;
mod background;
mod command;
mod groovy;
mod outside;
mod parameter;
mod scope;
mod script;
mod section;
mod shell;
mod stage;
mod step;
mod time;
mod value;
mod when;
mod within;
mod written;

use std::collections::HashMap;

use crate::model::{Pipeline, PostCondition, Section};
use crate::source::{Lines, Span};
use crate::syntax::Script as Source;
use crate::table::{Kind, Support, Table};
use crate::verdict::Known;
use scope::{Scope, Variables};
pub(crate) use script::plain;
use section::Beside;
use written::{Change, Piece};

/// Why a part does not run that holds others.
const NOTHING: &str = "nothing in it is taken over";
/// Why a section's name that no table knows does not run.
pub(crate) const UNKNOWN: &str = "of no known plugin; Jenkins refuses the file without one";
/// The most stages of a pipeline, and the most steps of a stage.
const MOST: usize = 100;

/// What is taken over, and what is left.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What is written, in order.
    pub lines: Vec<Line>,
    /// What becomes of each part, by where its name begins.
    marks: HashMap<u32, Mark>,
}

/// What becomes of a part.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// What it needs; it runs where it is taken over, and nowhere else.
    pub support: Support,
    /// Why.
    pub note: String,
}

/// What is written.
#[derive(Debug)]
pub(crate) enum Line {
    /// The beginning of a stage of the file.
    Gap,
    /// A sentence about a part.
    Comment(Comment),
    /// A stage.
    Stage(Made),
}

/// A sentence about a part.
#[derive(Debug)]
pub(crate) struct Comment {
    /// Where the part stands.
    pub span: Span,
    /// What it is called.
    pub what: String,
    /// What becomes of it.
    pub why: String,
    /// Whether it is missing; otherwise a run does it by itself.
    pub is_left: bool,
}

/// A stage.
#[derive(Debug)]
pub(crate) struct Made {
    /// The names of the stages around it, and its own.
    pub path: Vec<String>,
    /// The image that it runs in.
    pub image: Option<String>,
    /// Its steps, and what is said between them.
    pub parts: Vec<StagePart>,
}

/// A step of a stage, or what is said in its place.
#[derive(Debug)]
pub(crate) enum StagePart {
    Comment(Comment),
    Script(Script),
}

impl StagePart {
    /// Whether a run does it: a script that is written, or what a run does by itself.
    const fn is_done(&self) -> bool {
        match self {
            Self::Script(script) => !script.is_off,
            Self::Comment(comment) => !comment.is_left,
        }
    }

    /// The script, where it is one.
    pub(crate) const fn script(&self) -> Option<&Script> {
        match self {
            Self::Script(script) => Some(script),
            Self::Comment(_) => None,
        }
    }
}

/// What a step runs.
#[derive(Debug)]
pub(crate) struct Script {
    /// What the step is called.
    pub name: String,
    /// The time limit in seconds that each of its pieces is held to.
    timeout: Option<u64>,
    /// The variables around it.
    variables: Variables,
    /// The texts of the steps that it is made of.
    pieces: Vec<Piece>,
    /// Whether it is written as a comment, because something decides whether it runs.
    pub is_off: bool,
}

impl Plan {
    /// Decides what is taken over.
    pub(crate) fn of(
        text: &str,
        source: &Source<'_>,
        pipeline: &Pipeline<'_>,
        table: &Table,
    ) -> Self {
        let known = Known::of(source);
        let mut planner = Planner {
            text,
            lines: Lines::new(text),
            table,
            known,
            behind: None,
            is_touched: false,
            change: None,
            is_apart: false,
            workspaces: agent::workspaces(pipeline),
            skips: None,
            bare: None,
            stages: 0,
            done: 0,
            bytes: 0,
            plan: Self::default(),
        };
        planner.around(&source.statements, pipeline.span);
        planner.pipeline(pipeline);
        planner.plan
    }

    /// What becomes of the part whose name begins here.
    pub(crate) fn mark(&self, span: Span) -> Option<&Mark> {
        self.marks.get(&span.start)
    }
}

struct Planner<'a> {
    text: &'a str,
    lines: Lines<'a>,
    table: &'a Table,
    known: Known<'a>,
    /// Why nothing that follows may run: it would stand on something that is left.
    behind: Option<String>,
    /// Whether something was taken over that may have changed the workspace.
    is_touched: bool,
    /// What changed the container that steps are in.
    change: Option<Change>,
    /// Whether each stage has a container of its own, whoever names the agent.
    is_apart: bool,
    /// How many agents Jenkins gives a workspace to.
    workspaces: usize,
    /// The line of the option by which each agent begins without the sources.
    skips: Option<usize>,
    /// The line of that option, where no checkout came since.
    bare: Option<usize>,
    /// How many stages there are.
    stages: usize,
    /// How many steps are taken over.
    done: usize,
    /// How long the scripts are together, with the variables of each.
    bytes: usize,
    plan: Plan,
}

impl Planner<'_> {
    fn line(&self, span: Span) -> usize {
        self.lines.position(span.start).line
    }

    fn mark(&mut self, span: Span, support: Support, note: &str) {
        let note = note.to_owned();
        self.plan.marks.insert(span.start, Mark { support, note });
    }

    /// Says between stages that a part is not taken over.
    fn leave(&mut self, span: Span, what: &str, why: &str) {
        self.comment(span, what, why, true);
    }

    fn comment(&mut self, span: Span, what: &str, why: &str, is_left: bool) {
        let (what, why) = (what.to_owned(), why.to_owned());
        self.plan.lines.push(Line::Comment(Comment { span, what, why, is_left }));
    }

    fn pipeline(&mut self, pipeline: &Pipeline<'_>) {
        let mut scope = Scope::default();
        for library in pipeline.libraries.iter().flat_map(|libraries| &libraries.entries) {
            self.leave(library.span, "library", "its steps are not known here");
        }
        if let Some(agent) = &pipeline.agent {
            self.agent(agent, &mut scope);
        }
        let options = pipeline.options.as_ref().map_or(&[][..], |options| &options.entries);
        let parameters = pipeline.parameters.as_ref();
        let spans =
            [parameters.map(|all| all.span), pipeline.environment.as_ref().map(|all| all.span)];
        let spans = spans.into_iter().flatten().collect();
        self.options(options, &mut scope, &Beside { is_one: false, has_agent: true, spans });
        let mut names = options.iter().filter_map(|option| option.name.as_ref());
        self.is_apart = names.any(|name| name.text == "newContainerPerStage");
        for trigger in pipeline.triggers.iter().flat_map(|section| &section.entries) {
            let name = trigger.name.as_ref().map_or("", |name| name.text.as_str());
            let entry = self.table.get(Kind::Trigger, name);
            let is_given = entry.is_some_and(|entry| entry.support == Support::Runs);
            let is_left = !is_given || !section::is_literal(trigger);
            let why = "runs start when a branch moves, or by hand";
            self.comment(trigger.span, &format!("trigger {name}"), why, is_left);
        }
        let parameters = parameters.map_or(&[][..], |section| &section.entries);
        self.parameters(parameters, &mut scope);
        self.tools(pipeline.tools.as_ref(), &mut scope);
        self.environment(pipeline.environment.as_ref(), &mut scope);
        for stage in pipeline.stages.iter().flat_map(|stages| &stages.entries) {
            self.stage(stage, &scope);
        }
        self.post(pipeline.post.as_ref(), &scope);
    }

    /// What follows in the file may not run: this is left, and may fail, wait, or change what the rest works on.
    fn hold(&mut self, span: Span, what: &str) {
        let line = self.line(span);
        self.behind
            .get_or_insert_with(|| format!("behind the {what} of line {line}, which is left"));
    }

    fn post(&mut self, section: Option<&Section<PostCondition<'_>>>, around: &Scope) {
        let mut scope = around.clone();
        scope.turn_off("nothing is done at the end of a run yet");
        for one in section.iter().flat_map(|section| &section.entries) {
            let names = one.branch.steps.iter().filter_map(|step| step.name.as_ref());
            let names: Vec<&str> = names.map(|name| name.text.as_str()).take(8).collect();
            let what = format!("post {} ({})", one.condition.text, names.join(", "));
            self.leave(one.span, &what, "nothing is done at the end of a run yet");
            let behind = self.behind.clone();
            // What becomes of its steps is told, and nothing of them is written.
            self.steps(&one.branch.steps, &scope, &mut Vec::new());
            if matches!(one.condition.text.as_str(), "aborted" | "failure" | "notBuilt") {
                // Then nothing follows.
                self.behind = behind;
            }
        }
    }
}
