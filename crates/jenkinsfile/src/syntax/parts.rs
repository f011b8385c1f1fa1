//! What statements are made of.
//!
//! Responsible for the shape of declarations, definitions, and the parts of control flow.

use super::{Argument, Block, Expression, Name, Statement, Type};
use crate::source::Span;

/// `@Name(arguments)`
#[derive(Debug)]
pub struct Annotation<'s> {
    /// The name behind the `@`.
    pub name: Name<'s>,
    /// What stands in its parentheses.
    pub arguments: Vec<Argument<'s>>,
    /// Where it stands.
    pub span: Span,
}

/// `def a = 1, b`, `String c`, `def (d, e) = f`
#[derive(Debug)]
pub struct Declaration<'s> {
    /// What is said about it.
    pub annotations: Vec<Annotation<'s>>,
    /// `def`, `final` and the like.
    pub modifiers: Vec<Name<'s>>,
    /// The type, where one is named.
    pub type_name: Option<Type<'s>>,
    /// Each variable with its first value.
    pub variables: Vec<(Name<'s>, Option<Expression<'s>>)>,
    /// What several variables in parentheses are taken from.
    pub taken_from: Option<Expression<'s>>,
}

/// What a `for` goes over.
#[derive(Debug)]
pub enum ForHead<'s> {
    /// `for (x in y)`, `for (T x : y)`
    Each { variable: Name<'s>, of: Expression<'s> },
    /// `for (a; b; c)`
    Steps {
        first: Option<Box<Statement<'s>>>,
        condition: Option<Expression<'s>>,
        then: Vec<Expression<'s>>,
    },
}

/// What a `switch` does for one value.
#[derive(Debug)]
pub struct Case<'s> {
    /// The value; nothing for `default`.
    pub value: Option<Expression<'s>>,
    /// The statements up to the next one.
    pub statements: Vec<Statement<'s>>,
}

/// What is done about an exception.
#[derive(Debug)]
pub struct Catch<'s> {
    /// Its types.
    pub types: Vec<Type<'s>>,
    /// Its name.
    pub variable: Name<'s>,
    /// The statements.
    pub body: Block<'s>,
}

/// A parameter of a method or closure.
#[derive(Debug)]
pub struct Parameter<'s> {
    /// Its type, where one is named.
    pub type_name: Option<Type<'s>>,
    /// Its name.
    pub name: Name<'s>,
    /// Its value where none is given.
    pub default: Option<Expression<'s>>,
}

/// A method.
#[derive(Debug)]
pub struct Method<'s> {
    /// What is said about it.
    pub annotations: Vec<Annotation<'s>>,
    /// `def`, `private` and the like.
    pub modifiers: Vec<Name<'s>>,
    /// What it gives back, where a type is named.
    pub type_name: Option<Type<'s>>,
    /// Its name.
    pub name: Name<'s>,
    /// Its parameters.
    pub parameters: Vec<Parameter<'s>>,
    /// What it does; an abstract one has none.
    pub body: Option<Block<'s>>,
}

/// A class, an interface, an enumeration or a trait.
#[derive(Debug)]
pub struct Class<'s> {
    /// What is said about it.
    pub annotations: Vec<Annotation<'s>>,
    /// Its name; an anonymous one has the name of what it extends.
    pub name: Name<'s>,
    /// Fields, methods, classes and initializers.
    pub members: Vec<Statement<'s>>,
}

/// `import static a.b.* as c`
#[derive(Debug)]
pub struct Import<'s> {
    /// What is said about it.
    pub annotations: Vec<Annotation<'s>>,
    /// Whether it is static.
    pub is_static: bool,
    /// The name with its dots, and the star.
    pub name: Name<'s>,
    /// The name that it gets here.
    pub alias: Option<Name<'s>>,
}
