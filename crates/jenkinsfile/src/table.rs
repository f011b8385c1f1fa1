//! What Jenkins and its plugins offer a pipeline.
//!
//! Responsible for reading the table of steps, options, triggers, parameters, agents, conditions
//! and tools, and for finding a line in it. The table is a data file beside the code; more lines
//! can be added for the plugins and libraries of one's own.

mod types;

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
pub use types::Type;

/// The table that is built in.
const BUILT_IN: &str = include_str!("../data/jenkins.tsv");

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A step without braces.
    Step,
    /// A step with braces.
    Block,
    /// An option of a pipeline.
    Option,
    /// A step with braces that can be an option, of a stage as well.
    Wrapper,
    /// A trigger.
    Trigger,
    /// A parameter of a run.
    Parameter,
    /// An agent.
    Agent,
    /// A condition of a `when`.
    Condition,
    /// A tool.
    Tool,
    /// A call in an argument.
    Function,
    /// A step or an option on which nothing that follows stands.
    Aside,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "step" => Self::Step,
            "block" => Self::Block,
            "option" => Self::Option,
            "wrapper" => Self::Wrapper,
            "trigger" => Self::Trigger,
            "parameter" => Self::Parameter,
            "agent" => Self::Agent,
            "condition" => Self::Condition,
            "tool" => Self::Tool,
            "function" => Self::Function,
            "aside" => Self::Aside,
            _ => return None,
        })
    }
}

/// What Pilothouse does with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Support {
    /// It runs.
    #[default]
    Runs,
    /// It is declarative, and a pipeline of Pilothouse's own cannot say it yet.
    NotYet,
    /// It needs Groovy's interpreter.
    Interpreter,
    /// It runs once Pilothouse has an adapter for it.
    Adapter,
    /// It never runs.
    Never,
    /// It comes from a shared library, or from nowhere that is known.
    Library,
}

impl Support {
    /// Its name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::NotYet => "not_yet",
            Self::Interpreter => "interpreter",
            Self::Adapter => "adapter",
            Self::Never => "never",
            Self::Library => "library",
        }
    }

    /// What it means, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::NotYet => "not yet",
            Self::Interpreter => "needs Groovy",
            Self::Adapter => "needs an adapter",
            Self::Never => "never",
            Self::Library => "needs a library",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "runs" => Self::Runs,
            "notyet" => Self::NotYet,
            "adapter" => Self::Adapter,
            "interpreter" => Self::Interpreter,
            "library" => Self::Library,
            "never" => Self::Never,
            _ => return None,
        })
    }
}

/// A parameter of a step or of its like.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Whether it must be given.
    pub is_required: bool,
    /// Whether a value alone is meant for it although it need not be given.
    pub is_alone: bool,
    /// What it is where it is left out: `null` for nothing, `''` and `[]` for what is empty; none where that is not known.
    pub default: Option<String>,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// The plugin that brings it.
    pub plugin: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Whether the plugin has more parameters.
    pub is_open: bool,
    /// Whether it has braces.
    pub is_block: bool,
    /// How many conditions it takes: nothing for any number but none.
    pub conditions: Option<Option<usize>>,
    /// What Pilothouse does with it.
    pub support: Support,
    /// Why.
    pub note: String,
}

impl Entry {
    /// A parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The only parameter that must be given, or that a value alone is meant for.
    pub fn sole_required(&self) -> Option<&Parameter> {
        let mut required = self.parameters.iter().filter(|parameter| parameter.is_required);
        match (required.next(), required.next()) {
            (Some(only), None) => Some(only),
            (None, _) => self.parameters.iter().find(|parameter| parameter.is_alone),
            _ => None,
        }
    }
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    entries: HashMap<Kind, Vec<Entry>>,
    places: HashMap<(Kind, String), usize>,
}

impl Table {
    /// The table that is built in.
    pub fn built_in() -> Self {
        let mut table = Self::default();
        // The test beside reads the same text and finds no problem.
        let _ = table.add(BUILT_IN);
        table
    }

    /// Adds lines, which replace those of the same kind and name.
    ///
    /// # Errors
    /// Says which lines cannot be read; the others are added.
    pub fn add(&mut self, lines: &str) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut at = 0;
        for line in lines.split_inclusive('\n') {
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            at += line.len();
            let text = line.trim_end_matches(['\r', '\n']);
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some((kind, entry)) = entry(text) {
                self.put(kind, entry);
            } else {
                let span = Span::new(start, start);
                let message = "this line has not the six fields of the table";
                let advice = "kind, name, plugin, parameters, what is done, note; tabs between";
                problems.push(Diagnostic::syntax(span, message).advise(advice));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn put(&mut self, kind: Kind, entry: Entry) {
        let entries = self.entries.entry(kind).or_default();
        let key = (kind, entry.name.clone());
        if let Some(known) = self.places.get(&key).and_then(|place| entries.get_mut(*place)) {
            *known = entry;
        } else {
            self.places.insert(key, entries.len());
            entries.push(entry);
        }
    }

    /// A line by its kind and name.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Entry> {
        let place = self.places.get(&(kind, name.to_owned()))?;
        self.entries.get(&kind)?.get(*place)
    }

    /// The names of a kind, in the table's order.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.entries.get(&kind).into_iter().flatten().map(|entry| entry.name.as_str())
    }

