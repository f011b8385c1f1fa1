//! Declarations.
//!
//! Responsible for telling a declaration from an expression as Groovy 2.4 does: by a modifier, by
//! `def`, or by a type with a name behind it whose own name begins with a capital letter.

use super::{Parsed, Parser};
use crate::syntax::{Annotation, Declaration, Expression, Name, StatementKind};
use crate::token::{Kind, Mark, Word};

/// What stands before a declaration.
pub(super) struct Head<'s> {
    pub annotations: Vec<Annotation<'s>>,
    pub modifiers: Vec<Name<'s>>,
}

impl Head<'_> {
    /// Whether a method needs no body.
    pub(super) fn is_abstract(&self) -> bool {
        self.modifiers.iter().any(|modifier| matches!(modifier.text, "abstract" | "native"))
    }
}

impl<'s> Parser<'s> {
    pub(super) fn is_modifier_or_def(&self) -> bool {
        matches!(self.kind(), Kind::Word(word) if word == Word::Def || word.is_modifier())
    }

    /// A declaration or definition, if this is the beginning of one.
    pub(super) fn declaration_statement(&mut self) -> Parsed<Option<StatementKind<'s>>> {
        let annotations = self.annotations()?;
        let is_annotated = !annotations.is_empty();
        if self.is_word(Word::Import) && is_annotated {
            return self.import_statement(annotations).map(Some);
        }
        if self.is_word(Word::Package) && is_annotated {
            return self.package_statement().map(Some);
        }
        let mut modifiers = Vec::new();
        let mut annotations = annotations;
        while self.is_modifier_or_def() {
            let token = self.take();
            modifiers.push(self.name_of(token));
            self.skip_newline();
            annotations.extend(self.annotations()?);
        }
        let is_marked = is_annotated || !modifiers.is_empty();
        let head = Head { annotations, modifiers };
        if self.is_class() {
            return self.class(head).map(|class| Some(StatementKind::Class(class)));
        }
        if !is_marked && !self.is_typed_declaration() {
            return Ok(None);
        }
        self.declared(head).map(Some)
    }

    fn is_class(&self) -> bool {
        matches!(self.kind(), Kind::Word(Word::Class | Word::Interface | Word::Enum | Word::Trait))
            || self.is(Mark::At) && self.kind_ahead(1) == Kind::Word(Word::Interface)
    }

    /// Whether a type with a capital letter and a name stand here.
    pub(super) fn is_typed_declaration(&self) -> bool {
        let Some(plain) = self.after_bare_name(self.at) else {
            return false;
        };
        let last = self.name_of(self.token(plain - 1));
        let is_capital = last.text.chars().next().is_some_and(char::is_uppercase);
        let is_own = matches!(self.kind(), Kind::Word(word) if word.is_type());
        if !is_capital && !is_own {
            return false;
        }
        let Some(after) = self.after_type(self.at) else {
            return false;
        };
        match self.token(after).kind {
            // `String a b` is a chain of commands.
            Kind::Name => !matches!(self.token(after + 1).kind, Kind::Name | Kind::Text),
            // `String "name"() { }` defines a method with any name.
            Kind::Text => self.token(after + 1).kind == Kind::Mark(Mark::LeftParen),
            _ => false,
        }
    }

    /// The word behind a type's name without its arguments.
    fn after_bare_name(&self, from: usize) -> Option<usize> {
        match self.token(from).kind {
            Kind::Word(word) if word.is_type() => Some(from + 1),
            Kind::Name => {
                let mut at = from + 1;
                while self.token(at).kind == Kind::Mark(Mark::Dot)
                    && self.token(at + 1).kind == Kind::Name
                {
                    at += 2;
                }
                Some(at)
            }
            _ => None,
        }
    }

    fn declared(&mut self, head: Head<'s>) -> Parsed<StatementKind<'s>> {
        if self.is(Mark::Less) {
            // A method's own type parameters.
            match self.after_type_arguments(self.at) {
                Some(after) => self.at = after,
                None => return self.expected("type parameters"),
            }
        }
        if self.is(Mark::LeftParen) {
            return self.declared_several(head);
        }
        let type_name = if self.is_typed_declaration() { Some(self.type_name()?) } else { None };
        if self.kind_ahead(1) == Kind::Mark(Mark::LeftParen)
            && matches!(self.kind(), Kind::Name | Kind::Text)
        {
            return self.method(head, type_name).map(StatementKind::Method);
        }
        let mut variables = Vec::new();
        loop {
            let name = self.take_name("a variable's name")?;
            variables.push((name, self.first_value()?));
            if !self.take_if(Mark::Comma) {
                break;
            }
            self.skip_newline();
        }
        let Head { annotations, modifiers } = head;
        let taken_from = None;
        Ok(StatementKind::Declare(Declaration {
            annotations,
            modifiers,
            type_name,
            variables,
            taken_from,
        }))
    }

    pub(super) fn first_value(&mut self) -> Parsed<Option<Expression<'s>>> {
        if !self.take_if(Mark::Assign) {
            return Ok(None);
        }
        self.skip_newline();
        self.command_expression().map(Some)
    }

    /// `(a, String b) = c`
    fn declared_several(&mut self, head: Head<'s>) -> Parsed<StatementKind<'s>> {
        self.expect(Mark::LeftParen)?;
        let mut variables = Vec::new();
        loop {
            if self.is_typed_declaration() {
                self.type_name()?;
            }
            variables.push((self.take_name("a variable's name")?, None));
            if !self.take_if(Mark::Comma) {
                break;
            }
        }
        self.expect(Mark::RightParen)?;
        self.expect(Mark::Assign)?;
        self.skip_newline();
        let Head { annotations, modifiers } = head;
        let taken_from = Some(self.assignment_less()?);
        let type_name = None;
        Ok(StatementKind::Declare(Declaration {
            annotations,
            modifiers,
            type_name,
            variables,
            taken_from,
        }))
    }

    /// `@A @B(c)`, each on a line of its own or not.
    pub(super) fn annotations(&mut self) -> Parsed<Vec<Annotation<'s>>> {
        let mut annotations = Vec::new();
        while self.is(Mark::At) && self.kind_ahead(1) == Kind::Name {
            let start = self.start();
            self.take();
            let name = self.take();
            let mut end = self.at;
            while self.token(end).kind == Kind::Mark(Mark::Dot)
                && self.token(end + 1).kind == Kind::Name
            {
                end += 2;
            }
            self.at = end;
            let span = name.span.to(self.since(name.span.start));
            let name = Name { text: self.text_of(span), span };
            let mut arguments = Vec::new();
            if self.take_if(Mark::LeftParen) {
                arguments = self.annotation_arguments()?;
            }
            annotations.push(Annotation { name, arguments, span: self.since(start) });
            self.skip_newline();
        }
        Ok(annotations)
    }
}
