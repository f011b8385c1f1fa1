//! The sections of a pipeline.

use super::code::is_plain;
use super::{Part, Teller};
use crate::model::{
    Agent, Arguments, Branch, Common, Condition, Directive, DirectiveValue, EnvironmentValue, Key,
    Matrix, Pipeline, PostCondition, Section, Stage, Step, Value, When,
};
use crate::plan::{UNKNOWN, plain};
use crate::source::Span;
use crate::syntax::Node;
use crate::table::{Kind, Support};

const EXPRESSION: &str = "an expression";

impl Teller<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline<'_>) {
        if let Some(agent) = &pipeline.agent {
            self.agent(agent);
        }
        for library in pipeline.libraries.iter().flat_map(|libraries| &libraries.entries) {
            let name = library.shown();
            self.add(Part::Library, &name, library.span, Support::Library, "a shared library");
        }
        self.options(pipeline.options.as_ref());
        self.directives(Part::Trigger, Kind::Trigger, pipeline.triggers.as_ref());
        self.directives(Part::Parameter, Kind::Parameter, pipeline.parameters.as_ref());
        self.environment(pipeline.environment.as_ref());
        self.tools(pipeline.tools.as_ref());
        if let Some(stages) = &pipeline.stages {
            self.stages(stages);
        }
        self.post(pipeline.post.as_ref());
    }

    fn stages(&mut self, stages: &Section<Stage<'_>>) {
        for stage in &stages.entries {
            self.stage(stage);
        }
    }

    fn stage(&mut self, stage: &Stage<'_>) {
        self.planned_at(Part::Stage, &stage.name, stage.span);
        self.inside(|teller| {
            teller.common(&stage.common);
            let is_parallel = stage.branches.len() > 1;
            for branch in &stage.branches {
                if is_parallel {
                    teller.planned_at(Part::Stage, &branch.name, branch.span);
                    teller.inside(|teller| teller.branch(branch));
                } else {
                    teller.branch(branch);
                }
            }
            for stages in stage.stages.iter().chain(&stage.parallel) {
                teller.stages(stages);
            }
            if let Some(matrix) = &stage.matrix {
                teller.matrix(matrix);
            }
            teller.post(stage.common.post.as_ref());
        });
    }

    fn matrix(&mut self, matrix: &Matrix<'_>) {
        self.common(&matrix.common);
        if let Some(stages) = &matrix.stages {
            self.stages(stages);
        }
        self.post(matrix.common.post.as_ref());
    }

    /// All but `post`, which comes behind the steps.
    fn common(&mut self, common: &Common<'_>) {
        if let Some(agent) = &common.agent {
            self.agent(agent);
        }
        if let Some(when) = &common.when {
            self.when(when);
        }
        if let Some(input) = &common.input {
            let note = "a run does not wait for people yet; a deployment does";
            self.add(Part::Input, "input", input.span.at_start(), Support::NotYet, note);
        }
        self.options(common.options.as_ref());
        self.environment(common.environment.as_ref());
        self.tools(common.tools.as_ref());
    }

    fn agent(&mut self, agent: &Agent<'_>) {
        let Some(kind) = &agent.kind else {
            return;
        };
        let plugin = self.table.get(Kind::Agent, &kind.text).map(|entry| entry.plugin.clone());
        self.planned(Part::Agent, &kind.text, kind.span);
        self.of_plugin(plugin);
    }

    fn unknown(&mut self, part: Part, name: &Key) {
        self.add(part, &name.text, name.span, Support::Library, UNKNOWN);
    }

    fn options(&mut self, section: Option<&Section<Directive<'_>>>) {
        for option in section.iter().flat_map(|section| &section.entries) {
            let Some(name) = &option.name else {
                continue;
            };
            let plugin = self.table.option(&name.text).map(|entry| entry.plugin.clone());
            self.planned(Part::Option, &name.text, name.span);
            self.of_plugin(plugin);
        }
    }

    fn directives(&mut self, part: Part, kind: Kind, section: Option<&Section<Directive<'_>>>) {
        for directive in section.iter().flat_map(|section| &section.entries) {
            let Some(name) = &directive.name else {
                continue;
            };
            match self.table.get(kind, &name.text) {
                Some(entry) if self.plan.mark(name.span).is_some() => {
                    let plugin = entry.plugin.clone();
                    self.planned(part, &name.text, name.span);
                    self.of_plugin(Some(plugin));
                }
                Some(entry) => self.described(part, entry, name.span, needs(directive)),
                None => self.unknown(part, name),
            }
        }
    }

    fn environment(&mut self, section: Option<&Section<(Key, EnvironmentValue<'_>)>>) {
        for (key, value) in section.iter().flat_map(|section| &section.entries) {
            self.planned(Part::Variable, &key.text, key.span);
            if let EnvironmentValue::Value(value) = value {
                self.value(value);
            }
        }
    }

    fn tools(&mut self, section: Option<&Section<(Key, Value<'_>)>>) {
        for (key, value) in section.iter().flat_map(|section| &section.entries) {
            // One with a dot is a class, whose plugin is not known by its name.
            if self.table.get(Kind::Tool, &key.text).is_none() && !key.text.contains('.') {
                self.unknown(Part::Tool, key);
                continue;
            }
            let name = format!("{} {}", key.text, value.shown());
            let note = "it has to be on the executor, or in the image";
            self.add(Part::Tool, &name, key.span, Support::Adapter, note);
        }
    }

    fn when(&mut self, when: &When<'_>) {
        for condition in &when.conditions {
            self.condition(condition);
        }
    }

    fn condition(&mut self, condition: &Condition<'_>) {
        let Some(name) = &condition.name else {
            return;
        };
        if let Some(code) = condition.code {
            let note = EXPRESSION;
            self.add(Part::Condition, &name.text, name.span, Support::Interpreter, note);
            self.inside(|teller| teller.code(code));
            return;
        }
        match self.table.get(Kind::Condition, &name.text) {
            _ if self.plan.mark(name.span).is_some() => {
                self.planned(Part::Condition, &name.text, name.span);
            }
            Some(entry) => self.described(Part::Condition, entry, name.span, Support::Runs),
            None => self.unknown(Part::Condition, name),
        }
        self.inside(|teller| {
            for inner in &condition.conditions {
                teller.condition(inner);
            }
        });
    }

    fn post(&mut self, section: Option<&Section<PostCondition<'_>>>) {
        for one in section.iter().flat_map(|section| &section.entries) {
            let (name, span) = (&one.condition.text, one.condition.span);
            let note = "nothing is done at the end of a run yet";
            self.add(Part::Post, name, span, Support::NotYet, note);
            self.inside(|teller| teller.branch(&one.branch));
        }
    }

    fn branch(&mut self, branch: &Branch<'_>) {
        for step in &branch.steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step<'_>) {
        let Some(name) = &step.name else {
            return;
        };
        let plugin = self.table.step(&name.text).map(|entry| entry.plugin.clone());
        self.planned(Part::Step, &name.text, name.span);
        self.of_plugin(plugin);
        if let Some(code) = step.code {
            let plain = match name.text.as_str() {
                "script" => plain(self.text, self.table, &self.known, code),
                _ => None,
            };
            self.inside(|teller| match &plain {
                Some(steps) => steps.iter().for_each(|step| teller.step(step)),
                None => teller.code(code),
            });
            return;
        }
        let values = arguments(&step.arguments);
        self.inside(|teller| {
            for value in values {
                teller.value(value);
            }
            for inner in step.steps.iter().flatten() {
                teller.step(inner);
            }
        });
    }

    /// A heading: it begins where the part does.
    fn planned_at(&mut self, part: Part, name: &str, span: Span) {
        self.planned(part, name, span.at_start());
    }

    /// Names the plugin that brings the last part.
    fn of_plugin(&mut self, plugin: Option<String>) {
        if let Some(item) = self.items.last_mut() {
            item.plugin = plugin.filter(|plugin| !plugin.is_empty());
        }
    }

    /// Steps that a value calls.
    fn value(&mut self, value: &Value<'_>) {
        if let crate::model::ValueKind::Code(code) = &value.kind
            && let Some(expression) = code.expression
            && !is_plain(value)
        {
            self.code_in(Node::Expression(expression));
        }
    }
}

fn arguments<'a, 't>(arguments: &'a Arguments<'t>) -> Vec<&'a Value<'t>> {
    match arguments {
        Arguments::Named(named) => named.iter().map(|(_, value)| value).collect(),
        Arguments::Single(value) => vec![value],
        Arguments::Positional(values) => values.iter().collect(),
    }
}

fn needs(directive: &Directive<'_>) -> Support {
    let is_plain = directive.arguments.iter().all(|argument| match &argument.value {
        DirectiveValue::Value(value) => is_plain(value),
        DirectiveValue::Call(call) => needs(call) == Support::Runs,
    });
    if is_plain { Support::Runs } else { Support::Interpreter }
}