    /// A step, with braces or without.
    pub fn step(&self, name: &str) -> Option<&Entry> {
        self.get(Kind::Step, name).or_else(|| self.get(Kind::Block, name))
    }

    /// What an option is described by.
    pub fn option(&self, name: &str) -> Option<&Entry> {
        self.get(Kind::Option, name).or_else(|| self.stage_option(name))
    }

    /// What an option of a stage is described by.
    pub fn stage_option(&self, name: &str) -> Option<&Entry> {
        if name == "skipDefaultCheckout" {
            return self.get(Kind::Option, name);
        }
        self.get(Kind::Wrapper, name)?;
        self.get(Kind::Block, name)
    }

    /// Whether it is an agent that takes no settings.
    pub fn is_bare_agent(&self, name: &str) -> bool {
        self.get(Kind::Agent, name)
            .is_some_and(|entry| entry.parameters.is_empty() && !entry.is_open)
    }
}

fn entry(line: &str) -> Option<(Kind, Entry)> {
    let mut fields = line.split('\t');
    let kind = Kind::of(fields.next()?)?;
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let plugin = fields.next()?.to_owned();
    let (mut parameters, mut is_open, mut conditions) = (Vec::new(), false, None);
    for field in fields.next()?.split_whitespace() {
        match field {
            "..." => is_open = true,
            "*" => conditions = Some(None),
            "*1" => conditions = Some(Some(1)),
            _ => parameters.push(parameter(field)?),
        }
    }
    let support = fields.next()?;
    let support = if support.is_empty() { Support::Runs } else { Support::of(support)? };
    let note = fields.next().unwrap_or_default().to_owned();
    let is_block = matches!(kind, Kind::Block | Kind::Wrapper);
    let entry = Entry { name, plugin, parameters, is_open, is_block, conditions, support, note };
    Some((kind, entry))
}

fn parameter(field: &str) -> Option<Parameter> {
    let (name, kind) = field.split_once(':')?;
    let (kind, default) = match kind.split_once('=') {
        Some((kind, default)) => (kind, Some(default.to_owned())),
        None => (kind, None),
    };
    let kind = Type::of(kind)?;
    let is_required = name.ends_with('!');
    let is_alone = name.ends_with('^');
    let name = name.trim_end_matches(['!', '^']).to_owned();
    let parameter = Parameter { name, kind, is_required, is_alone, default };
    (!is_required || parameter.default.is_none()).then_some(parameter)
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Kind, Table, Type};

    #[test]
    fn each_line_of_the_table_can_be_read() {
        assert_eq!(Table::default().add(BUILT_IN), Ok(()));
    }

    #[test]
    fn no_line_of_the_table_stands_there_twice() {
        let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).count();
        let table = Table::built_in();
        assert_eq!(table.entries.values().map(Vec::len).sum::<usize>(), lines);
    }

    #[test]
    fn a_default_is_of_its_parameters_type() {
        let table = Table::built_in();
        let mut count = 0;
        for (kind, entry) in
            table.entries.iter().flat_map(|(k, all)| all.iter().map(move |e| (k, e)))
        {
            for parameter in &entry.parameters {
                let Some(default) = parameter.default.as_deref() else { continue };
                let is_right = match &parameter.kind {
                    Type::Bool => matches!(default, "true" | "false"),
                    Type::Int => default.parse::<i64>().is_ok(),
                    // A `Long` may be nothing.
                    Type::Long => default == "null" || default.parse::<i64>().is_ok(),
                    Type::Double => default.parse::<f64>().is_ok(),
                    Type::OneOf(names) => names.iter().any(|name| name == default),
                    Type::OptionalBool | Type::OptionalInt => default == "null",
                    Type::Text | Type::List | Type::Any => !default.is_empty(),
                };
                let name = (&entry.name, &parameter.name);
                assert!(is_right, "{kind:?} {name:?}: {default}");
                count += 1;
            }
        }
        assert!(count > 150, "{count} defaults");
    }

    #[test]
    fn a_required_parameter_has_no_default() {
        let mut table = Table::default();
        assert!(table.add("step\tx\ty\ta!:S=b\truns\t\n").is_err());
        assert!(table.add("step\tx\ty\ta:S=b\truns\t\n").is_ok());
    }

    #[test]
    fn a_wrapper_is_a_block() {
        let table = Table::built_in();
        for name in table.names(Kind::Wrapper) {
            assert!(table.get(Kind::Block, name).is_some(), "{name}");
        }
    }

    #[test]
    fn lines_of_ones_own_replace_those_built_in() {
        let mut table = Table::built_in();
        assert_eq!(table.add("step\tsh\tmine\tx!:S\tnever\twhy\n"), Ok(()));
        assert_eq!(table.step("sh").map(|entry| entry.plugin.as_str()), Some("mine"));
        assert!(table.add("what is this\n").is_err());
    }
}
