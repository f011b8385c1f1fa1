//! Paths: a value, and what is asked of it.
//!
//! Responsible for `a.b`, `a(b)`, `a[b]` and `a { }` in any number.

use super::{Parsed, Parser, Place};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Argument, Call, CallStyle, Expression, ExpressionKind, Member};
use crate::token::{Kind, Mark, Word};

const fn is_access(mark: Mark) -> bool {
    matches!(mark, Mark::Dot | Mark::SafeDot | Mark::SpreadDot | Mark::MethodPointer)
}

impl<'s> Parser<'s> {
    pub(super) fn path(&mut self, place: Place) -> Parsed<Expression<'s>> {
        let from = self.at;
        let start = self.start();
        let primary = self.primary()?;
        let path = self.path_after(primary, start, place)?;
        self.last_path = (from, self.at);
        Ok(path)
    }

    /// What follows a value.
    pub(super) fn path_after(
        &mut self,
        mut value: Expression<'s>,
        start: u32,
        place: Place,
    ) -> Parsed<Expression<'s>> {
        loop {
            let is_broken = !self.problems.is_empty() && self.is_on_new_line();
            value = match self.kind() {
                Kind::Mark(mark) if is_access(mark) => self.accessed(value, mark, start)?,
                Kind::Mark(Mark::LeftParen) if !is_broken => self.called(value, start)?,
                Kind::Mark(Mark::LeftBracket) if !is_broken && !self.is_empty_map() => {
                    self.indexed(value, start)?
                }
                Kind::Mark(Mark::LeftBrace) if !is_broken || place == Place::Statement => {
                    self.with_closure(value, start)?
                }
                Kind::Newline => match self.kind_ahead(1) {
                    Kind::Mark(mark) if is_access(mark) => {
                        self.skip_newline();
                        self.accessed(value, mark, start)?
                    }
                    Kind::Mark(Mark::LeftBrace) if place == Place::Statement => {
                        self.skip_newline();
                        self.with_closure(value, start)?
                    }
                    _ => return Ok(value),
                },
                _ => return Ok(value),
            };
        }
    }

    fn accessed(
        &mut self,
        value: Expression<'s>,
        access: Mark,
        start: u32,
    ) -> Parsed<Expression<'s>> {
        self.take();
        self.skip_newline();
        if self.is(Mark::Less) {
            // A call's own type arguments.
            match self.after_type_arguments(self.at) {
                Some(after) => self.at = after,
                None => return self.unexpected(),
            }
        }
        self.take_if(Mark::At);
        let token = self.token(self.at);
        let name = match token.kind {
            Kind::Name | Kind::Word(_) => {
                self.take();
                Member::Name(self.name_of(token))
            }
            Kind::Text => {
                self.take();
                Member::Text(self.cooked(token.span), token.span)
            }
            Kind::TemplateStart | Kind::Mark(Mark::LeftParen) => {
                Member::Dynamic(Box::new(self.primary()?))
            }
            Kind::Mark(Mark::LeftBrace) => {
                let from = self.start();
                let closure = self.closure()?;
                let closure = self.expression_node(ExpressionKind::Closure(closure), from)?;
                Member::Dynamic(Box::new(closure))
            }
            _ => return self.expected("a name behind the dot"),
        };
        let object = Box::new(value);
        self.expression_node(ExpressionKind::Property { object, access, name }, start)
    }

    fn called(&mut self, value: Expression<'s>, start: u32) -> Parsed<Expression<'s>> {
        self.expect(Mark::LeftParen)?;
        let arguments = self.arguments(Mark::RightParen)?;
        self.expect(Mark::RightParen)?;
        self.check_names(&arguments);
        self.check_callee(&value)?;
        let (object, access, method) = Self::split_callee(value);
        if object.is_none() && matches!(method.text(), Some("this" | "super")) && self.classes == 0
        {
            let message = "Constructor call must be the first statement in a constructor";
            return self.fail(Diagnostic::syntax(method.span(), message));
        }
        let style = CallStyle::Parentheses;
        let call = Call { object, access, method, arguments, style };
        self.expression_node(ExpressionKind::Call(Box::new(call)), start)
    }

    /// A primitive type is no method.
    pub(super) fn check_callee(&mut self, value: &Expression<'s>) -> Parsed<()> {
        let is_type = |name| Word::of(name).is_some_and(Word::is_type);
        match value.kind {
            ExpressionKind::Name(name) if is_type(name) => {
                let message =
                    format!("Primitive type literal: {name} cannot be used as a method name");
                self.fail(Diagnostic::syntax(value.span, message))
            }
            _ => Ok(()),
        }
    }

    /// What is called, taken apart into an object and a method's name.
    fn split_callee(value: Expression<'s>) -> (Option<Expression<'s>>, Option<Mark>, Member<'s>) {
        match value.kind {
            ExpressionKind::Name(text) => {
                (None, None, Member::Name(crate::syntax::Name { text, span: value.span }))
            }
            ExpressionKind::Text(text) => (None, None, Member::Text(text, value.span)),
            ExpressionKind::Template(_) => (None, None, Member::Dynamic(Box::new(value))),
            ExpressionKind::Property { object, access, name } => {
                (Some(*object), Some(access), name)
            }
            _ => {
                let span = value.span;
                (Some(value), None, Member::Itself(span))
            }
        }
    }

    /// A closure behind a value is one more argument of the call, or the only one.
    fn with_closure(&mut self, value: Expression<'s>, start: u32) -> Parsed<Expression<'s>> {
        let from = self.start();
        let closure = self.closure()?;
        let closure = self.expression_node(ExpressionKind::Closure(closure), from)?;
        let height = value.height.max(closure.height.saturating_add(1));
        match value.kind {
            ExpressionKind::Call(mut call) if call.style != CallStyle::Command => {
                call.arguments.push(Argument::Value(closure));
                let (kind, span) = (ExpressionKind::Call(call), self.since(start));
                // Of a call with many of them each is looked at once.
                self.low_enough(Expression { kind, span, height })
            }
            _ => {
                let (object, access, method) = Self::split_callee(value);
                let (arguments, style) = (vec![Argument::Value(closure)], CallStyle::Block);
                let call = Call { object, access, method, arguments, style };
                self.expression_node(ExpressionKind::Call(Box::new(call)), start)
            }
        }
    }

    /// Whether `[:]` stands here, which is an argument and no index.
    pub(super) fn is_empty_map(&self) -> bool {
        self.is(Mark::LeftBracket)
            && self.kind_ahead(1) == Kind::Mark(Mark::Colon)
            && self.kind_ahead(2) == Kind::Mark(Mark::RightBracket)
    }

    fn indexed(&mut self, value: Expression<'s>, start: u32) -> Parsed<Expression<'s>> {
        self.expect(Mark::LeftBracket)?;
        let arguments = self.arguments(Mark::RightBracket)?;
        self.expect(Mark::RightBracket)?;
        let object = Box::new(value);
        self.expression_node(ExpressionKind::Index { object, arguments }, start)
    }
}
