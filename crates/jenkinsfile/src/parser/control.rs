//! Branches of control: `if`, `switch`, `try`.

use super::{Parsed, Parser};
use crate::syntax::{Block, Body, Case, Catch, Expression, StatementKind};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    /// A chain of `else if` is read link by link: it is long, and not deep.
    pub(super) fn if_statement(&mut self) -> Parsed<StatementKind<'s>> {
        let mut links = Vec::new();
        let mut otherwise = loop {
            let start = self.start();
            let (condition, then) = self.if_link()?;
            links.push((start, condition, then));
            if !self.goes_on_with_else() {
                break None;
            }
            if self.kind_behind_newline() != Kind::Word(Word::If) {
                break Some(Box::new(self.body()?));
            }
            self.skip_newline();
        };
        while let Some((start, condition, then)) = links.pop() {
            let kind = StatementKind::If { condition, then, otherwise };
            if links.is_empty() {
                return Ok(kind);
            }
            let statements = vec![self.statement_node(kind, start)?];
            otherwise = Some(Box::new(Body { statements }));
        }
        self.unexpected()
    }

    /// `if (a) b`
    fn if_link(&mut self) -> Parsed<(Expression<'s>, Box<Body<'s>>)> {
        self.take();
        let condition = self.in_parentheses(Self::assignment_less)?;
        Ok((condition, Box::new(self.body()?)))
    }

    /// Takes an `else`, and says whether there is one.
    fn goes_on_with_else(&mut self) -> bool {
        let before = self.at;
        // Ends of lines, and one semicolon, may stand before the else.
        self.skip_newline();
        if self.kind() == Kind::Semicolon {
            self.take();
            self.skip_newline();
        }
        let is_else = self.take_word(Word::Else);
        if !is_else {
            self.at = before;
        }
        is_else
    }

    /// A block or one statement, on this line or on the next.
    pub(super) fn body(&mut self) -> Parsed<Body<'s>> {
        self.skip_newline();
        if self.is(Mark::LeftBrace) && !self.has_arrow() {
            let Block { statements, .. } = self.block()?;
            return Ok(Body { statements });
        }
        let statement = self.statement()?;
        Ok(Body { statements: vec![statement] })
    }

    pub(super) fn switch_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        let value = self.in_parentheses(Self::expression)?;
        self.skip_newline();
        let open = self.expect(Mark::LeftBrace)?;
        let mut cases = Vec::new();
        loop {
            self.skip_newline();
            let value = match self.kind() {
                Kind::Word(Word::Case) => {
                    self.take();
                    Some(self.expression()?)
                }
                Kind::Word(Word::Default) => {
                    self.take();
                    None
                }
                _ => break,
            };
            self.expect(Mark::Colon)?;
            let mut statements = Vec::new();
            self.nested(|parser| {
                parser.case_statements_into(&mut statements);
                Ok(())
            })?;
            cases.push(Case { value, statements });
        }
        let is_empty = |case: &Case<'_>| case.statements.is_empty();
        if cases.last().is_some_and(is_empty) {
            return self.unexpected();
        }
        if !self.is(Mark::RightBrace) && self.kind() != Kind::End {
            return self.expected("'case', 'default' or '}'");
        }
        self.close_brace(open.span.start)?;
        Ok(StatementKind::Switch { value, cases })
    }

    pub(super) fn try_statement(&mut self) -> Parsed<StatementKind<'s>> {
        self.take();
        self.skip_newline();
        let body = self.block()?;
        let mut catches = Vec::new();
        while self.goes_on_with(Word::Catch) {
            catches.push(self.catch()?);
        }
        let mut finally = None;
        if self.goes_on_with(Word::Finally) {
            self.skip_newline();
            finally = Some(self.block()?);
        }
        if catches.is_empty() && finally.is_none() {
            return self.expected("'catch' or 'finally'");
        }
        Ok(StatementKind::Try { body, catches, finally })
    }

    /// Takes a word that may stand on the next line.
    fn goes_on_with(&mut self, word: Word) -> bool {
        let goes_on = self.kind_behind_newline() == Kind::Word(word);
        if goes_on {
            self.skip_newline();
            self.take();
        }
        goes_on
    }

    fn catch(&mut self) -> Parsed<Catch<'s>> {
        self.skip_newline();
        self.expect(Mark::LeftParen)?;
        self.take_word(Word::Final);
        let mut types = Vec::new();
        if self.is_word(Word::Def) {
            self.take();
        } else if self.kind_ahead(1) != Kind::Mark(Mark::RightParen) {
            types.push(self.type_name()?);
            while self.take_if(Mark::BitOr) {
                types.push(self.type_name()?);
            }
        }
        let variable = self.take_name("a name for the exception")?;
        self.expect(Mark::RightParen)?;
        self.skip_newline();
        Ok(Catch { types, variable, body: self.block()? })
    }
}
