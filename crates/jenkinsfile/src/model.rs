//! A Declarative Pipeline, typed.
//!
//! Responsible for its shape as it stands in the file, wrong parts left out. Whether Jenkins
//! accepts it is decided by the reader and the check; what it would do is decided by the verdict.

mod json;

use std::borrow::Cow;

use crate::source::Span;
use crate::syntax::{Block, Expression};
pub use json::to_json;

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A section that has a place, and entries.
#[derive(Clone, Debug)]
pub struct Section<T> {
    /// Where it stands, its name included.
    pub span: Span,
    /// What is in it.
    pub entries: Vec<T>,
    /// Whether something in it is no Groovy.
    pub is_broken: bool,
}

impl<T> Section<T> {
    /// A section without entries.
    pub const fn new(span: Span) -> Self {
        Self { span, entries: Vec::new(), is_broken: false }
    }
}

/// `pipeline { … }`
#[derive(Clone, Debug)]
pub struct Pipeline<'t> {
    /// Where it stands.
    pub span: Span,
    /// Where it runs.
    pub agent: Option<Agent<'t>>,
    /// The stages.
    pub stages: Option<Section<Stage<'t>>>,
    /// Its variables.
    pub environment: Option<Section<(Key, EnvironmentValue<'t>)>>,
    /// What is done at its end.
    pub post: Option<Section<PostCondition<'t>>>,
    /// The tools that it wants.
    pub tools: Option<Section<(Key, Value<'t>)>>,
    /// Its options.
    pub options: Option<Section<Directive<'t>>>,
    /// What a run is asked for.
    pub parameters: Option<Section<Directive<'t>>>,
    /// Why a run starts.
    pub triggers: Option<Section<Directive<'t>>>,
    /// The shared libraries that it loads.
    pub libraries: Option<Section<Value<'t>>>,
}

/// `stage('name') { … }`
#[derive(Clone, Debug)]
pub struct Stage<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: String,
    /// What a stage and a matrix have in common.
    pub common: Common<'t>,
    /// The steps: one branch, or those of a `parallel` step.
    pub branches: Vec<Branch<'t>>,
    /// Stages in order.
    pub stages: Option<Section<Stage<'t>>>,
    /// Stages at the same time.
    pub parallel: Option<Section<Stage<'t>>>,
    /// Stages for each combination of values.
    pub matrix: Option<Box<Matrix<'t>>>,
    /// Whether one failure ends the others.
    pub fail_fast: Option<bool>,
}

/// What a stage and a matrix have in common.
#[derive(Clone, Debug, Default)]
pub struct Common<'t> {
    /// Where it runs.
    pub agent: Option<Agent<'t>>,
    /// Whether it runs.
    pub when: Option<When<'t>>,
    /// What is done at its end.
    pub post: Option<Section<PostCondition<'t>>>,
    /// The tools that it wants.
    pub tools: Option<Section<(Key, Value<'t>)>>,
    /// Its variables.
    pub environment: Option<Section<(Key, EnvironmentValue<'t>)>>,
    /// Its options.
    pub options: Option<Section<Directive<'t>>>,
    /// What it waits for.
    pub input: Option<Input<'t>>,
}

/// Steps in order.
#[derive(Clone, Debug)]
pub struct Branch<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name: `default`, or the one that a `parallel` step gives it.
    pub name: String,
    /// The steps.
    pub steps: Vec<Step<'t>>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name; nothing where it could not be read.
    pub name: Option<Key>,
    /// Its arguments.
    pub arguments: Arguments<'t>,
    /// The steps in its braces, where it has some.
    pub steps: Option<Vec<Step<'t>>>,
    /// The Groovy in its braces: of `script`, and of `expression` in a `when`.
    pub code: Option<&'t Block<'t>>,
}

