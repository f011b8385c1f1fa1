//! Calls without parentheses.
//!
//! Responsible for `echo 'a'`, `sh script: 'a', returnStdout: true`, and the chains `a b c d`
//! that Groovy reads as `a(b).c(d)`. They begin a statement, or follow an equals sign.

use super::{Parsed, Parser, Place};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Argument, Call, CallStyle, Expression, ExpressionKind, Member};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    /// An expression, or a call without parentheses.
    pub(super) fn command_expression(&mut self) -> Parsed<Expression<'s>> {
        let start = self.start();
        let from = self.at;
        let head = self.expression_at(Place::Statement)?;
        let is_path = self.last_path == (from, self.at);
        if !is_path || !self.begins_command_argument() {
            return Ok(head);
        }
        let mut value = head;
        // The arguments of a call that has some already are the name of the next one.
        if !matches!(value.kind, ExpressionKind::Call(_)) {
            let arguments = self.command_arguments()?;
            value = self.command(value, arguments, start)?;
        }
        while self.begins_command_argument() {
            value = self.chained(value, start)?;
        }
        Ok(value)
    }

    /// Whether an argument without parentheses can begin here.
    pub(super) fn begins_command_argument(&self) -> bool {
        if !self.problems.is_empty() && self.is_on_new_line() {
            return false;
        }
        let is_label = self.kind_ahead(1) == Kind::Mark(Mark::Colon);
        match self.kind() {
            Kind::Name | Kind::Text | Kind::TemplateStart | Kind::Integer | Kind::Decimal => true,
            Kind::Word(Word::Else) => false,
            Kind::Word(word) => {
                is_label
                    || word.is_type()
                    || matches!(
                        word,
                        Word::New
                            | Word::This
                            | Word::Super
                            | Word::Null
                            | Word::True
                            | Word::False
                    )
            }
            Kind::Mark(Mark::LeftBracket) => self.is_empty_map(),
            Kind::Mark(mark) => matches!(mark, Mark::Not | Mark::Tilde),
            _ => false,
        }
    }

    fn command_arguments(&mut self) -> Parsed<Vec<Argument<'s>>> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.labelled_argument()?);
            if self.is_plain_label() && !self.is_on_new_line() && self.unclosed.is_empty() {
                self.lacks_comma("','");
                continue;
            }
            let comma = self.span();
            if !self.take_if(Mark::Comma) {
                self.check_names(&arguments);
                return Ok(arguments);
            }
            self.skip_newline();
            if self.kind() == Kind::Mark(Mark::RightBrace) {
                let problem = Diagnostic::syntax(comma, "unexpected token: ','");
                self.note(problem.advise("remove the comma"));
                return Ok(arguments);
            }
        }
    }

    /// What is called with arguments that stand without parentheses.
    fn command(
        &mut self,
        head: Expression<'s>,
        arguments: Vec<Argument<'s>>,
        start: u32,
    ) -> Parsed<Expression<'s>> {
        // As `void a "b"`, a chain that Groovy parses.
        let is_void = head.kind.is_name("void")
            && matches!(arguments.as_slice(), [Argument::Value(one)]
                if matches!(one.kind, ExpressionKind::Name(_)));
        if !is_void {
            self.check_callee(&head)?;
        }
        let style = CallStyle::Command;
        let call = match head.kind {
            ExpressionKind::Name("this" | "super") if self.classes == 0 => {
                let message = "Constructor call must be the first statement in a constructor";
                return self.fail(Diagnostic::syntax(head.span, message));
            }
            ExpressionKind::Name(text) => {
                let method = Member::Name(crate::syntax::Name { text, span: head.span });
                Call { object: None, access: None, method, arguments, style }
            }
            ExpressionKind::Property { object, access, name } => {
                Call { object: Some(*object), access: Some(access), method: name, arguments, style }
            }
            ExpressionKind::Text(text) => {
                let method = Member::Text(text, head.span);
                Call { object: None, access: None, method, arguments, style }
            }
            _ => Call {
                method: Member::Itself(head.span),
                object: Some(head),
                access: None,
                arguments,
                style,
            },
        };
        self.expression_node(ExpressionKind::Call(Box::new(call)), start)
    }

    /// The next name of a chain, and its arguments.
    fn chained(&mut self, value: Expression<'s>, start: u32) -> Parsed<Expression<'s>> {
        let token = self.token(self.at);
        let name = match token.kind {
            Kind::Name => {
                self.take();
                Member::Name(self.name_of(token))
            }
            _ => Member::Dynamic(Box::new(self.primary()?)),
        };
        let access = Mark::Dot;
        let object = Box::new(value);
        let kind = ExpressionKind::Property { object, access, name };
        let property = self.expression_node(kind, start)?;
        let before = self.at;
        let path = self.path_after(property, start, Place::Inside)?;
        // Behind a plain name a sign begins an argument: nothing is added to what has no arguments yet.
        let is_sign = matches!(
            self.kind(),
            Kind::Mark(Mark::Minus | Mark::Plus | Mark::Increment | Mark::Decrement)
        );
        if self.at != before || !(is_sign || self.begins_command_argument()) {
            return Ok(path);
        }
        let arguments = self.command_arguments()?;
        self.command(path, arguments, start)
    }
}
