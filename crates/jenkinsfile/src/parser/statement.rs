//! Statements.
//!
//! Responsible for telling from a statement's first words what it is.

use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Expression, Name, Statement, StatementKind};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    pub(super) fn statement(&mut self) -> Parsed<Statement<'s>> {
        self.nested(Self::any_statement)
    }

    fn any_statement(&mut self) -> Parsed<Statement<'s>> {
        let is_top = std::mem::replace(&mut self.is_top, false);
        let start = self.start();
        let kind = self.statement_kind()?;
        let what = match kind {
            StatementKind::Method(_) if !is_top => "Method",
            StatementKind::Class(_) if !is_top => "Class",
            _ => return self.statement_node(kind, start),
        };
        let message = format!("{what} definition not expected here");
        let problem = Diagnostic::syntax(self.since(start), message);
        self.fail(problem.advise("define it outside of all blocks"))
    }

    fn statement_kind(&mut self) -> Parsed<StatementKind<'s>> {
        let kind = match self.kind() {
            Kind::Word(word) => match self.word_statement(word)? {
                Some(kind) => kind,
                None => self.declared_or_evaluated()?,
            },
            Kind::Name if self.kind_ahead(1) == Kind::Mark(Mark::Colon) => self.labelled()?,
            _ => self.declared_or_evaluated()?,
        };
        Ok(kind)
    }

    fn word_statement(&mut self, word: Word) -> Parsed<Option<StatementKind<'s>>> {
        // A reserved word before a colon is a name in a map that was meant, or a label.
        let kind = match word {
            Word::If => self.if_statement()?,
            Word::While => self.while_statement()?,
            Word::For => self.for_statement()?,
            Word::Switch => self.switch_statement()?,
            Word::Try => self.try_statement()?,
            Word::Return => self.return_statement()?,
            Word::Break | Word::Continue => self.jump_statement(),
            Word::Throw => self.throw_statement()?,
            Word::Assert => self.assert_statement()?,
            Word::Import => self.import_statement(Vec::new())?,
            Word::Package if self.is_first() => self.package_statement()?,
            Word::Synchronized if self.kind_ahead(1) == Kind::Mark(Mark::LeftParen) => {
                self.synchronized_statement()?
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn declared_or_evaluated(&mut self) -> Parsed<StatementKind<'s>> {
        if let Some(kind) = self.declaration_statement()? {
            return Ok(kind);
        }
        if self.is(Mark::LeftBrace) && !self.has_arrow() {
            let message = "Ambiguous expression could be either a parameterless closure expression \
                           or an isolated open code block";
            let problem = Diagnostic::syntax(self.span(), message);
            return self.fail(problem.advise("write { -> … } for a closure"));
        }
        Ok(StatementKind::Expression(self.command_expression()?))
    }

    /// Whether nothing but ends of lines stands before.
    fn is_first(&self) -> bool {
        (0..self.at).all(|index| self.token(index).kind == Kind::Newline)
    }

    fn labelled(&mut self) -> Parsed<StatementKind<'s>> {
        let label = self.take_name("a label")?;
        self.expect(Mark::Colon)?;
        self.skip_newline();
        let statement = if self.is(Mark::LeftBrace) {
            let start = self.start();
            let block = self.block()?;
            self.statement_node(StatementKind::Block(block), start)?
        } else {
            self.statement()?
        };
        Ok(StatementKind::Labelled { label, statement: Box::new(statement) })
    }

    fn return_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        if self.ends_statement() {
            return Ok(StatementKind::Return(None));
        }
        let value = self.expression()?;
        if self.begins_command_argument() {
            // Groovy 2.4 reads a call without parentheses at the beginning of a statement alone.
            let message = format!("unexpected token: {}", self.found());
            let problem = Diagnostic::syntax(self.span(), message);
            return self.fail(problem.advise("write parentheses: return name(…)"));
        }
        Ok(StatementKind::Return(Some(value)))
    }

    /// Whether nothing more of this statement can follow.
    pub(super) fn ends_statement(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Newline
                | Kind::Semicolon
                | Kind::End
                | Kind::TemplateMiddle
                | Kind::TemplateEnd
                | Kind::Mark(Mark::RightBrace | Mark::RightParen | Mark::RightBracket)
        )
    }

    fn jump_statement(&mut self) -> StatementKind<'s> {
        let word = self.take();
        let word = self.name_of(word);
        let label = (self.kind() == Kind::Name).then(|| {
            let token = self.take();
            self.name_of(token)
        });
        StatementKind::Jump { word, label }
    }

    fn throw_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        Ok(StatementKind::Throw(self.expression()?))
    }

    fn assert_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        let condition = self.assignment_less()?;
        let mut message = None;
        if self.is(Mark::Colon) || self.is(Mark::Comma) {
            self.take();
            self.skip_newline();
            message = Some(self.expression()?);
        }
        Ok(StatementKind::Assert { condition, message })
    }

    fn synchronized_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        let lock = self.in_parentheses(Self::expression)?;
        self.skip_newline();
        Ok(StatementKind::Synchronized { lock, body: self.block()? })
    }

    pub(super) fn package_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        let start = self.start();
        self.take_name("the package's name")?;
        while self.take_if(Mark::Dot) {
            self.take_name("a part of the package's name")?;
        }
        let span = self.since(start);
        Ok(StatementKind::Package(Name { text: self.text_of(span), span }))
    }

    /// `( … )` around something.
    pub(super) fn in_parentheses(
        &mut self,
        read: impl FnOnce(&mut Self) -> Parsed<Expression<'s>>,
    ) -> Parsed<Expression<'s>> {
        self.expect(Mark::LeftParen)?;
        let inner = read(self)?;
        self.expect(Mark::RightParen)?;
        Ok(inner)
    }
}
