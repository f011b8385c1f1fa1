//! Closures and their parameters.

use super::{Parsed, Parser};
use crate::syntax::{Closure, Parameter};
use crate::token::{Kind, Mark, Token};

/// For each word, whether it is a brace with an arrow directly inside it. One pass over all words
/// saves looking ahead at each brace, which would take quadratic time where braces nest.
pub(super) fn arrows(tokens: &[Token]) -> Vec<bool> {
    let mut arrows = vec![false; tokens.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark(Mark::LeftBrace) => open.push((index, false)),
            Kind::Mark(Mark::RightBrace) => {
                open.pop();
            }
            Kind::Semicolon => {
                if let Some(last) = open.last_mut() {
                    last.1 = true;
                }
            }
            Kind::Mark(Mark::Arrow) => {
                if let Some((brace, false)) = open.last()
                    && let Some(arrow) = arrows.get_mut(*brace)
                {
                    *arrow = true;
                }
            }
            _ => {}
        }
    }
    arrows
}

impl<'s> Parser<'s> {
    /// Whether the closure that begins here names its parameters.
    pub(super) fn has_arrow(&self) -> bool {
        self.arrows.get(self.at).copied().unwrap_or_default()
    }

    /// `{ a, b -> … }`
    pub(super) fn closure(&mut self) -> Parsed<Closure<'s>> {
        let has_arrow = self.has_arrow();
        let open = self.expect(Mark::LeftBrace)?;
        self.nested(|parser| {
            let mut parameters = None;
            if has_arrow {
                parser.skip_newline();
                parameters = Some(parser.parameters(Mark::Arrow)?);
                parser.skip_newline();
                parser.expect(Mark::Arrow)?;
            }
            Ok(Closure { parameters, body: parser.block_after(open.span.start)? })
        })
    }

    /// Parameters up to what closes them, which is not taken.
    pub(super) fn parameters(&mut self, close: Mark) -> Parsed<Vec<Parameter<'s>>> {
        let mut parameters = Vec::new();
        self.skip_newline();
        if self.is(close) {
            return Ok(parameters);
        }
        loop {
            parameters.push(self.parameter()?);
            if !self.take_if(Mark::Comma) {
                return Ok(parameters);
            }
            self.skip_newline();
        }
    }

    fn parameter(&mut self) -> Parsed<Parameter<'s>> {
        self.annotations()?;
        while self.is_modifier_or_def() {
            self.take();
        }
        let mut type_name = None;
        let after = self.after_type(self.at);
        let is_typed = after.is_some_and(|after| {
            let kind = self.token(after).kind;
            kind == Kind::Name || kind == Kind::Mark(Mark::Ellipsis)
        });
        if is_typed {
            type_name = Some(self.type_name()?);
        }
        self.take_if(Mark::Ellipsis);
        let name = self.take_name("a parameter's name")?;
        let mut default = None;
        if self.take_if(Mark::Assign) {
            self.skip_newline();
            default = Some(self.expression()?);
        }
        Ok(Parameter { type_name, name, default })
    }
}
