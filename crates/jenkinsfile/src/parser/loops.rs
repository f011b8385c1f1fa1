//! Loops.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Body, CallStyle, ExpressionKind, ForHead, StatementKind};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    pub(super) fn while_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        let condition = self.in_parentheses(Self::expression)?;
        let body = Box::new(self.loop_body()?);
        Ok(StatementKind::While { condition, body })
    }

    /// A loop may do nothing at all.
    fn loop_body(&mut self) -> Parsed<Body<'s>> {
        self.skip_newline();
        if self.kind() == Kind::Semicolon {
            self.take();
            return Ok(Body { statements: Vec::new() });
        }
        self.body()
    }

    pub(super) fn for_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        self.expect(Mark::LeftParen)?;
        let head = match self.each_head()? {
            Some(head) => head,
            None => self.steps_head()?,
        };
        self.expect(Mark::RightParen)?;
        let body = Box::new(self.loop_body()?);
        Ok(StatementKind::For { head, body })
    }

    /// `T x : y`, `x in y`
    fn each_head(&mut self) -> Parsed<Option<ForHead<'s>>> {
        let before = self.at;
        while self.is_modifier_or_def() {
            self.take();
        }
        let is_marked = self.at > before;
        let is_separator = |kind| matches!(kind, Kind::Word(Word::In) | Kind::Mark(Mark::Colon));
        let is_plain = self.kind() == Kind::Name && is_separator(self.kind_ahead(1));
        if is_plain && !is_marked && self.kind_ahead(1) == Kind::Mark(Mark::Colon) {
            let message = "Java-style for-each statement requires a type declaration";
            let problem = Diagnostic::syntax(self.span(), message);
            return self.fail(problem.advise("write in for the colon"));
        }
        if !is_plain {
            let after = self.after_type(self.at);
            let is_typed = after.is_some_and(|after| {
                self.token(after).kind == Kind::Name && is_separator(self.token(after + 1).kind)
            });
            if !is_typed {
                self.at = before;
                return Ok(None);
            }
            self.type_name()?;
        }
        let variable = self.take_name("a variable")?;
        let of = match self.take().kind {
            Kind::Mark(_) => self.expression()?,
            _ => self.ranged()?,
        };
        Ok(Some(ForHead::Each { variable, of }))
    }

    fn steps_head(&mut self) -> Parsed<ForHead<'s>> {
        let mut first = None;
        if self.kind() != Kind::Semicolon {
            let statement = self.statement()?;
            if let StatementKind::Expression(expression) = &statement.kind
                && let ExpressionKind::Call(call) = &expression.kind
                && call.style == CallStyle::Command
            {
                return self.expected("a declaration or an assignment");
            }
            if let StatementKind::Declare(declaration) = &statement.kind
                && declaration.variables.len() > 1
            {
                return self.expected("one variable");
            }
            first = Some(Box::new(statement));
        }
        self.expect_semicolon()?;
        let mut condition = None;
        if self.kind() != Kind::Semicolon {
            condition = Some(self.expression()?);
        }
        self.expect_semicolon()?;
        let mut then = Vec::new();
        if !self.is(Mark::RightParen) {
            then.push(self.expression()?);
            while self.take_if(Mark::Comma) {
                then.push(self.expression()?);
            }
        }
        Ok(ForHead::Steps { first, condition, then })
    }

    fn expect_semicolon(&mut self) -> Parsed<()> {
        if self.kind() == Kind::Semicolon {
            self.take();
            return Ok(());
        }
        self.expected("';'")
    }
}
