//! The sections of a pipeline.

use super::Reader;
use super::call::CallView;
use crate::model::Pipeline;
use crate::source::Span;
use crate::suggest::nearest;
use crate::syntax::Statement;

/// The sections that a pipeline can have.
pub(crate) const SECTIONS: [&str; 9] = [
    "agent",
    "environment",
    "libraries",
    "options",
    "parameters",
    "post",
    "stages",
    "tools",
    "triggers",
];

/// Sections that stand in a stage alone.
const OF_STAGES: [&str; 7] =
    ["beforeAgent", "failFast", "input", "matrix", "parallel", "steps", "when"];

/// Whether it is called `stage` and holds stages.
fn is_stages(name: &str, section: &CallView<'_>) -> bool {
    let is_bare = name == "stage" && section.arguments.len() == 1;
    let first = section.block().and_then(|block| block.body.statements.first());
    let first = first.filter(|_| is_bare).and_then(CallView::of);
    first.is_some_and(|call| call.name == Some("stage"))
}

impl<'t> Reader<'t> {
    pub(super) fn pipeline(&mut self, call: &CallView<'t>) -> Option<Pipeline<'t>> {
        let block = call.block()?;
        let mut pipeline = Pipeline {
            span: call.span,
            agent: None,
            stages: None,
            environment: None,
            post: None,
            tools: None,
            options: None,
            parameters: None,
            triggers: None,
            libraries: None,
        };
        let mut seen = Vec::new();
        for statement in &block.body.statements {
            let sections = self.calls(statement);
            if sections.is_empty() {
                self.not_a_section(statement);
            }
            for section in sections {
                let name = self.name_of(&section);
                // One that is in the wrong place is so wherever it stands again.
                if name == "stage" && seen.contains(&name) {
                    continue;
                }
                self.once(&mut seen, name, section.span);
                if self.section(&mut pipeline, name, &section) {
                    continue;
                }
                if is_stages(name, &section) && !seen.contains(&"stages") {
                    let message = "Undefined section \"stage\"";
                    self.problem_with(section.name_span, message, "did you mean stages?");
                    seen.push("stages");
                    self.section(&mut pipeline, "stages", &section);
                    continue;
                }
                self.unknown_section(name, section.name_span);
                // What it says is looked at as what was meant.
                let near = nearest(name, SECTIONS).filter(|_| name != "stage");
                if let Some(near) = near.filter(|near| !seen.contains(near) && section.holds(near))
                {
                    seen.push(near);
                    self.section(&mut pipeline, near, &section);
                }
            }
        }
        Some(pipeline)
    }

    /// Reads a section; says whether it is one.
    fn section(&mut self, pipeline: &mut Pipeline<'t>, name: &str, call: &CallView<'t>) -> bool {
        match name {
            "stages" => pipeline.stages = Some(self.stages(call, "stages")),
            "environment" => pipeline.environment = Some(self.environment(call)),
            "post" => pipeline.post = Some(self.post(call)),
            "agent" => pipeline.agent = Some(self.agent(call)),
            "tools" => pipeline.tools = Some(self.tools(call)),
            "options" => pipeline.options = Some(self.options(call)),
            "parameters" => pipeline.parameters = Some(self.parameters(call)),
            "triggers" => pipeline.triggers = Some(self.triggers(call)),
            "libraries" => pipeline.libraries = Some(self.libraries(call)),
            _ => return false,
        }
        true
    }

    fn unknown_section(&mut self, name: &str, span: Span) {
        let (old, new) = match name {
            "properties" => ("‘properties’ section has been renamed as of version 0.8.", "options"),
            "wrappers" => ("'wrappers' section has been removed as of version 0.8.", "options"),
            "jobProperties" => {
                ("‘jobProperties’ section has been renamed as of version 0.7.", "properties")
            }
            "notifications" => {
                ("‘notifications’ section has been removed as of version 0.6.", "post")
            }
            "postBuild" => ("‘postBuild’ section has been renamed as of version 0.6.", "post"),
            "" => return,
            _ => {
                let advice = match nearest(name, SECTIONS) {
                    _ if name == "stage" => "put it into stages { }".to_owned(),
                    _ if OF_STAGES.contains(&name) => {
                        "put it into stages { stage('name') { … } }".to_owned()
                    }
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("sections are: {}", SECTIONS.join(", ")),
                };
                self.problem_with(span, format!("Undefined section \"{name}\""), &advice);
                return;
            }
        };
        let tail = match new {
            "post" => "‘post’ for all post-build actions.".to_owned(),
            "options" if name == "wrappers" => "'options' instead.".to_owned(),
            _ => format!("‘{new}’ instead."),
        };
        self.problem(span, format!("The {old} Use {tail}"));
    }

    /// What stands where a section should.
    pub(super) fn not_a_section(&mut self, statement: &'t Statement<'t>) {
        if matches!(statement.kind, crate::syntax::StatementKind::Broken) {
            // The problem of its grammar says more.
            return;
        }
        let text = self.source(statement.span);
        // One line of a terminal.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = format!(
            "Not a valid section definition: \"{text}\". Some extra configuration is required."
        );
        self.problem(statement.span, message);
    }

    /// Says that a section stands there twice.
    pub(super) fn once(&mut self, seen: &mut Vec<&'t str>, name: &'t str, span: Span) {
        if name.is_empty() {
            return;
        }
        if seen.contains(&name) {
            self.problem(span, format!("Multiple occurrences of the {name} section"));
        } else if seen.len() < 64 {
            seen.push(name);
        }
    }

    /// The name of what is called; empty where it has none, which is told.
    pub(super) fn name_of(&mut self, call: &CallView<'t>) -> &'t str {
        if let Some(name) = call.name.filter(|name| !name.is_empty()) {
            return name;
        }
        if call.is_on_variable {
            self.problem_with(
                call.span,
                "Method calls on objects not allowed outside \"script\" blocks.",
                "put it into script { }",
            );
        } else {
            self.problem(call.span, "Expected a symbol");
        }
        ""
    }
}
