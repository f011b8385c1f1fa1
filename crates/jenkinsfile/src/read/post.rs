//! What is done at the end.

use super::Reader;
use super::call::CallView;
use crate::model::{Key, PostCondition, Section};
use crate::source::Span;
use crate::syntax::StatementKind;

/// When something can be done at the end, in the order in which Jenkins does it.
pub const POST_CONDITIONS: [&str; 11] = [
    "always",
    "changed",
    "fixed",
    "regression",
    "aborted",
    "failure",
    "success",
    "unstable",
    "unsuccessful",
    "notBuilt",
    "cleanup",
];

impl<'t> Reader<'t> {
    pub(super) fn post(&mut self, call: &CallView<'t>) -> Section<PostCondition<'t>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block");
            return section;
        };
        for statement in &block.body.statements {
            if matches!(statement.kind, StatementKind::Broken) {
                section.is_broken = true;
                continue;
            }
            let calls = self.calls(statement);
            let is_one = calls.len() == 1;
            for call in &calls {
                let span = if is_one { statement.span } else { call.span };
                self.post_condition(call, span, &mut section);
            }
            if calls.is_empty() {
                self.no_condition(statement.span);
            }
        }
        section
    }

    fn post_condition(
        &mut self,
        call: &CallView<'t>,
        span: Span,
        section: &mut Section<PostCondition<'t>>,
    ) {
        let Some((name, block)) = call.name.zip(call.block()) else {
            return self.no_condition(span);
        };
        let branch = self.branch("default", &block.body.statements, block.body.span);
        let condition = Key { text: name.to_owned(), span: call.name_span };
        section.entries.push(PostCondition { span, condition, branch });
    }

    fn no_condition(&mut self, span: Span) {
        let message = format!(
            "The ‘post’ section can only contain build condition names with code blocks. Valid \
             condition names are [{}]",
            POST_CONDITIONS.join(", ")
        );
        self.problem(span, message);
    }
}
