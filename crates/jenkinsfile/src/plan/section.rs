//! Options, variables and tools.

use std::collections::HashSet;
use std::rc::Rc;

use super::agent::takes_agent;
use super::scope::VARIABLES;
use super::time::seconds_of;
use super::value::{Bit, Left, is_of_jenkins, left, set_to};
use super::{Planner, Scope, UNKNOWN};
use crate::model::{
    Common, Directive, DirectiveArgument, DirectiveValue, EnvironmentValue, Key, Section, Value,
    ValueKind,
};
use crate::source::Span;
use crate::table::{Kind, Support};

/// Variables that a run sets itself.
const RESERVED: [&str; 4] = ["HOME", "PATH", "PORT", "WORKSPACE"];
/// The longest name and value of a variable, in bytes.
const NAME_BYTES: usize = 128;
const VALUE_BYTES: usize = 64 * 1024;
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

/// What stands beside options.
pub(super) struct Beside {
    /// Whether a time limit is that of one step.
    pub is_one: bool,
    /// Whether an agent is taken for them.
    pub has_agent: bool,
    /// Where variables are set.
    pub spans: Vec<Span>,
}

impl Planner<'_> {
    pub(super) fn common(&mut self, common: &Common<'_>, scope: &mut Scope, is_one: bool) {
        if let Some(agent) = &common.agent {
            self.agent_of_stage(agent, scope);
        }
        if let Some(when) = &common.when {
            self.when(when, common.environment.as_ref(), scope);
        }
        if let Some(input) = &common.input {
            let why = "a run waits for nobody, so it does not run; a deployment can wait";
            self.leave(input.span, "input", why);
            self.hold(input.span, "input");
            scope.turn_off("its stage has an input");
        }
        let options = common.options.as_ref().map_or(&[][..], |options| &options.entries);
        let beside = Beside {
            is_one,
            has_agent: common.agent.as_ref().is_some_and(takes_agent),
            spans: common.environment.iter().map(|section| section.span).collect(),
        };
        self.options(options, scope, &beside);
        self.tools(common.tools.as_ref(), scope);
        self.environment(common.environment.as_ref(), scope);
    }

    /// Options, and what stands beside them.
    pub(super) fn options(
        &mut self,
        options: &[Directive<'_>],
        scope: &mut Scope,
        beside: &Beside,
    ) {
        for option in options {
            let Some(name) = &option.name else {
                continue;
            };
            if name.text == "timeout" {
                self.limit(option, name, scope, beside.is_one);
                continue;
            }
            if name.text == "skipDefaultCheckout" {
                self.skip_checkout(option, name, scope, beside.has_agent);
                continue;
            }
            let entry = self.table.option(&name.text);
            let (mut support, mut note) = match entry {
                Some(entry) => (entry.support, entry.note.clone()),
                None => (Support::Library, UNKNOWN.to_owned()),
            };
            if support < Support::Interpreter && !is_literal(option) {
                (support, note) = (Support::Interpreter, "an argument is an expression".to_owned());
            }
            let is_wrapper = self.table.get(Kind::Option, &name.text).is_none();
            if support == Support::Runs
                && is_wrapper
                && let Err(left) = self.wrap(option, &name.text, scope, beside)
            {
                (support, note) = (left.support, left.why);
            }
            self.mark(name.span, support, &note);
            if support == Support::Runs {
                continue;
            }
            let why = if note.is_empty() { "it has no counterpart" } else { &note };
            let is_around = self.table.get(Kind::Aside, &name.text).is_none();
            let mut what = format!("option {}", name.text);
            if is_around {
                what.push_str(", so nothing in it runs");
                scope.turn_off(&format!("in the option {}", name.text));
            }
            self.leave(option.span, &what, why);
        }
    }

    /// A step with braces as an option: what stands in it has what it would have in the step.
    fn wrap(
        &self,
        option: &Directive<'_>,
        name: &str,
        scope: &mut Scope,
        beside: &Beside,
    ) -> Result<(), Left> {
        let value = match option.arguments.as_slice() {
            [DirectiveArgument { value: DirectiveValue::Value(value), .. }] => Some(value),
            _ => None,
        };
        let within = match name {
            "timestamps" => return Ok(()),
            "ansiColor" => self.colours(value, scope)?,
            "withEnv" => self.with_env(value, scope)?,
            _ => return Err(left(Support::NotYet, "pilothouse.toml has no words for it yet")),
        };
        // Which of two comes last is not known here, nor what a condition reads.
        let is_new = |one: &&(String, Vec<Bit>)| !scope.variables.contains(one);
        let is_open = |name: &str| {
            is_of_jenkins(name)
                || beside.spans.iter().any(|span| is_named(name, span.of(self.text)))
        };
        if within.variables.iter().filter(is_new).any(|(name, _)| is_open(name)) {
            return Err(left(Support::NotYet, "what stands beside it names its variable as well"));
        }
        *scope = within;
        Ok(())
    }

    /// An agent that begins without the sources: a run has them from the beginning.
    fn skip_checkout(
        &mut self,
        option: &Directive<'_>,
        name: &Key,
        scope: &Scope,
        has_agent: bool,
    ) {
        let is_false = option.arguments.iter().any(|argument| {
            matches!(&argument.value, DirectiveValue::Value(value)
                if matches!(value.kind, ValueKind::Bool(false)))
        });
        let is_of_all = scope.path.is_empty();
        if is_false || !(has_agent || is_of_all) {
            let note = "it changes nothing: a run begins with its commit checked out";
            return self.mark(name.span, Support::Runs, note);
        }
        let note = "a run begins with its commit checked out; nothing runs before checkout scm";
        self.leave(option.span, "option skipDefaultCheckout", note);
        self.mark(name.span, Support::NotYet, note);
        let line = self.line(option.span);
        self.bare = Some(line);
        if is_of_all {
            self.skips = Some(line);
        }
    }

    fn limit(&mut self, option: &Directive<'_>, name: &Key, scope: &mut Scope, is_one: bool) {
        let Some(seconds) = seconds_of(&option.arguments) else {
            let (support, note) = if is_literal(option) {
                (Support::NotYet, "a time limit is a time that a step has, and nothing else")
            } else {
                (Support::Interpreter, "an argument is an expression")
            };
            self.leave(option.span, "option timeout, so nothing in it runs", note);
            self.mark(name.span, support, note);
            scope.turn_off("in the option timeout");
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
            own.for_each(|(_, variable)| scope.lack((*variable).to_owned()));
            scope.lack("PATH".to_owned());
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
        let names: Vec<String> =
            entries.iter().flat_map(|(key, value)| names_of(key, value)).collect();
        let all: HashSet<&str> = names.iter().map(String::as_str).collect();
        Rc::make_mut(&mut scope.variables).retain(|(known, _)| !all.contains(known.as_str()));
        for name in &names {
            scope.lack(name.clone());
        }
        let mut taken: HashSet<u32> = HashSet::new();
        loop {
            let before = open.len();
            open.retain(|(key, value)| {
                let is_taken = self.variable_of(key, value, &outer, scope);
                !(is_taken && taken.insert(key.span.start))
            });
            if open.len() == before {
                break;
            }
        }
        // Within the section one that is set to nothing is an empty text.
        for (name, bits) in Rc::make_mut(&mut scope.variables) {
            if all.contains(name.as_str()) {
                *bits = set_to(std::mem::take(bits));
            }
        }
        for (key, value) in entries {
            if taken.contains(&key.span.start) {
                let off = scope.off();
                let support = if off.is_some() { Support::NotYet } else { Support::Runs };
                self.mark(key.span, support, &off.unwrap_or_default());
            } else {
                self.leave_variable(key, value, &outer, scope);
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
        if scope.variables.len() >= VARIABLES {
            return false;
        }
        let Ok(bits) = self.value_of(key, value, outer, scope) else {
            return false;
        };
        scope.find(&key.text);
        Rc::make_mut(&mut scope.variables).push((key.text.clone(), bits));
        true
    }

    fn value_of(
        &self,
        key: &Key,
        value: &EnvironmentValue<'_>,
        outer: &Scope,
        scope: &mut Scope,
    ) -> Result<Vec<Bit>, Left> {
        let EnvironmentValue::Value(value) = value else {
            return Err(left(Support::Adapter, SECRET));
        };
        // Its own name means the variable around it.
        let own = outer.value(&key.text).map(|bits| (key.text.clone(), bits.to_vec()));
        let is_missing = scope.missing.contains(&key.text);
        let is_lost = outer.missing.contains(&key.text);
        if is_missing && !is_lost {
            scope.find(&key.text);
        }
        let length = scope.variables.len();
        Rc::make_mut(&mut scope.variables).extend(own);
        let bits = self.bits(value, scope);
        Rc::make_mut(&mut scope.variables).truncate(length);
        if is_missing && !is_lost {
            scope.lack(key.text.clone());
        }
        let bits = assignable(&key.text, bits?)?;
        scope.fits(&key.text, &bits)?;
        Ok(bits)
    }

    fn leave_variable(
        &mut self,
        key: &Key,
        value: &EnvironmentValue<'_>,
        outer: &Scope,
        scope: &mut Scope,
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
        if let EnvironmentValue::Value(value) = value
            && !self.is_still_value(value)
        {
            self.hold(key.span, &what);
        }
    }
}

/// Whether a text names a variable; parameters are set in capitals as well.
fn is_named(name: &str, text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| word.eq_ignore_ascii_case(name))
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

/// What a variable is set to, where a run can set it.
pub(super) fn assignable(name: &str, bits: Vec<Bit>) -> Result<Vec<Bit>, Left> {
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
        Bit::Outside(_) | Bit::Unset => None,
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
