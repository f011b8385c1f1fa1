//! The tree that Jenkins' pipeline editor exchanges.
//!
//! Responsible for writing a pipeline in the shape of Jenkins' `pipeline-model-converter`, so that
//! both readers can be compared.

use serde_json::{Map, Value as Json, json};

use super::{
    Agent, AgentSettings, Arguments, Axis, Branch, Common, Condition, Directive, DirectiveArgument,
    DirectiveValue, EnvironmentValue, Input, Key, Matrix, Pipeline, PostCondition, Section, Stage,
    Step, Value, ValueKind, When,
};

/// The pipeline as Jenkins' converter writes it.
pub fn to_json(pipeline: &Pipeline<'_>) -> Json {
    let mut out = Map::new();
    put(&mut out, "stages", pipeline.stages.as_ref().map(stages));
    put(&mut out, "post", pipeline.post.as_ref().map(post));
    put(&mut out, "environment", pipeline.environment.as_ref().map(environment));
    put(&mut out, "agent", pipeline.agent.as_ref().map(agent));
    put(&mut out, "tools", pipeline.tools.as_ref().map(tools));
    put(&mut out, "options", directives("options", pipeline.options.as_ref()));
    put(&mut out, "parameters", directives("parameters", pipeline.parameters.as_ref()));
    put(&mut out, "triggers", directives("triggers", pipeline.triggers.as_ref()));
    let libraries = pipeline.libraries.as_ref().map(
        |libraries| json!({ "libraries": libraries.entries.iter().map(value).collect::<Vec<_>>() }),
    );
    put(&mut out, "libraries", libraries);
    json!({ "pipeline": out })
}

fn put(out: &mut Map<String, Json>, key: &str, value: Option<Json>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), value);
    }
}

fn all<T>(of: &[T], write: impl Fn(&T) -> Json) -> Json {
    Json::Array(of.iter().map(write).collect())
}

/// Nothing where the list is empty.
fn some<T>(of: &[T], write: impl Fn(&T) -> Json) -> Option<Json> {
    (!of.is_empty()).then(|| all(of, write))
}

fn value(value: &Value<'_>) -> Json {
    let (is_literal, content) = match &value.kind {
        ValueKind::Null => (true, Json::Null),
        ValueKind::Bool(value) => (true, json!(value)),
        ValueKind::Integer(value) => (true, json!(value)),
        ValueKind::Decimal(value) => (true, json!(value)),
        ValueKind::Text(text) => (true, json!(text)),
        ValueKind::Code(code) => (false, json!(code.text)),
    };
    json!({ "isLiteral": is_literal, "value": content })
}

fn pair(key: &Key, value: &Json) -> Json {
    json!({ "key": key.text, "value": value })
}

fn name(key: Option<&Key>) -> Json {
    key.map_or(Json::Null, |key| json!(key.text))
}

fn stages(section: &Section<Stage<'_>>) -> Json {
    all(&section.entries, stage)
}

fn stage(stage: &Stage<'_>) -> Json {
    let mut out = common(&stage.common);
    out.insert("name".to_owned(), json!(stage.name));
    put(&mut out, "stages", stage.stages.as_ref().map(stages));
    put(&mut out, "parallel", stage.parallel.as_ref().map(stages));
    put(&mut out, "matrix", stage.matrix.as_deref().map(matrix));
    put(&mut out, "branches", some(&stage.branches, branch));
    put(&mut out, "failFast", stage.fail_fast.map(Json::Bool));
    Json::Object(out)
}

fn common(common: &Common<'_>) -> Map<String, Json> {
    let mut out = Map::new();
    put(&mut out, "agent", common.agent.as_ref().map(agent));
    put(&mut out, "when", common.when.as_ref().map(when));
    put(&mut out, "post", common.post.as_ref().map(post));
    put(&mut out, "tools", common.tools.as_ref().map(tools));
    put(&mut out, "environment", common.environment.as_ref().map(environment));
    put(&mut out, "options", directives("options", common.options.as_ref()));
    put(&mut out, "input", common.input.as_ref().map(input));
    out
}

fn matrix(matrix: &Matrix<'_>) -> Json {
    let mut out = common(&matrix.common);
    put(&mut out, "axes", matrix.axes.as_ref().map(|axes| all(&axes.entries, axis)));
    let excludes = matrix.excludes.as_ref();
    let excludes = excludes.map(|all_of| all(&all_of.entries, |one| all(&one.entries, axis)));
    put(&mut out, "excludes", excludes);
    put(&mut out, "stages", matrix.stages.as_ref().map(stages));
    Json::Object(out)
}

