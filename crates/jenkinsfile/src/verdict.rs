//! What of a pipeline would run, and what each part that would not run needs.
//!
//! Responsible for one line for each part of a file, in order, and for the level of the whole. It
//! says what the table says of what is known, looks for what the file defines itself, and calls the
//! rest by its name. Whether Jenkins accepts the file is not its affair.

mod code;
mod known;
mod sections;

use crate::model::Pipeline;
use crate::plan::Plan;
use crate::source::Span;
use crate::syntax::Script;
use crate::table::{Support, Table};
pub(crate) use code::{holds, is_plain};
pub(crate) use known::Known;

/// How far a file is from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Declarative, with steps that Pilothouse runs itself.
    Declarative,
    /// It needs Groovy's interpreter as well.
    Groovy,
    /// It needs adapters for plugins as well.
    Plugins,
    /// Parts of it never run here.
    Elsewhere,
    /// It needs shared libraries.
    Library,
    /// It is no Declarative Pipeline but a program in Groovy.
    Scripted,
    /// Jenkins refuses it.
    Broken,
    /// It is more than is read here.
    Unread,
}

impl Level {
    /// All of them, the nearest first.
    pub const ALL: [Self; 8] = [
        Self::Declarative,
        Self::Groovy,
        Self::Plugins,
        Self::Elsewhere,
        Self::Library,
        Self::Scripted,
        Self::Broken,
        Self::Unread,
    ];

    /// Its number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Declarative => 1,
            Self::Groovy => 2,
            Self::Plugins => 3,
            Self::Elsewhere => 4,
            Self::Library => 5,
            Self::Scripted => 6,
            Self::Broken => 7,
            Self::Unread => 8,
        }
    }

    /// Its name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declarative => "declarative",
            Self::Groovy => "groovy",
            Self::Plugins => "plugins",
            Self::Elsewhere => "elsewhere",
            Self::Library => "library",
            Self::Scripted => "scripted",
            Self::Broken => "broken",
            Self::Unread => "unread",
        }
    }

    /// What it means.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Declarative => "declarative, no Groovy and no plugins",
            Self::Groovy => "needs Groovy's interpreter",
            Self::Plugins => "needs adapters for plugins",
            Self::Elsewhere => "has parts that never run here",
            Self::Library => "needs shared libraries",
            Self::Scripted => "a Scripted Pipeline, not a Declarative one",
            Self::Broken => "Jenkins refuses it",
            Self::Unread => "not judged, it is more than is read here",
        }
    }

    const fn of(support: Support) -> Self {
        match support {
            Support::Runs | Support::NotYet => Self::Declarative,
            Support::Interpreter => Self::Groovy,
            Support::Adapter => Self::Plugins,
            Support::Never => Self::Elsewhere,
            Support::Library => Self::Library,
        }
    }
}

/// What a part of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The heading of a stage.
    Stage,
    /// The heading of what is done at the end.
    Post,
    /// An agent.
    Agent,
    /// An option.
    Option,
    /// A trigger.
    Trigger,
    /// A parameter.
    Parameter,
    /// A variable.
    Variable,
    /// A tool.
    Tool,
    /// A condition.
    Condition,
    /// A question to people.
    Input,
    /// A step.
    Step,
    /// A shared library, or what comes from one.
    Library,
    /// Groovy.
    Code,
}

impl Part {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Post => "post",
            Self::Agent => "agent",
            Self::Option => "option",
            Self::Trigger => "trigger",
            Self::Parameter => "parameter",
            Self::Variable => "variable",
            Self::Tool => "tool",
            Self::Condition => "when",
            Self::Input => "input",
            Self::Step => "step",
            Self::Library => "library",
            Self::Code => "groovy",
        }
    }
}

/// A part of a file, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub part: Part,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// How deep it is in other parts.
    pub depth: usize,
    /// What Pilothouse does with it.
    pub support: Support,
    /// The plugin that brings it, where one is known.
    pub plugin: Option<String>,
    /// Why, where there is more to say.
    pub note: String,
}

/// What of a file would run.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How far the file is from running.
    pub level: Level,
    /// Each part of it, in order.
    pub items: Vec<Item>,
}

impl Verdict {
    /// The parts that no table knows and the file does not define.
    pub fn unknown(&self) -> impl Iterator<Item = &Item> {
        let is_unknown = |item: &&Item| item.support == Support::Library && item.plugin.is_none();
        self.items.iter().filter(is_unknown)
    }
}

/// Says what of a file would run.
pub fn verdict(
    text: &str,
    script: &Script<'_>,
    pipeline: Option<&Pipeline<'_>>,
    is_refused: bool,
    table: &Table,
) -> Verdict {
    let known = Known::of(script);
    let things = std::collections::HashSet::new();
    let plan = pipeline.map(|pipeline| Plan::of(text, script, pipeline, table));
    let plan = plan.unwrap_or_default();
    let mut teller = Teller { text, table, known, plan, items: Vec::new(), depth: 0, things };
    teller.around(script, pipeline.map(|pipeline| pipeline.span));
    match pipeline {
        Some(pipeline) => teller.pipeline(pipeline),
        None => teller.scripted(script),
    }
    let items = teller.items;
    let most = items.iter().map(|item| item.support).max().unwrap_or_default();
    let level = match pipeline {
        _ if is_refused => Level::Broken,
        None => Level::Scripted,
        Some(_) => Level::of(most),
    };
    Verdict { level, items }
}

struct Teller<'a> {
    text: &'a str,
    table: &'a Table,
    known: Known<'a>,
    /// What is taken over.
    plan: Plan,
    items: Vec<Item>,
    depth: usize,
    /// Where calls begin that make an argument of a known step, as in `checkout scmGit(…)`.
    things: std::collections::HashSet<u32>,
}

impl Teller<'_> {
    fn add(&mut self, part: Part, name: &str, span: Span, support: Support, note: &str) {
        let (name, note) = (name.to_owned(), note.to_owned());
        let depth = self.depth;
        self.items.push(Item { part, name, span, depth, support, plugin: None, note });
    }

    /// A part that stands in the plan.
    fn planned(&mut self, part: Part, name: &str, span: Span) {
        // What the plan does not name is behind a mistake.
        let (support, note) = match self.plan.mark(span) {
            Some(mark) => (mark.support, mark.note.clone()),
            None => (Support::NotYet, String::new()),
        };
        self.add(part, name, span, support, &note);
    }

    /// A part that the table describes.
    fn described(&mut self, part: Part, entry: &crate::table::Entry, span: Span, least: Support) {
        let depth = self.depth;
        let is_more = least > entry.support;
        let note = match least {
            Support::Interpreter if is_more && part == Part::Step => "called by Groovy",
            Support::Interpreter if is_more => "an argument is an expression",
            _ => entry.note.as_str(),
        };
        self.items.push(Item {
            part,
            name: entry.name.clone(),
            span,
            depth,
            support: entry.support.max(least),
            plugin: (!entry.plugin.is_empty()).then(|| entry.plugin.clone()),
            note: note.to_owned(),
        });
    }

    fn inside(&mut self, tell: impl FnOnce(&mut Self)) {
        self.depth += 1;
        tell(self);
        self.depth -= 1;
    }
}
