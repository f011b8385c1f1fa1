//! Agents, options, variables and tools.

use super::time::seconds_of;
use super::value::{Bit, left};
use super::{Planner, Scope};
use crate::model::{
    Agent, AgentSettings, Common, Directive, DirectiveArgument, DirectiveValue, EnvironmentValue,
    Key, Section, Value,
};
use crate::table::{Kind, Support};

/// Variables that a run sets itself.
const RESERVED: [&str; 4] = ["HOME", "PATH", "PORT", "WORKSPACE"];
/// Those of them that programs use without naming them.
pub(super) const USED: [&str; 2] = ["HOME", "PATH"];
/// The longest name and value of a variable, in bytes, and the most variables.
const NAME_BYTES: usize = 128;
const VALUE_BYTES: usize = 64 * 1024;
const VARIABLES: usize = 400;
/// Variables that tools set (hudson.tools.ToolInstallation, "buildEnvVars").
const TOOLS: [(&str, &str); 7] = [
    ("ant", "ANT_HOME"),
    ("go", "GOROOT"),
    ("gradle", "GRADLE_HOME"),
    ("jdk", "JAVA_HOME"),
    ("maven", "M2_HOME"),
    ("maven", "MAVEN_HOME"),
    ("nodejs", "NODEJS_HOME"),
];
const SECRET: &str = "secrets are named in the project file of the operator";

