//! Going on behind a mistake.
//!
//! Responsible for sequences of statements: where one ends, and where the next begins after one
//! that could not be read, so that one mistake hides no other.

use super::{Parsed, Parser};
use crate::syntax::{Block, Statement, StatementKind};
use crate::token::{Kind, Mark, Word};

/// What statements stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Block,
    Case,
}

impl<'s> Parser<'s> {
    /// The statements of a whole text.
    pub(super) fn script(&mut self) -> Vec<Statement<'s>> {
        let mut statements = Vec::new();
        loop {
            self.sequence(&mut statements, Level::Top);
            if self.kind() == Kind::End {
                return statements;
            }
            // What closes nothing is told and left out.
            let _ = self.unexpected::<()>();
            self.take();
        }
    }

    /// `{ statements }`
    pub(super) fn block(&mut self) -> Parsed<Block<'s>> {
        let open = self.expect(Mark::LeftBrace)?;
        self.nested(|parser| parser.block_after(open.span.start))
    }

    /// The statements behind a brace, and the brace that closes them.
    pub(super) fn block_after(&mut self, start: u32) -> Parsed<Block<'s>> {
        let mut statements = Vec::new();
        self.statements_into(&mut statements);
        self.close_brace(start)?;
        Ok(Block { statements, span: self.since(start) })
    }

    pub(super) fn close_brace(&mut self, start: u32) -> Parsed<()> {
        while !self.take_if(Mark::RightBrace) {
            if self.kind() == Kind::End {
                let lines = self.text.get(..start as usize).unwrap_or_default();
                let line = lines.matches('\n').count() + 1;
                let what = format!("'}}' for the '{{' of line {line}");
                return self.expected(&what);
            }
            let _ = self.unexpected::<()>();
            self.take();
            let mut more = Vec::new();
            self.statements_into(&mut more);
        }
        Ok(())
    }

    /// The statements of a block.
    pub(super) fn statements_into(&mut self, into: &mut Vec<Statement<'s>>) {
        self.sequence(into, Level::Block);
    }

    /// The statements behind a `case`.
    pub(super) fn case_statements_into(&mut self, into: &mut Vec<Statement<'s>>) {
        self.sequence(into, Level::Case);
    }

    /// Reads statements up to what cannot begin one: a closing bracket, the end, or a `case`.
    fn sequence(&mut self, into: &mut Vec<Statement<'s>>, level: Level) {
        let in_switch = level == Level::Case;
        loop {
            while matches!(self.kind(), Kind::Newline | Kind::Semicolon) {
                self.at += 1;
            }
            if self.is_over(in_switch) {
                return;
            }
            let before = self.at;
            self.is_top = level == Level::Top;
            if let Ok(statement) = self.statement() {
                into.push(statement);
                self.separate(in_switch);
            } else {
                self.skip_statement(before);
                let start = self.token(before).span.start;
                let span = self.since(start);
                into.push(Statement::new(StatementKind::Broken, span));
            }
        }
    }

    fn is_over(&self, in_switch: bool) -> bool {
        match self.kind() {
            Kind::End
            | Kind::TemplateMiddle
            | Kind::TemplateEnd
            | Kind::Mark(Mark::RightBrace | Mark::RightParen | Mark::RightBracket) => true,
            Kind::Word(Word::Case | Word::Default) => in_switch,
            _ => false,
        }
    }

    /// Wants an end of statement.
    fn separate(&mut self, in_switch: bool) {
        let is_end = matches!(self.kind(), Kind::Newline | Kind::Semicolon);
        if is_end || self.is_over(in_switch) {
            return;
        }
        // Behind a parenthesis that is never closed, ends of lines are not words any more.
        if !self.problems.is_empty() && self.is_on_new_line() {
            return;
        }
        let before = self.at;
        let _ = self.unexpected::<()>();
        self.skip_statement(before);
    }

    /// Skips to the next line outside of brackets that were opened on the way.
    fn skip_statement(&mut self, before: usize) {
        let mut open = 0_usize;
        // The brackets between the statement's beginning and the mistake count as well.
        for index in before..self.at {
            match self.token(index).kind {
                Kind::Mark(Mark::LeftBrace) => open += 1,
                Kind::Mark(Mark::RightBrace) => open = open.saturating_sub(1),
                _ => {}
            }
        }
        loop {
            match self.kind() {
                Kind::End => return,
                Kind::Mark(Mark::RightBrace) if open == 0 => return,
                Kind::Mark(Mark::RightBrace) => open -= 1,
                Kind::Mark(Mark::LeftBrace) => open += 1,
                Kind::Newline | Kind::Semicolon if open == 0 && self.at > before => return,
                _ if open == 0 && self.at > before && self.is_on_new_line() => return,
                _ => {}
            }
            self.at += 1;
        }
    }
}
