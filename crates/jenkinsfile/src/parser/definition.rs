//! Methods, classes and imports.

use super::declaration::Head;
use super::{Parsed, Parser};
use crate::syntax::{Annotation, Class, Import, Method, Name, Statement, StatementKind, Type};
use crate::token::{Kind, Mark, Word};

impl<'s> Parser<'s> {
    pub(super) fn import_statement(
        &mut self,
        annotations: Vec<Annotation<'s>>,
    ) -> Parsed<StatementKind<'s>> {
        self.take();
        let is_static = self.take_word(Word::Static);
        let start = self.start();
        self.take_name("what is imported")?;
        while self.take_if(Mark::Dot) {
            self.skip_newline();
            if self.take_if(Mark::Star) {
                break;
            }
            self.take_name("a part of what is imported")?;
        }
        let span = self.since(start);
        let name = Name { text: self.text_of(span), span };
        let mut alias = None;
        if self.take_word(Word::As) {
            self.skip_newline();
            alias = Some(self.take_name("another name for it")?);
        }
        Ok(StatementKind::Import(Import { annotations, is_static, name, alias }))
    }

    /// `name(parameters) { … }`
    pub(super) fn method(
        &mut self,
        head: Head<'s>,
        type_name: Option<Type<'s>>,
    ) -> Parsed<Method<'s>> {
        let token = self.take();
        let name = self.name_of(token);
        self.expect(Mark::LeftParen)?;
        let parameters = self.parameters(Mark::RightParen)?;
        self.expect(Mark::RightParen)?;
        if self.kind_behind_newline() == Kind::Word(Word::Throws) {
            self.skip_newline();
            self.take();
            self.type_list()?;
        }
        if self.is_annotation && self.take_word(Word::Default) {
            self.skip_newline();
            self.annotation_value()?;
        }
        let mut body = None;
        if self.kind_behind_newline() == Kind::Mark(Mark::LeftBrace) {
            self.skip_newline();
            body = Some(self.block()?);
        } else if !head.is_abstract() && !self.is_interface {
            return self.expected("'{' and what the method does");
        }
        let Head { annotations, modifiers } = head;
        Ok(Method { annotations, modifiers, type_name, name, parameters, body })
    }

    fn type_list(&mut self) -> Parsed<()> {
        loop {
            self.skip_newline();
            self.type_name()?;
            if !self.take_if(Mark::Comma) {
                return Ok(());
            }
        }
    }

    /// `class Name extends A implements B { … }` and its like
    pub(super) fn class(&mut self, head: Head<'s>) -> Parsed<Class<'s>> {
        let is_annotation = self.take_if(Mark::At);
        let is_enum = self.is_word(Word::Enum);
        let is_interface = self.is_word(Word::Interface);
        self.take();
        let name = self.take_name("the class' name")?;
        if self.is(Mark::Less) {
            match self.after_type_arguments(self.at) {
                Some(after) => self.at = after,
                None => return self.expected("type parameters"),
            }
        }
        self.skip_newline();
        while matches!(self.kind(), Kind::Word(Word::Extends | Word::Implements)) {
            self.take();
            self.type_list()?;
            self.skip_newline();
        }
        let outer = (self.is_interface, self.is_annotation);
        (self.is_interface, self.is_annotation) = (is_interface, is_annotation);
        let members = self.nested(|parser| parser.members(name, is_enum));
        (self.is_interface, self.is_annotation) = outer;
        let members = members?;
        Ok(Class { annotations: head.annotations, name, members })
    }

    /// `{ members }`
    pub(super) fn members(&mut self, class: Name<'s>, is_enum: bool) -> Parsed<Vec<Statement<'s>>> {
        let open = self.expect(Mark::LeftBrace)?;
        self.classes += 1;
        self.skip_newline();
        if is_enum {
            self.constants()?;
        }
        let mut members = Vec::new();
        loop {
            while matches!(self.kind(), Kind::Newline | Kind::Semicolon) {
                self.take();
            }
            if matches!(self.kind(), Kind::Mark(Mark::RightBrace) | Kind::End) {
                self.close_brace(open.span.start)?;
                self.classes = self.classes.saturating_sub(1);
                return Ok(members);
            }
            members.push(self.member(class)?);
            let is_end = matches!(
                self.kind(),
                Kind::Newline | Kind::Semicolon | Kind::Mark(Mark::RightBrace)
            );
            if !is_end {
                return self.unexpected();
            }
        }
    }

    fn member(&mut self, class: Name<'s>) -> Parsed<Statement<'s>> {
        let start = self.start();
        let is_initializer = self.is(Mark::LeftBrace)
            || self.is_word(Word::Static) && self.kind_ahead(1) == Kind::Mark(Mark::LeftBrace);
        if is_initializer {
            self.take_word(Word::Static);
            let block = self.block()?;
            return self.statement_node(StatementKind::Block(block), start);
        }
        if self.is_constructor(class) {
            let method = self.method_without_type()?;
            return self.statement_node(StatementKind::Method(method), start);
        }
        match self.nested(Self::declaration_statement)? {
            Some(kind) => self.statement_node(kind, start),
            None => self.lower_case_member(),
        }
    }

    /// In a class a type needs no capital letter, nor a method a `def` if it has a type.
    fn lower_case_member(&mut self) -> Parsed<Statement<'s>> {
        let start = self.start();
        let after = self.after_type(self.at);
        if !after.is_some_and(|after| self.token(after).kind == Kind::Name) {
            return self.unexpected();
        }
        let type_name = Some(self.type_name()?);
        let head = Head { annotations: Vec::new(), modifiers: Vec::new() };
        if self.kind_ahead(1) == Kind::Mark(Mark::LeftParen) {
            let method = self.method(head, type_name)?;
            return self.statement_node(StatementKind::Method(method), start);
        }
        self.unexpected()
    }

    fn is_constructor(&self, class: Name<'s>) -> bool {
        let mut at = self.at;
        while matches!(self.token(at).kind, Kind::Word(word) if word.is_modifier()) {
            at += 1;
        }
        let name = self.token(at);
        name.kind == Kind::Name
            && self.text_of(name.span) == class.text
            && self.token(at + 1).kind == Kind::Mark(Mark::LeftParen)
    }

    fn method_without_type(&mut self) -> Parsed<Method<'s>> {
        while self.is_modifier_or_def() {
            self.take();
        }
        let head = Head { annotations: Vec::new(), modifiers: Vec::new() };
        self.method(head, None)
    }

    /// `A, B(1), C { … }`
    fn constants(&mut self) -> Parsed<()> {
        while self.kind() == Kind::Name || self.is(Mark::At) {
            self.annotations()?;
            let name = self.take_name("a constant's name")?;
            if self.take_if(Mark::LeftParen) {
                self.arguments(Mark::RightParen)?;
                self.expect(Mark::RightParen)?;
            }
            if self.is(Mark::LeftBrace) {
                self.nested(|parser| parser.members(name, false))?;
            }
            let before = self.at;
            self.skip_newline();
            if !self.take_if(Mark::Comma) {
                self.at = before;
                return Ok(());
            }
            self.skip_newline();
        }
        Ok(())
    }
}