/// Arguments of a step.
#[derive(Clone, Debug)]
pub enum Arguments<'t> {
    /// `a: b, c: d`, and none at all.
    Named(Vec<(Key, Value<'t>)>),
    /// `a`
    Single(Value<'t>),
    /// `a, b`
    Positional(Vec<Value<'t>>),
}

impl Arguments<'_> {
    /// No arguments.
    pub const fn none() -> Self {
        Self::Named(Vec::new())
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Named(named) if named.is_empty())
    }
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value<'t> {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ValueKind<'t>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind<'t> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Decimal(f64),
    /// A string.
    Text(Cow<'t, str>),
    /// What only running the pipeline can say.
    Code(Code<'t>),
}

/// What only running the pipeline can say.
#[derive(Clone, Debug)]
pub struct Code<'t> {
    /// As Jenkins' editor writes it.
    pub text: String,
    /// The expression; nothing where several are joined.
    pub expression: Option<&'t Expression<'t>>,
}

impl PartialEq for Code<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Value<'_> {
    /// What it says, where it is a string.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the file says it.
    pub const fn is_literal(&self) -> bool {
        !matches!(self.kind, ValueKind::Code(_))
    }

    /// How it reads.
    pub fn shown(&self) -> String {
        match &self.kind {
            ValueKind::Null => "null".to_owned(),
            ValueKind::Bool(value) => value.to_string(),
            ValueKind::Integer(value) => value.to_string(),
            ValueKind::Decimal(value) => value.to_string(),
            ValueKind::Text(text) => text.clone().into_owned(),
            ValueKind::Code(code) => code.text.clone(),
        }
    }
}

/// The value of a variable.
#[derive(Clone, Debug)]
pub enum EnvironmentValue<'t> {
    /// A value.
    Value(Value<'t>),
    /// `credentials('id')`
    Credentials(Directive<'t>),
}

/// `agent any`, `agent { label 'a' }`, `agent { docker { … } }`
#[derive(Clone, Debug)]
pub struct Agent<'t> {
    /// Where it stands.
    pub span: Span,
    /// What kind of agent; nothing where it could not be read.
    pub kind: Option<Key>,
    /// What it is given.
    pub settings: AgentSettings<'t>,
}

/// What an agent is given.
#[derive(Clone, Debug)]
pub enum AgentSettings<'t> {
    /// Nothing.
    None,
    /// `label 'a'`
    Value(Value<'t>),
    /// `docker { image 'a' }`
    Settings(Vec<(Key, AgentSettings<'t>)>),
}

/// `when { … }`
#[derive(Clone, Debug)]
pub struct When<'t> {
    /// Where it stands.
    pub span: Span,
    /// The conditions, all of which must hold.
    pub conditions: Vec<Condition<'t>>,
    /// Whether it is asked before an agent is taken.
    pub before_agent: Option<bool>,
    /// Whether it is asked before the input is.
    pub before_input: Option<bool>,
    /// Whether it is asked before options are applied.
    pub before_options: Option<bool>,
}

/// A condition of a `when`.
#[derive(Clone, Debug)]
pub struct Condition<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name; nothing where it could not be read.
    pub name: Option<Key>,
    /// Its arguments; nothing where it has conditions in braces only.
    pub arguments: Option<Arguments<'t>>,
    /// The conditions in its braces, where it has some.
    pub conditions: Vec<Condition<'t>>,
    /// The Groovy of an `expression`.
    pub code: Option<&'t Block<'t>>,
}

/// `always { … }` and its like
#[derive(Clone, Debug)]
pub struct PostCondition<'t> {
    /// Where it stands.
    pub span: Span,
    /// When it is done.
    pub condition: Key,
    /// What is done.
    pub branch: Branch<'t>,
}

/// An option, a trigger, a parameter, or a call in one of their arguments.
#[derive(Clone, Debug)]
pub struct Directive<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name; nothing where it could not be read.
    pub name: Option<Key>,
    /// Its arguments.
    pub arguments: Vec<DirectiveArgument<'t>>,
}

/// An argument of a directive.
#[derive(Clone, Debug)]
pub struct DirectiveArgument<'t> {
    /// Its name, where it has one.
    pub key: Option<Key>,
    /// Its value.
    pub value: DirectiveValue<'t>,
}

/// The value of a directive's argument.
#[derive(Clone, Debug)]
pub enum DirectiveValue<'t> {
    /// A value.
    Value(Value<'t>),
    /// Another call, as in `buildDiscarder(logRotator(…))`.
    Call(Directive<'t>),
}

/// `input { … }`
#[derive(Clone, Debug)]
pub struct Input<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its fields but the parameters, in order.
    pub fields: Vec<(Key, Value<'t>)>,
    /// What is asked for.
    pub parameters: Vec<Directive<'t>>,
}

impl<'t> Input<'t> {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Value<'t>> {
        self.fields.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
    }
}

/// `matrix { … }`
#[derive(Clone, Debug)]
pub struct Matrix<'t> {
    /// Where it stands.
    pub span: Span,
    /// What it has in common with a stage.
    pub common: Common<'t>,
    /// Its axes.
    pub axes: Option<Section<Axis<'t>>>,
    /// The combinations that are left out.
    pub excludes: Option<Section<Section<Axis<'t>>>>,
    /// The stages for each combination.
    pub stages: Option<Section<Stage<'t>>>,
}

/// `axis { … }`
#[derive(Clone, Debug)]
pub struct Axis<'t> {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Option<Key>,
    /// Its values.
    pub values: Vec<Value<'t>>,
    /// Whether the values are those that are kept: `notValues`.
    pub is_inverse: bool,
}
