//! Stages.

use super::{Checker, repeated};
use crate::diagnostic::Diagnostic;
use crate::model::{Common, Section, Stage};

const NESTED: &str =
    "\"matrix\" or \"parallel\" cannot be nested inside another \"matrix\" or \"parallel\".";

impl Checker<'_> {
    /// Stages; inside of others that run at the same time some rules are stricter.
    pub(super) fn stages(&mut self, section: &Section<Stage<'_>>, is_within: bool) {
        if section.entries.is_empty() {
            let problem = Diagnostic::declarative(section.span, "No stages specified");
            self.note(problem.advise("add stage('name') { … }").lacking(section.span));
        }
        let names = section.entries.iter().map(|stage| (stage.name.as_str(), stage.span));
        for (name, span) in repeated(names) {
            self.problem(span.at_start(), format!("Duplicate stage name: \"{name}\""));
        }
        for stage in &section.entries {
            self.stage(stage, is_within);
        }
    }

    fn stage(&mut self, stage: &Stage<'_>, is_within: bool) {
        self.common(&stage.common);
        self.shape(stage, is_within);
        stage.branches.iter().for_each(|branch| self.branch(branch));
        if let Some(parallel) = &stage.parallel {
            self.stages(parallel, true);
        }
        if let Some(matrix) = &stage.matrix {
            self.matrix(matrix);
        }
        if let Some(stages) = &stage.stages {
            self.stages(stages, is_within);
        }
    }

    /// What stands in a stage, and what may not stand beside it.
    fn shape(&mut self, stage: &Stage<'_>, is_within: bool) {
        let name = &stage.name;
        let span = stage.span.at_start();
        let has = [
            !stage.branches.is_empty(),
            stage.parallel.is_some(),
            stage.matrix.is_some(),
            stage.stages.is_some(),
        ];
        let count = has.into_iter().filter(|has| *has).count();
        let is_nested =
            stage.branches.len() > 1 || stage.parallel.is_some() || stage.matrix.is_some();
        if is_within && is_nested {
            let matrix = stage.matrix.as_ref().map(|matrix| matrix.span);
            let parallel = stage.parallel.as_ref().map(|parallel| parallel.span);
            let branch = stage.branches.first().map(|branch| branch.span);
            self.problem(matrix.or(parallel).or(branch).unwrap_or(span), NESTED);
        } else if count > 1 {
            let message = format!(
                "Only one of \"matrix\", \"parallel\", \"stages\", or \"steps\" allowed for stage \
                 \"{name}\""
            );
            self.problem(span, message);
        } else if count == 0 {
            let message = format!(
                "Expected one of \"steps\", \"stages\", or \"parallel\" for stage \"{name}\""
            );
            self.lack(span, &message, stage.span);
        } else if stage.parallel.is_some() || stage.matrix.is_some() {
            let agent = stage.common.agent.as_ref().map(|agent| ("agent", agent.span));
            let tools = stage.common.tools.as_ref().map(|tools| ("tools", tools.span));
            for (what, span) in agent.into_iter().chain(tools) {
                let message = format!(
                    "\"{what}\" is not allowed in stage \"{name}\" as it contains parallel or \
                     matrix stages"
                );
                self.problem(span, message);
            }
        } else {
            let names = stage.branches.iter().map(|branch| (branch.name.as_str(), branch.span));
            for (name, span) in repeated(names) {
                self.problem(span, format!("Duplicate parallel branch name: \"{name}\""));
            }
        }
    }

    /// What a stage and a matrix have in common.
    pub(super) fn common(&mut self, common: &Common<'_>) {
        if let Some(agent) = &common.agent {
            self.agent(agent);
        }
        if let Some(when) = &common.when {
            self.when(when);
        }
        if let Some(input) = &common.input {
            self.input(input);
        }
        self.post(common.post.as_ref());
        self.tools(common.tools.as_ref());
        self.environment(common.environment.as_ref());
        self.options(common.options.as_ref(), true);
    }
}
