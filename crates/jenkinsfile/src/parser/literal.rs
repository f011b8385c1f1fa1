//! Numbers and strings.

use std::borrow::Cow;

use super::{Parsed, Parser};
use crate::lexer::{Quote, cook};
use crate::source::Span;
use crate::syntax::{Expression, ExpressionKind, Statement, StatementKind, Template};
use crate::token::{Kind, Mark};

impl<'s> Parser<'s> {
    pub(super) fn number(&mut self) -> ExpressionKind<'s> {
        let token = self.take();
        let text: String = self.text_of(token.span).chars().filter(|c| *c != '_').collect();
        let suffixes = ['g', 'G', 'l', 'L', 'i', 'I'];
        if token.kind == Kind::Decimal {
            let digits = text.trim_end_matches(['g', 'G', 'd', 'D', 'f', 'F']);
            return ExpressionKind::Decimal(digits.parse().unwrap_or(f64::INFINITY));
        }
        let whole = text.trim_end_matches(suffixes);
        let lower = whole.to_ascii_lowercase();
        let value = if let Some(digits) = lower.strip_prefix("0x") {
            i64::from_str_radix(digits, 16)
        } else if let Some(digits) = lower.strip_prefix("0b") {
            i64::from_str_radix(digits, 2)
        } else if whole.len() > 1 && whole.starts_with('0') {
            i64::from_str_radix(whole, 8)
        } else {
            whole.parse()
        };
        ExpressionKind::Integer(value.ok())
    }

    /// What a string without expressions says.
    pub(super) fn cooked(&self, span: Span) -> Cow<'s, str> {
        let raw = self.text_of(span);
        let Some(quote) = Quote::of(raw) else {
            return Cow::Borrowed(raw);
        };
        let inner = raw.get(quote.opening().len()..).unwrap_or_default();
        cook(inner.strip_suffix(quote.closing()).unwrap_or(inner), quote)
    }

    /// A string with expressions.
    pub(super) fn template(&mut self) -> Parsed<ExpressionKind<'s>> {
        let first = self.take();
        let raw = self.text_of(first.span);
        let quote = Quote::of(raw).unwrap_or(Quote::Double);
        let mut texts = vec![cook(raw.get(quote.opening().len()..).unwrap_or_default(), quote)];
        let mut values = Vec::new();
        loop {
            values.push(self.nested(Self::template_value)?);
            let token = self.token(self.at);
            let raw = self.text_of(token.span);
            match token.kind {
                Kind::TemplateMiddle => texts.push(cook(raw, quote)),
                Kind::TemplateEnd => {
                    self.take();
                    texts.push(cook(raw.strip_suffix(quote.closing()).unwrap_or(raw), quote));
                    return Ok(ExpressionKind::Template(Template { texts, values }));
                }
                _ => return self.expected("the rest of the string"),
            }
            self.take();
        }
    }

    /// `{ … }` or `name.name`
    fn template_value(&mut self) -> Parsed<Expression<'s>> {
        let start = self.start();
        if self.is(Mark::LeftBrace) {
            let mut closure = self.closure()?;
            let is_value = closure.parameters.is_none() && closure.body.statements.len() == 1;
            if is_value
                && let Some(Statement { kind: StatementKind::Expression(value), .. }) = closure
                    .body
                    .statements
                    .pop_if(|statement| matches!(statement.kind, StatementKind::Expression(_)))
            {
                return Ok(value);
            }
            return self.expression_node(ExpressionKind::Closure(closure), start);
        }
        let mut value = self.name_value()?;
        while self.take_if(Mark::Dot) {
            let token = self.take();
            let name = crate::syntax::Member::Name(self.name_of(token));
            let object = Box::new(value);
            let kind = ExpressionKind::Property { object, access: Mark::Dot, name };
            value = self.expression_node(kind, start)?;
        }
        Ok(value)
    }

    fn name_value(&mut self) -> Parsed<Expression<'s>> {
        let name = self.take_name("a name in the string")?;
        self.expression_node(ExpressionKind::Name(name.text), name.span.start)
    }
}
