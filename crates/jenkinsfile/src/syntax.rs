//! The syntax tree of a Groovy text.
//!
//! Responsible for its shape: what stands where, and how deep it is. Each node knows its height,
//! so that whoever walks a tree by calling itself knows that [`MOST_HEIGHT`] calls are enough. It
//! must not know what Jenkins makes of it.

#![expect(missing_docs, reason = "fields of variants are named after what they are")]

mod parts;
mod walk;

use std::borrow::Cow;

use crate::source::Span;
use crate::token::Mark;
pub use parts::{Annotation, Case, Catch, Class, Declaration, ForHead, Import, Method, Parameter};
pub use walk::Node;

/// The most nodes that stand above each other; a deeper text is refused.
pub const MOST_HEIGHT: u16 = 600;

/// A whole file.
#[derive(Debug, Default)]
pub struct Script<'s> {
    /// What it does, in order.
    pub statements: Vec<Statement<'s>>,
    /// Each comment, and the shebang, in order.
    pub comments: Vec<Span>,
}

/// A name, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'s> {
    /// The name.
    pub text: &'s str,
    /// Where it stands.
    pub span: Span,
}

/// A type as it is written.
pub type Type<'s> = Name<'s>;

/// Statements in braces.
#[derive(Debug, Default)]
pub struct Block<'s> {
    /// The statements.
    pub statements: Vec<Statement<'s>>,
    /// Where it stands, braces included.
    pub span: Span,
}

impl Block<'_> {
    /// From the first statement to the last; where there are none, the place between the braces.
    pub fn inner(&self) -> Span {
        match (self.statements.first(), self.statements.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => Span::new(self.span.start + 1, self.span.start + 1),
        }
    }
}

/// A statement.
#[derive(Debug)]
pub struct Statement<'s> {
    /// What it does.
    pub kind: StatementKind<'s>,
    /// Where it stands.
    pub span: Span,
    /// How many nodes stand above each other in it.
    pub height: u16,
}

