//! What is wrong, where, and what to write instead.
//!
//! Responsible for one problem of a file and its plain rendering with the line and a caret. It
//! must not decide what is wrong.

use std::fmt::Write as _;

use crate::source::{Lines, Span};

/// What kind of problem it is; programs branch on this, never on the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticKind {
    /// The text is no Groovy.
    Syntax,
    /// More than is read here; what Jenkins says of it is not known.
    Limit,
    /// The text is Groovy, but no Declarative Pipeline that Jenkins accepts.
    Declarative,
    /// A name of no plugin that is known here: Jenkins refuses it where it has no plugin for it.
    Unknown,
}

impl DiagnosticKind {
    /// Its name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Limit => "limit",
            Self::Declarative => "declarative",
            Self::Unknown => "unknown",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub kind: DiagnosticKind,
    /// Where it stands.
    pub span: Span,
    /// What is wrong, as Jenkins says it where it has words for it.
    pub message: String,
    /// What to write instead, where that is known.
    pub advice: Option<String>,
    /// In what something is missing, where that follows from any other mistake in it.
    pub lacks_in: Option<Span>,
}

impl Diagnostic {
    fn new(kind: DiagnosticKind, span: Span, message: impl Into<String>) -> Self {
        Self { kind, span, message: message.into(), advice: None, lacks_in: None }
    }

    /// A problem of the text's grammar.
    pub fn syntax(span: Span, message: impl Into<String>) -> Self {
        Self::new(DiagnosticKind::Syntax, span, message)
    }

    /// A problem of the pipeline.
    pub fn declarative(span: Span, message: impl Into<String>) -> Self {
        Self::new(DiagnosticKind::Declarative, span, message)
    }

    /// A name that a plugin may bring which is not known here.
    pub fn unknown(span: Span, message: impl Into<String>) -> Self {
        Self::new(DiagnosticKind::Unknown, span, message)
    }

    /// Something that is not looked at.
    pub fn limit(span: Span, message: impl Into<String>) -> Self {
        Self::new(DiagnosticKind::Limit, span, message)
    }

    /// Says that it follows from any other mistake in this part.
    #[must_use]
    pub const fn lacking(mut self, part: Span) -> Self {
        self.lacks_in = Some(part);
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// `FILE:LINE:COLUMN: message`, the line, a caret, and the advice.
    pub fn render(&self, file: &str, lines: &Lines<'_>) -> String {
        let place = lines.position(self.span.start);
        let mut out = format!("{file}:{}:{}: {}\n", place.line, place.column, self.message);
        let text = lines.line(place.line);
        // A very long line is shown from a little before the place.
        let skipped = place.column.saturating_sub(1).saturating_sub(60);
        let skipped = if text.chars().count() > 120 { skipped } else { 0 };
        let shown: String = text.chars().skip(skipped).take(120).collect();
        let before = text.chars().take(place.column - 1).skip(skipped);
        // A tab in the line is a tab above the caret, so that they stand in one column.
        let pad: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let ends = lines.position(self.span.end);
        let wide = if ends.line == place.line { ends.column - place.column } else { 1 };
        let room = shown.chars().count().saturating_sub(pad.chars().count());
        let carets = "^".repeat(wide.min(room).max(1));
        let _ = writeln!(out, "  | {shown}");
        let _ = writeln!(out, "  | {pad}{carets}");
        if let Some(advice) = &self.advice {
            let _ = writeln!(out, "  = {advice}");
        }
        out
    }
}
