//! Arguments of calls, and elements of lists and maps.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Argument, Declaration, Expression, ExpressionKind, StatementKind};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    /// Arguments up to what closes them, which is not taken.
    pub(super) fn arguments(&mut self, close: Mark) -> Parsed<Vec<Argument<'s>>> {
        let mut arguments = Vec::new();
        self.skip_newline();
        while !self.is(close) {
            arguments.push(self.argument()?);
            self.skip_newline();
            if !self.is(Mark::Comma) {
                if self.begins_argument() {
                    self.lacks_comma(&format!("',' or '{}'", close.text()));
                    continue;
                }
                break;
            }
            // Groovy lets several commas follow each other, and one stand at the end.
            while self.take_if(Mark::Comma) {
                self.skip_newline();
            }
        }
        if !self.is(close) {
            return self.expected(&format!("',' or '{}'", close.text()));
        }
        Ok(arguments)
    }

    /// Whether what stands here can only be another argument.
    fn begins_argument(&self) -> bool {
        // What follows a string that is never closed may be anything.
        if !self.unclosed.is_empty() {
            return false;
        }
        let is_whole = matches!(
            self.kind_ahead(1),
            Kind::Mark(Mark::Colon | Mark::Comma | Mark::RightParen | Mark::RightBracket)
        );
        if self.kind() == Kind::Name {
            return is_whole;
        }
        matches!(
            self.kind(),
            Kind::Text
                | Kind::TemplateStart
                | Kind::Integer
                | Kind::Decimal
                | Kind::Word(Word::True | Word::False | Word::Null)
        )
    }

    /// Says that a comma is missing here, to go on as if it were there.
    pub(super) fn lacks_comma(&mut self, wanted: &str) {
        let message = format!("expecting {wanted}, found {}", self.found());
        let problem = Diagnostic::syntax(self.span(), message);
        self.note(problem.advise("put a comma before it"));
    }

    fn argument(&mut self) -> Parsed<Argument<'s>> {
        if self.take_if(Mark::Star) {
            return Ok(Argument::Spread(self.expression()?));
        }
        if self.take_if(Mark::SpreadMap) {
            return Ok(Argument::SpreadMap(self.expression()?));
        }
        if self.is_modifier_or_def() || self.is_typed_declaration() {
            let start = self.start();
            return self.declared_argument(start);
        }
        self.labelled_argument()
    }

    /// Groovy lets a variable be declared in parentheses.
    fn declared_argument(&mut self, start: u32) -> Parsed<Argument<'s>> {
        // One variable: behind the comma another argument follows.
        if self.is_typed_declaration() {
            let type_name = Some(self.type_name()?);
            let name = self.take_name("a variable's name")?;
            let value = self.first_value()?;
            let declaration = Declaration {
                annotations: Vec::new(),
                modifiers: Vec::new(),
                type_name,
                variables: vec![(name, value)],
                taken_from: None,
            };
            let kind = ExpressionKind::Declare(Box::new(declaration));
            return Ok(Argument::Value(self.expression_node(kind, start)?));
        }
        match self.nested(Self::declaration_statement)? {
            Some(StatementKind::Declare(declaration)) => {
                let kind = ExpressionKind::Declare(Box::new(declaration));
                Ok(Argument::Value(self.expression_node(kind, start)?))
            }
            _ => self.unexpected(),
        }
    }

    /// `a`, `a: b`
    pub(super) fn labelled_argument(&mut self) -> Parsed<Argument<'s>> {
        let key = if self.is_plain_label() {
            let start = self.start();
            let token = self.take();
            let name = ExpressionKind::Name(self.text_of(token.span));
            self.expression_node(name, start)?
        } else {
            self.expression()?
        };
        if !self.is(Mark::Colon) {
            return Ok(Argument::Value(key));
        }
        if !is_label(&key) {
            return self.unexpected();
        }
        self.take();
        self.skip_newline();
        let value = self.expression()?;
        Ok(Argument::Named { key, value })
    }

    /// A name, or a reserved word that is one before a colon.
    pub(super) fn is_plain_label(&self) -> bool {
        matches!(self.kind(), Kind::Name | Kind::Word(_))
            && self.kind_ahead(1) == Kind::Mark(Mark::Colon)
    }

    /// What stands in an annotation's parentheses.
    pub(super) fn annotation_arguments(&mut self) -> Parsed<Vec<Argument<'s>>> {
        let mut arguments = Vec::new();
        while !self.is(Mark::RightParen) {
            let is_named = matches!(self.kind(), Kind::Name | Kind::Word(Word::Default))
                && self.kind_ahead(1) == Kind::Mark(Mark::Assign);
            if is_named {
                let start = self.start();
                let token = self.take();
                let name = ExpressionKind::Name(self.text_of(token.span));
                let key = self.expression_node(name, start)?;
                self.take();
                let value = self.annotation_value()?;
                arguments.push(Argument::Named { key, value });
            } else {
                arguments.push(Argument::Value(self.annotation_value()?));
            }
            // Several have names, one needs none.
            if !is_named || !self.take_if(Mark::Comma) {
                break;
            }
        }
        self.expect(Mark::RightParen)?;
        Ok(arguments)
    }

    pub(super) fn annotation_value(&mut self) -> Parsed<Expression<'s>> {
        if !self.is(Mark::At) {
            return self.assignment_less();
        }
        let start = self.start();
        self.nested(Self::annotations)?;
        self.expression_node(ExpressionKind::Null, start)
    }

    /// A name is given once. Groovy says so for calls alone, not for maps.
    pub(super) fn check_names(&mut self, arguments: &[Argument<'s>]) {
        let mut seen = Vec::new();
        for argument in arguments {
            let Argument::Named { key, .. } = argument else {
                continue;
            };
            let name = match &key.kind {
                ExpressionKind::Name(name) => *name,
                ExpressionKind::Text(text) => text,
                _ => continue,
            };
            if seen.contains(&name) {
                let message = format!("Duplicate named parameter '{name}' found");
                self.note(Diagnostic::syntax(key.span, message).advise("give it once"));
            }
            // A call with very many names is not looked at to the end: the search is linear.
            if seen.len() < 64 {
                seen.push(name);
            }
        }
    }
}

/// What can stand before the colon of a named argument.
const fn is_label(key: &Expression<'_>) -> bool {
    matches!(
        key.kind,
        ExpressionKind::Name(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Template(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Decimal(_)
            | ExpressionKind::Parenthesized(_)
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Closure(_)
            | ExpressionKind::Null
            | ExpressionKind::Bool(_)
    )
}