impl Planner<'_> {
    pub(super) fn common(&mut self, common: &Common<'_>, scope: &mut Scope, is_one: bool) {
        if let Some(agent) = &common.agent {
            self.agent(agent, scope);
        }
        if let Some(when) = &common.when {
            self.when(when, common.environment.as_ref(), scope);
        }
        if let Some(input) = &common.input {
            let why = "a run waits for nobody, so it does not run; a deployment can wait";
            self.leave(input.span, "input", why);
            scope.turn_off("its stage has an input");
        }
        let options = common.options.as_ref().map_or(&[][..], |options| &options.entries);
        self.options(options, scope, is_one);
        self.tools(common.tools.as_ref(), scope);
        self.environment(common.environment.as_ref(), scope);
    }

    pub(super) fn agent(&mut self, agent: &Agent<'_>, scope: &mut Scope) {
        let Some(kind) = &agent.kind else {
            return;
        };
        // Whatever it is, what was around it does not count any more.
        scope.image = None;
        scope.is_nowhere = kind.text == "none";
        let entry = self.table.get(Kind::Agent, &kind.text);
        let (support, note) = match entry {
            Some(entry) => (entry.support, entry.note.clone()),
            None => (Support::Library, "of no known plugin".to_owned()),
        };
        if support == Support::Runs {
            match (kind.text.as_str(), &agent.settings) {
                ("any" | "none", _) => return self.mark(kind.span, Support::Runs, &note),
                ("label" | "node", settings) => return self.label(agent, kind, settings, &note),
                ("docker", settings) => return self.container(agent, kind, settings, scope),
                _ => {}
            }
        }
        let why = if note.is_empty() { "there is nothing like it" } else { &note };
        let support = support.max(Support::NotYet);
        self.leave(agent.span, &format!("agent {}, so nothing on it runs", kind.text), why);
        self.mark(kind.span, support, &note);
        scope.turn_off(&format!("its agent is {}", kind.text));
    }

    fn label(&mut self, agent: &Agent<'_>, kind: &Key, settings: &AgentSettings<'_>, note: &str) {
        let others = match settings {
            AgentSettings::Settings(all) => {
                all.iter().filter(|(key, _)| key.text != "label").count()
            }
            AgentSettings::None | AgentSettings::Value(_) => 0,
        };
        let is_given = others == 0;
        self.comment(agent.span, &format!("agent {}", kind.text), note, !is_given);
        let support = if is_given { Support::Runs } else { Support::NotYet };
        self.mark(kind.span, support, note);
    }

    fn container(
        &mut self,
        agent: &Agent<'_>,
        kind: &Key,
        settings: &AgentSettings<'_>,
        scope: &mut Scope,
    ) {
        let mut image = None;
        let mut others = Vec::new();
        match settings {
            AgentSettings::Value(value) => image = Some(value),
            AgentSettings::Settings(all) => {
                for (key, setting) in all {
                    match (key.text.as_str(), setting) {
                        ("image", AgentSettings::Value(value)) => image = Some(value),
                        ("reuseNode", _) => {}
                        (name, setting) => {
                            if name == "args" && sets_variables(setting) {
                                scope.turn_off("its container is given variables");
                            }
                            others.push(key);
                        }
                    }
                }
            }
            AgentSettings::None => {}
        }
        let named = match image {
            Some(image) => self.constant(image, scope).and_then(|name| {
                let is_name = is_image(&name);
                let why = "the image has no name that a registry knows";
                if is_name { Ok(name) } else { Err(left(Support::NotYet, why)) }
            }),
            None => Err(left(Support::NotYet, "it names no image")),
        };
        match named {
            Ok(name) => scope.image = Some(name),
            Err(why) => {
                self.leave(agent.span, "agent docker, so nothing on it runs", &why.why);
                self.mark(kind.span, why.support, &why.why);
                scope.turn_off("its image is not known");
                return;
            }
        }
        for key in &others {
            self.leave(key.span, &key.text, "a setting of the container");
        }
        match others.first() {
            Some(key) => {
                let note = format!("the image is taken over, {} is not", key.text);
                self.mark(kind.span, Support::NotYet, &note);
            }
            None => self.mark(kind.span, Support::Runs, "the step runs in the image"),
        }
    }

    /// Options; `is_one` says whether a time limit is that of one step.
    pub(super) fn options(&mut self, options: &[Directive<'_>], scope: &mut Scope, is_one: bool) {
        for option in options {
            let Some(name) = &option.name else {
                continue;
            };
            if name.text == "timeout" {
                self.limit(option, name, scope, is_one);
                continue;
            }
            let entry = self.table.option(&name.text);
            let (mut support, mut note) = match entry {
                Some(entry) => (entry.support, entry.note.clone()),
                None => (Support::Library, "of no known plugin".to_owned()),
            };
            if support < Support::Interpreter && !is_literal(option) {
                (support, note) = (Support::Interpreter, "an argument is an expression".to_owned());
            }
            self.mark(name.span, support, &note);
            if support == Support::Runs {
                continue;
            }
            let why = if note.is_empty() { "it has no counterpart" } else { &note };
            // A wrapper around a stage is one around its steps, and where sources are decides
            // what each of them does.
            let is_around = self.table.get(Kind::Wrapper, &name.text).is_some()
                || name.text == "checkoutToSubdirectory"
                || entry.is_none();
            let mut what = format!("option {}", name.text);
            if is_around {
                what.push_str(", so nothing in it runs");
                scope.turn_off(&format!("in the option {}", name.text));
            }
            self.leave(option.span, &what, why);
        }
    }

    fn limit(&mut self, option: &Directive<'_>, name: &Key, scope: &mut Scope, is_one: bool) {
        let Some(seconds) = seconds_of(&option.arguments) else {
            let note = "an argument is an expression, or no time that a step has";
            self.leave(option.span, "option timeout", note);
            self.mark(name.span, Support::Interpreter, note);
            return;
        };
        scope.timeout = Some(scope.timeout.map_or(seconds, |known| known.min(seconds)));
        if is_one {
            self.mark(name.span, Support::Runs, "the step has a time limit");
        } else {
            let note = "each step has the time limit, not all of them together";
            self.leave(option.span, "option timeout", note);
            self.mark(name.span, Support::NotYet, note);
        }
    }

    pub(super) fn tools(&mut self, section: Option<&Section<(Key, Value<'_>)>>, scope: &mut Scope) {
        for (key, value) in section.iter().flat_map(|section| &section.entries) {
            let what = format!("tool {} {}", key.text, value.shown());
            self.leave(key.span, &what, "it has to be in the image, or on the executor");
            let own = TOOLS.iter().filter(|(tool, _)| *tool == key.text);
            scope.missing.extend(own.map(|(_, variable)| (*variable).to_owned()));
        }
    }

    pub(super) fn environment(
        &mut self,
        section: Option<&Section<(Key, EnvironmentValue<'_>)>>,
        scope: &mut Scope,
    ) {
        let entries = section.map_or(&[][..], |section| &section.entries);
        let outer = scope.clone();
        // Each may use any other of the section, and its own name means the one around it: as in
        // the plugin's RuntimeASTTransformer. A round for each link of a chain of them.
        let mut open: Vec<&(Key, EnvironmentValue<'_>)> = entries.iter().take(VARIABLES).collect();
        for (key, value) in entries {
            for name in names_of(key, value) {
                scope.variables.retain(|(known, _)| *known != name);
                scope.missing.insert(name);
            }
        }
        loop {
            let before = open.len();
            open.retain(|(key, value)| !self.variable_of(key, value, &outer, scope));
            if open.len() == before {
                break;
            }
        }
        for (key, value) in entries {
            if scope.missing.contains(&key.text) {
                self.leave_variable(key, value, &outer, scope);
                if USED.contains(&key.text.as_str()) {
                    let why = format!("{} is set, which every program uses", key.text);
                    scope.turn_off(&why);
                }
            } else {
                let off = scope.off.clone();
                let support = if off.is_some() { Support::NotYet } else { Support::Runs };
                self.mark(key.span, support, &off.unwrap_or_default());
            }
        }
    }

    /// Takes a variable over, and says whether it did.
    fn variable_of(
        &self,
        key: &Key,
        value: &EnvironmentValue<'_>,
        outer: &Scope,
        scope: &mut Scope,
    ) -> bool {
        match self.value_of(key, value, outer, scope) {
            Ok(bits) => {
                scope.missing.remove(&key.text);
                scope.variables.push((key.text.clone(), bits));
                true
            }
            Err(_) => false,
        }
    }

    fn value_of(
        &self,
        key: &Key,
        value: &EnvironmentValue<'_>,
        outer: &Scope,
        scope: &Scope,
    ) -> Result<Vec<Bit>, super::value::Left> {
        let EnvironmentValue::Value(value) = value else {
            return Err(left(Support::Adapter, SECRET));
        };
        // Its own name means the variable around it.
        let mut around = scope.clone();
        around.missing.remove(&key.text);
        if outer.missing.contains(&key.text) {
            around.missing.insert(key.text.clone());
        }
        let own = outer.variables.iter().find(|(known, _)| *known == key.text);
        around.variables.extend(own.cloned());
        assignable(&key.text, self.bits(value, &around)?)
    }

    fn leave_variable(
        &mut self,
        key: &Key,
        value: &EnvironmentValue<'_>,
        outer: &Scope,
        scope: &Scope,
    ) {
        let why = match self.value_of(key, value, outer, scope) {
            Err(why) => why,
            Ok(_) => left(Support::NotYet, "there are too many variables"),
        };
        let what = match value {
            EnvironmentValue::Credentials(_) => format!("credentials {}", key.text),
            EnvironmentValue::Value(_) => format!("variable {}", key.text),
        };
        self.leave(key.span, &what, &why.why);
        self.mark(key.span, why.support, &why.why);
    }
}

/// The variables that are set by one of a section: a secret sets its user and its password too
/// (credentials-binding, `UsernamePasswordMultiBinding`).
fn names_of(key: &Key, value: &EnvironmentValue<'_>) -> Vec<String> {
    let own = &key.text;
    match value {
        EnvironmentValue::Credentials(_) => {
            vec![own.clone(), format!("{own}_USR"), format!("{own}_PSW")]
        }
        EnvironmentValue::Value(_) => vec![own.clone()],
    }
}

/// Whether arguments of `docker run` set variables: they stand in no `environment`.
fn sets_variables(arguments: &AgentSettings<'_>) -> bool {
    let AgentSettings::Value(value) = arguments else {
        return true;
    };
    let is_setting = |word: &str| word.starts_with("-e") || word.starts_with("--env");
    value.text().is_none_or(|text| text.split_whitespace().any(is_setting))
}

/// What a variable is set to, where a run can set it.
pub(super) fn assignable(name: &str, bits: Vec<Bit>) -> Result<Vec<Bit>, super::value::Left> {
    let is_first = |c: u8| c.is_ascii_alphabetic() || c == b'_';
    let is_name = name.bytes().next().is_some_and(is_first)
        && name.len() <= NAME_BYTES
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    if !is_name {
        return Err(left(Support::NotYet, "no name that every shell can use"));
    }
    if RESERVED.contains(&name) || name.starts_with("PILOTHOUSE_") {
        return Err(left(Support::NotYet, "a run sets this variable itself"));
    }
    let texts = bits.iter().filter_map(|bit| match bit {
        Bit::Text(text) => Some(text),
        Bit::Outside(_) => None,
    });
    let texts: Vec<&String> = texts.collect();
    // Jenkins puts other variables in where a value names them (hudson.EnvVars, "expand").
    if texts.iter().any(|text| text.contains('$')) {
        return Err(left(Support::NotYet, "Jenkins expands the dollar sign in its value"));
    }
    let length: usize = texts.iter().map(|text| text.len()).sum();
    if length > VALUE_BYTES || texts.iter().any(|text| text.contains('\0')) {
        return Err(left(Support::NotYet, "its value is too long, or holds NUL"));
    }
    Ok(bits)
}

/// The name that a parameter of a run has.
pub(super) fn name_of(parameter: &Directive<'_>) -> Option<String> {
    let key = |one: &&DirectiveArgument<'_>| one.key.as_ref().is_some_and(|key| key.text == "name");
    let named = parameter.arguments.iter().find(key);
    match &named.or_else(|| parameter.arguments.first())?.value {
        DirectiveValue::Value(value) => value.text().map(str::to_owned),
        DirectiveValue::Call(_) => None,
    }
}

pub(super) fn is_literal(directive: &Directive<'_>) -> bool {
    directive.arguments.iter().all(|argument| match &argument.value {
        DirectiveValue::Value(value) => crate::verdict::is_plain(value),
        DirectiveValue::Call(call) => is_literal(call),
    })
}

/// Whether it can be an image's name. The grammar is that of
/// <https://pkg.go.dev/github.com/distribution/reference>; whether there is such an image is found
/// out where it is pulled.
fn is_image(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    name.len() <= 255
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_part)
}
