//! Slashes: whether one divides or opens a string.

use super::Lexer;
use crate::token::{Kind, Mark};

impl Lexer<'_> {
    /// Whether nothing but one end of line stands between the last word and this place. Groovy 2.4
    /// then takes a slash for a comment's, and says so.
    fn is_behind_one_newline(&self) -> bool {
        let before = self.text.get(..self.at).unwrap_or_default();
        let Some(line) = before.strip_suffix('\n') else {
            return false;
        };
        // Lines of comments are taken together with the end of the line before them.
        let (is_first, line) = match line.rsplit_once('\n') {
            Some((_, line)) => (false, line.trim()),
            None => (true, line),
        };
        is_first || !(line.is_empty() || line.starts_with("//"))
    }

    /// Whether a slash opens a string here. Groovy divides by what stands before it.
    pub(super) fn may_open_slashy(&self) -> bool {
        if self.is_behind_one_newline() {
            return false;
        }
        let Some(last) = self.found.tokens.last() else {
            return true;
        };
        !matches!(
            last.kind,
            Kind::Name
                | Kind::Integer
                | Kind::Decimal
                | Kind::Text
                | Kind::TemplateEnd
                | Kind::Word(_)
                | Kind::Mark(
                    Mark::RightParen
                        | Mark::RightBracket
                        | Mark::RightBrace
                        | Mark::Increment
                        | Mark::Decrement
                )
        )
    }
}
