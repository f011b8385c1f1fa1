//! Names of types.
//!
//! Responsible for reading a type, and for looking ahead over one without reading it. Both go
//! over each word once.

use super::{Parsed, Parser};
use crate::syntax::{Name, Type};
use crate::token::{Kind, Mark};

/// The most words a type has; what is longer is none.
const MOST_WORDS: usize = 200;

impl<'s> Parser<'s> {
    /// Reads a type.
    pub(super) fn type_name(&mut self) -> Parsed<Type<'s>> {
        let start = self.start();
        match self.after_type(self.at) {
            Some(after) => {
                self.at = after;
                let span = self.since(start);
                Ok(Name { text: self.text_of(span), span })
            }
            None => self.expected("a type"),
        }
    }

    /// The word behind a type that begins with a word.
    pub(super) fn after_type(&self, from: usize) -> Option<usize> {
        let mut at = self.after_plain_type(from)?;
        while self.token(at).kind == Kind::Mark(Mark::LeftBracket)
            && self.token(at + 1).kind == Kind::Mark(Mark::RightBracket)
        {
            at += 2;
        }
        Some(at)
    }

    /// The same without `[]`.
    pub(super) fn after_plain_type(&self, from: usize) -> Option<usize> {
        let mut at = from;
        match self.token(at).kind {
            Kind::Word(word) if word.is_type() => at += 1,
            Kind::Name => {
                at += 1;
                while self.token(at).kind == Kind::Mark(Mark::Dot)
                    && self.token(at + 1).kind == Kind::Name
                {
                    at += 2;
                }
                if self.token(at).kind == Kind::Mark(Mark::Less) {
                    at = self.after_type_arguments(at)?;
                }
            }
            _ => return None,
        }
        Some(at)
    }

    /// The word behind `<…>`.
    pub(super) fn after_type_arguments(&self, from: usize) -> Option<usize> {
        let mut open = 0_i32;
        for at in from..from + MOST_WORDS {
            match self.token(at).kind {
                Kind::Mark(Mark::Less) => open += 1,
                Kind::Mark(Mark::Greater) => open -= 1,
                Kind::Mark(Mark::Right) => open -= 2,
                Kind::Mark(Mark::UnsignedRight) => open -= 3,
                Kind::Name
                | Kind::Newline
                | Kind::Mark(
                    Mark::Dot
                    | Mark::Comma
                    | Mark::Question
                    | Mark::LeftBracket
                    | Mark::RightBracket
                    | Mark::BitAnd,
                ) => {}
                Kind::Word(word) if word.is_type() => {}
                Kind::Word(crate::token::Word::Extends | crate::token::Word::Super) => {}
                _ => return None,
            }
            if open <= 0 {
                return (open == 0).then_some(at + 1);
            }
        }
        None
    }
}