/// What a statement does.
#[derive(Debug)]
pub enum StatementKind<'s> {
    /// Evaluates.
    Expression(Expression<'s>),
    /// Declares variables.
    Declare(Declaration<'s>),
    /// `if`
    If { condition: Expression<'s>, then: Box<Body<'s>>, otherwise: Option<Box<Body<'s>>> },
    /// `while`
    While { condition: Expression<'s>, body: Box<Body<'s>> },
    /// `for`
    For { head: ForHead<'s>, body: Box<Body<'s>> },
    /// `switch`
    Switch { value: Expression<'s>, cases: Vec<Case<'s>> },
    /// `try`
    Try { body: Block<'s>, catches: Vec<Catch<'s>>, finally: Option<Block<'s>> },
    /// `return`
    Return(Option<Expression<'s>>),
    /// `break` and `continue`, with the label that they name
    Jump { word: Name<'s>, label: Option<Name<'s>> },
    /// `throw`
    Throw(Expression<'s>),
    /// `assert`
    Assert { condition: Expression<'s>, message: Option<Expression<'s>> },
    /// `synchronized`
    Synchronized { lock: Expression<'s>, body: Block<'s> },
    /// `label: statement`
    Labelled { label: Name<'s>, statement: Box<Statement<'s>> },
    /// Statements in braces that a label stands before, or a class' initializer.
    Block(Block<'s>),
    /// Defines a method.
    Method(Method<'s>),
    /// Defines a class, an interface, an enumeration or a trait.
    Class(Class<'s>),
    /// `import`
    Import(Import<'s>),
    /// `package`
    Package(Name<'s>),
    /// What could not be read; a problem says why.
    Broken,
}

/// What an `if` or a loop does: a block, one statement, or nothing.
#[derive(Debug)]
pub struct Body<'s> {
    /// The statements.
    pub statements: Vec<Statement<'s>>,
}

/// An expression.
#[derive(Debug)]
pub struct Expression<'s> {
    /// What it is.
    pub kind: ExpressionKind<'s>,
    /// Where it stands.
    pub span: Span,
    /// How many nodes stand above each other in it.
    pub height: u16,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExpressionKind<'s> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number; nothing where it is larger than 64 bits.
    Integer(Option<i64>),
    /// A number with a fraction.
    Decimal(f64),
    /// A string without expressions.
    Text(Cow<'s, str>),
    /// A string with expressions.
    Template(Template<'s>),
    /// A variable; also `this`, `super`, and a type's name.
    Name(&'s str),
    /// `[a, b]`
    List(Vec<Argument<'s>>),
    /// `[a: b]`
    Map(Vec<Argument<'s>>),
    /// `{ a -> b }`
    Closure(Closure<'s>),
    /// `a(b)`, `a b`, `a { }`, `x.a(b)`
    Call(Box<Call<'s>>),
    /// `a.b`
    Property { object: Box<Expression<'s>>, access: Mark, name: Member<'s> },
    /// `a[b]`
    Index { object: Box<Expression<'s>>, arguments: Vec<Argument<'s>> },
    /// `!a`
    Unary { mark: Mark, of: Box<Expression<'s>> },
    /// `a++`
    Postfix { mark: Mark, of: Box<Expression<'s>> },
    /// `a + b`
    Binary { left: Box<Expression<'s>>, operator: Operator, right: Box<Expression<'s>> },
    /// `a = b`, `a += b`
    Assign { left: Box<Expression<'s>>, mark: Mark, right: Box<Expression<'s>> },
    /// `(a, b) = c`
    AssignSeveral { names: Vec<Name<'s>>, right: Box<Expression<'s>> },
    /// `a ? b : c`
    Ternary {
        condition: Box<Expression<'s>>,
        then: Box<Expression<'s>>,
        otherwise: Box<Expression<'s>>,
    },
    /// `a ?: b`
    Elvis { value: Box<Expression<'s>>, otherwise: Box<Expression<'s>> },
    /// `(T) a`, `a as T`
    Cast { type_name: Type<'s>, of: Box<Expression<'s>> },
    /// `a instanceof T`
    InstanceOf { of: Box<Expression<'s>>, type_name: Type<'s> },
    /// `new T(a)`
    New { type_name: Type<'s>, arguments: Vec<Argument<'s>>, body: Option<Class<'s>> },
    /// `(a)`
    Parenthesized(Box<Expression<'s>>),
    /// A declaration in parentheses.
    Declare(Box<Declaration<'s>>),
    /// What could not be read; a problem says why.
    Broken,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// An operator of marks.
    Mark(Mark),
    /// `in`
    In,
}

/// A string with expressions: a text before each value, and one after the last.
#[derive(Debug)]
pub struct Template<'s> {
    /// The texts.
    pub texts: Vec<Cow<'s, str>>,
    /// The values; one in braces that is not one expression is a closure.
    pub values: Vec<Expression<'s>>,
}

/// A closure.
#[derive(Debug)]
pub struct Closure<'s> {
    /// Its parameters; nothing where there is no arrow.
    pub parameters: Option<Vec<Parameter<'s>>>,
    /// What it does.
    pub body: Block<'s>,
}

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStyle {
    /// `a(b)`
    Parentheses,
    /// `a b`
    Command,
    /// `a { }`
    Block,
}

/// A call.
#[derive(Debug)]
pub struct Call<'s> {
    /// What it is called on; nothing for `a(b)`.
    pub object: Option<Expression<'s>>,
    /// What stands between the object and the name.
    pub access: Option<Mark>,
    /// What is called.
    pub method: Member<'s>,
    /// The arguments; closures behind the parentheses are the last.
    pub arguments: Vec<Argument<'s>>,
    /// How it is written.
    pub style: CallStyle,
}

/// The name of a property or method.
#[derive(Debug)]
pub enum Member<'s> {
    /// A plain name.
    Name(Name<'s>),
    /// A name in quotes.
    Text(Cow<'s, str>, Span),
    /// What an expression gives, as in `a."$b"` and `a.(b)`.
    Dynamic(Box<Expression<'s>>),
    /// Nothing: the value itself is called, as in `a(b)(c)`.
    Itself(Span),
}

impl Member<'_> {
    /// Where it stands.
    pub const fn span(&self) -> Span {
        match self {
            Self::Name(name) => name.span,
            Self::Text(_, span) | Self::Itself(span) => *span,
            Self::Dynamic(expression) => expression.span,
        }
    }

    /// The name, where the text says it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name.text),
            Self::Text(text, _) => Some(text),
            Self::Dynamic(_) | Self::Itself(_) => None,
        }
    }
}

/// An argument of a call, or an element of a list or map.
#[derive(Debug)]
pub enum Argument<'s> {
    /// `a`
    Value(Expression<'s>),
    /// `a: b`
    Named { key: Expression<'s>, value: Expression<'s> },
    /// `*a`
    Spread(Expression<'s>),
    /// `*: a`
    SpreadMap(Expression<'s>),
}

impl<'s> Argument<'s> {
    /// The value.
    pub const fn value(&self) -> &Expression<'s> {
        match self {
            Self::Value(value)
            | Self::Named { value, .. }
            | Self::Spread(value)
            | Self::SpreadMap(value) => value,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Named { key, value } => key.span.to(value.span),
            other => other.value().span,
        }
    }
}
