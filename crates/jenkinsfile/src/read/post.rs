//! What is done at the end.

use super::Reader;
use super::call::CallView;
use crate::model::{Key, PostCondition, Section};
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
            let call = CallView::of(statement);
            let named = call.and_then(|call| Some((call.name?, call.block()?, call.name_span)));
            let Some((name, block, name_span)) = named else {
                let message = format!(
                    "The ‘post’ section can only contain build condition names with code blocks. \
                     Valid condition names are [{}]",
                    POST_CONDITIONS.join(", ")
                );
                self.problem(statement.span, message);
                continue;
            };
            let branch = self.branch("default", &block.body.statements, block.body.span);
            let condition = Key { text: name.to_owned(), span: name_span };
            section.entries.push(PostCondition { span: statement.span, condition, branch });
        }
        section
    }
}
