//! The values that expressions are made of.

use super::{Parsed, Parser};
use crate::syntax::{Argument, Class, Expression, ExpressionKind, Name};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    pub(super) fn primary(&mut self) -> Parsed<Expression<'s>> {
        let start = self.start();
        let token = self.token(self.at);
        let kind = match token.kind {
            Kind::Name => {
                self.take();
                ExpressionKind::Name(self.text_of(token.span))
            }
            Kind::Word(word) => return self.word_value(word),
            Kind::Integer | Kind::Decimal => self.number(),
            Kind::Text => {
                self.take();
                ExpressionKind::Text(self.cooked(token.span))
            }
            Kind::TemplateStart => self.template()?,
            Kind::Mark(Mark::LeftParen) => self.parenthesized()?,
            Kind::Mark(Mark::LeftBracket) => self.list_or_map()?,
            Kind::Mark(Mark::LeftBrace) => ExpressionKind::Closure(self.closure()?),
            _ => return self.unexpected(),
        };
        self.expression_node(kind, start)
    }

    fn word_value(&mut self, word: Word) -> Parsed<Expression<'s>> {
        let start = self.start();
        let kind = match word {
            Word::Null => ExpressionKind::Null,
            Word::True => ExpressionKind::Bool(true),
            Word::False => ExpressionKind::Bool(false),
            Word::New => return self.new_value(),
            Word::This | Word::Super => ExpressionKind::Name(self.text_of(self.span())),
            word if word.is_type() => {
                let type_name = self.type_name()?;
                return self.expression_node(ExpressionKind::Name(type_name.text), start);
            }
            _ => return self.unexpected(),
        };
        self.take();
        self.expression_node(kind, start)
    }

    fn parenthesized(&mut self) -> Parsed<ExpressionKind<'s>> {
        self.expect(Mark::LeftParen)?;
        let inner = self.expression()?;
        self.expect(Mark::RightParen)?;
        Ok(ExpressionKind::Parenthesized(Box::new(inner)))
    }

    fn list_or_map(&mut self) -> Parsed<ExpressionKind<'s>> {
        self.expect(Mark::LeftBracket)?;
        if self.is(Mark::Colon) && self.kind_ahead(1) == Kind::Mark(Mark::RightBracket) {
            self.take();
            self.take();
            return Ok(ExpressionKind::Map(Vec::new()));
        }
        let elements = self.arguments(Mark::RightBracket)?;
        self.expect(Mark::RightBracket)?;
        let is_named = |argument: &Argument<'_>| {
            matches!(argument, Argument::Named { .. } | Argument::SpreadMap(_))
        };
        let names = elements.iter().filter(|element| is_named(element)).count();
        if names == 0 {
            return Ok(ExpressionKind::List(elements));
        }
        if names < elements.len() {
            return self.expected("either a list or a map, not a mixture");
        }
        Ok(ExpressionKind::Map(elements))
    }

    /// `new T(a)`, `new T[b]`, `new T(a) { members }`
    fn new_value(&mut self) -> Parsed<Expression<'s>> {
        let start = self.start();
        self.take();
        self.skip_newline();
        let name_start = self.start();
        let Some(after) = self.after_plain_type(self.at) else {
            return self.expected("a type behind new");
        };
        self.at = after;
        // `<>`
        let span = self.since(name_start);
        let type_name = Name { text: self.text_of(span), span };
        let mut arguments = Vec::new();
        let mut body = None;
        if self.take_if(Mark::LeftParen) {
            arguments = self.arguments(Mark::RightParen)?;
            self.expect(Mark::RightParen)?;
            if self.is(Mark::LeftBrace) {
                let members = self.nested(|parser| parser.members(type_name, false))?;
                body = Some(Class { annotations: Vec::new(), name: type_name, members });
            }
        } else if self.is(Mark::LeftBracket) {
            while self.take_if(Mark::LeftBracket) {
                if arguments.is_empty() || !self.is(Mark::RightBracket) {
                    arguments.push(Argument::Value(self.expression()?));
                }
                self.expect(Mark::RightBracket)?;
            }
        } else {
            return self.expected("'(' or '['");
        }
        self.expression_node(ExpressionKind::New { type_name, arguments, body }, start)
    }
}