fn axis(axis: &Axis<'_>) -> Json {
    let mut out = Map::new();
    out.insert("name".to_owned(), name(axis.name.as_ref()));
    out.insert("values".to_owned(), all(&axis.values, value));
    put(&mut out, "inverse", axis.is_inverse.then_some(Json::Bool(true)));
    Json::Object(out)
}

fn branch(branch: &Branch<'_>) -> Json {
    json!({ "name": branch.name, "steps": all(&branch.steps, step) })
}

fn step(step: &Step<'_>) -> Json {
    let mut out = Map::new();
    out.insert("name".to_owned(), name(step.name.as_ref()));
    out.insert("arguments".to_owned(), arguments(&step.arguments));
    put(&mut out, "children", step.steps.as_ref().map(|steps| all(steps, self::step)));
    Json::Object(out)
}

fn arguments(arguments: &Arguments<'_>) -> Json {
    match arguments {
        Arguments::Named(named) => all(named, |(key, of)| pair(key, &value(of))),
        Arguments::Single(single) => value(single),
        Arguments::Positional(values) => all(values, value),
    }
}

fn agent(agent: &Agent<'_>) -> Json {
    // An empty label is any agent.
    if let AgentSettings::Value(only) = &agent.settings
        && only.text() == Some("")
        && agent.kind.as_ref().is_some_and(|kind| kind.text == "label")
    {
        return json!({ "type": "any" });
    }
    let mut out = Map::new();
    out.insert("type".to_owned(), name(agent.kind.as_ref()));
    match &agent.settings {
        AgentSettings::None => {}
        AgentSettings::Value(only) => put(&mut out, "argument", Some(value(only))),
        AgentSettings::Settings(settings) => put(&mut out, "arguments", some(settings, setting)),
    }
    Json::Object(out)
}

fn setting((key, settings): &(Key, AgentSettings<'_>)) -> Json {
    let content = match settings {
        AgentSettings::None => Json::Null,
        AgentSettings::Value(only) => value(only),
        AgentSettings::Settings(inner) => all(inner, setting),
    };
    pair(key, &content)
}

fn when(when: &When<'_>) -> Json {
    let mut out = Map::new();
    out.insert("conditions".to_owned(), all(&when.conditions, condition));
    put(&mut out, "beforeAgent", when.before_agent.map(Json::Bool));
    put(&mut out, "beforeInput", when.before_input.map(Json::Bool));
    put(&mut out, "beforeOptions", when.before_options.map(Json::Bool));
    Json::Object(out)
}

fn condition(condition: &Condition<'_>) -> Json {
    let mut out = Map::new();
    out.insert("name".to_owned(), name(condition.name.as_ref()));
    put(&mut out, "arguments", condition.arguments.as_ref().map(arguments));
    put(&mut out, "children", some(&condition.conditions, self::condition));
    Json::Object(out)
}

fn post(post: &Section<PostCondition<'_>>) -> Json {
    let one = |one: &PostCondition<'_>| json!({ "condition": one.condition.text, "branch": branch(&one.branch) });
    json!({ "conditions": all(&post.entries, one) })
}

fn tools(tools: &Section<(Key, Value<'_>)>) -> Json {
    all(&tools.entries, |(key, of)| pair(key, &value(of)))
}

fn environment(environment: &Section<(Key, EnvironmentValue<'_>)>) -> Json {
    all(&environment.entries, |(key, of)| match of {
        EnvironmentValue::Value(of) => pair(key, &value(of)),
        EnvironmentValue::Credentials(call) => pair(key, &directive(call)),
    })
}

fn directives(key: &str, section: Option<&Section<Directive<'_>>>) -> Option<Json> {
    section.map(|section| json!({ key: all(&section.entries, directive) }))
}

fn directive(of: &Directive<'_>) -> Json {
    json!({ "name": name(of.name.as_ref()), "arguments": all(&of.arguments, argument) })
}

fn argument(argument: &DirectiveArgument<'_>) -> Json {
    let content = match &argument.value {
        DirectiveValue::Value(of) => value(of),
        DirectiveValue::Call(call) => directive(call),
    };
    match &argument.key {
        Some(key) => pair(key, &content),
        None => content,
    }
}

fn input(input: &Input<'_>) -> Json {
    let mut out = Map::new();
    for (key, of) in &input.fields {
        out.insert(key.text.clone(), value(of));
    }
    let parameters = some(&input.parameters, directive);
    put(&mut out, "parameters", parameters.map(|all| json!({ "parameters": all })));
    Json::Object(out)
}
