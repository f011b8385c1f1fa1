//! What stands in what, by the names of sections.
//!
//! Responsible for finding out from them where a brace was meant, where how the lines are indented
//! does not tell. Only a text whose braces do not balance is asked.

use crate::diagnostic::Diagnostic;
use crate::token::{Kind, Mark, Token};

/// How many words are looked at for the parenthesis that closes a heading.
const NEAR: usize = 64;
/// Sections of stages alone, and those of pipelines and stages.
const OF_STAGES: [&str; 2] = ["steps", "when"];
const OF_BOTH: [&str; 7] =
    ["agent", "environment", "options", "post", "stages", "tools", "triggers"];

/// What has braces, and never stands alone without.
const HEADINGS: [&str; 32] = [
    "aborted",
    "agent",
    "always",
    "axes",
    "axis",
    "changed",
    "cleanup",
    "environment",
    "exclude",
    "excludes",
    "expression",
    "failure",
    "fixed",
    "input",
    "libraries",
    "matrix",
    "notBuilt",
    "options",
    "parallel",
    "parameters",
    "pipeline",
    "post",
    "regression",
    "script",
    "stages",
    "steps",
    "success",
    "tools",
    "triggers",
    "try",
    "unstable",
    "when",
];

/// What a brace opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Pipeline,
    /// Stages, one after the other or side by side.
    Stages,
    Stage,
    /// Groovy, in which anything may stand.
    Code,
    Other,
}

impl Label {
    /// What the braces of a statement open that begins with this word.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "pipeline" => Self::Pipeline,
            "stages" | "parallel" => Self::Stages,
            "stage" | "matrix" => Self::Stage,
            "script" | "node" => Self::Code,
            _ => Self::Other,
        }
    }

    /// Whether a section stands in this one.
    fn holds(self, section: &str) -> bool {
        match self {
            Self::Stages => section == "stage",
            Self::Stage => OF_STAGES.contains(&section) || OF_BOTH.contains(&section),
            Self::Pipeline => OF_BOTH.contains(&section),
            Self::Code | Self::Other => false,
        }
    }
}

/// How many of the open braces are over where a section begins, the innermost of them first.
pub(super) fn over(open: impl Iterator<Item = Label>, section: &str, next: Kind) -> usize {
    let begins = if section == "stage" { Mark::LeftParen } else { Mark::LeftBrace };
    if next != Kind::Mark(begins) {
        return 0;
    }
    let mut inner = open.take_while(|label| *label != Label::Code);
    inner.position(|label| label.holds(section)).unwrap_or_default()
}

/// Whether a statement begins here.
pub(super) fn is_head(tokens: &[Token], index: usize) -> bool {
    let is_own_brace = tokens.get(index).map(|token| token.kind) == Some(LEFT_BRACE);
    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
    let is_begin = before.is_none_or(|before| {
        matches!(
            before.kind,
            Kind::Newline | Kind::Semicolon | Kind::Mark(Mark::LeftBrace | Mark::RightBrace)
        )
    });
    is_begin && !is_own_brace
}

const LEFT_BRACE: Kind = Kind::Mark(Mark::LeftBrace);

/// Opens sections whose heading stands alone, at most so many; says which.
pub(super) fn open(text: &str, tokens: &mut Vec<Token>, most: usize) -> Vec<Diagnostic> {
    let headings = (0..tokens.len()).filter(|index| is_head(tokens, *index));
    let places: Vec<usize> =
        headings.filter_map(|index| heading(text, tokens, index)).take(most).collect();
    let mut problems = Vec::new();
    for place in places.into_iter().rev() {
        let Some(token) = tokens.get(place) else {
            continue;
        };
        let span = token.span;
        let found: String = span.of(text).chars().take_while(|c| *c != '\n').take(40).collect();
        problems.push(Diagnostic::syntax(span, format!("expecting '{{', found '{found}'")));
        tokens.insert(place, Token { kind: LEFT_BRACE, span: span.at_start() });
    }
    problems.reverse();
    problems
}

/// Whether a section whose brace is missing goes on in the line of its heading: without one its name
/// says nothing there, or something else.
fn is_inline(heading: &str, second: Kind) -> bool {
    match heading {
        "agent" => second == LEFT_BRACE,
        "environment" => second == Kind::Mark(Mark::Assign),
        "axis" | "expression" | "post" | "script" | "stage" | "stages" | "steps" | "when" => {
            second != Kind::Mark(Mark::Colon)
        }
        _ => false,
    }
}

/// The word behind a heading that has no brace.
fn heading(text: &str, tokens: &[Token], index: usize) -> Option<usize> {
    let word = tokens.get(index)?.span.of(text);
    let mut at = index + 1;
    match word {
        "stage" => {
            let mut depth = 0_usize;
            let rest = tokens.get(at..)?.iter().take(NEAR);
            let length = rest.map(|token| token.kind).position(|kind| {
                match kind {
                    Kind::Mark(Mark::LeftParen) => depth += 1,
                    Kind::Mark(Mark::RightParen) => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0
            })?;
            // Without a parenthesis it is no heading.
            if length == 0 {
                return None;
            }
            at += length + 1;
        }
        word if HEADINGS.contains(&word) => {}
        _ => return None,
    }
    let kind = |ahead: usize| tokens.get(at + ahead).map_or(Kind::End, |token| token.kind);
    if kind(0) == Kind::Name && is_inline(word, kind(1)) {
        return Some(at);
    }
    let is_alone = kind(0) == Kind::Newline;
    while tokens.get(at)?.kind == Kind::Newline {
        at += 1;
    }
    let next = tokens.get(at)?.kind;
    (is_alone && !matches!(next, LEFT_BRACE | Kind::End | Kind::Mark(Mark::RightBrace)))
        .then_some(at)
}
