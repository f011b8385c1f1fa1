//! Values that are known before anything runs.
//!
//! Responsible for putting the text of a value together from what the file says and from the few
//! variables of a run that say the same as Jenkins'. Groovy puts the values of its variables into
//! a text before anybody reads it; what cannot be put in here is an expression, and is left.

use super::{Planner, Scope};
use crate::model::{Code, Value, ValueKind};
use crate::syntax::{Expression, ExpressionKind, Member, Operator};
use crate::table::Support;
use crate::token::Mark;

/// The longest text that is put together, in bytes.
const LONGEST: usize = 64 * 1024;

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    /// This text.
    Text(String),
    /// A variable of a run.
    Outside(Outside),
    /// Nothing: the variable is not there.
    Unset,
}

/// A variable of a run that says what one of Jenkins' does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outside {
    /// Its name there.
    pub theirs: &'static str,
    /// Its name here.
    pub ours: &'static str,
    /// Whether its value is a word of letters and digits, a dot, a slash or a dash: to put it into
    /// a script, as Groovy does, and to let a shell do it are then the same.
    pub is_word: bool,
}

const fn outside(theirs: &'static str, ours: &'static str, is_word: bool) -> Outside {
    Outside { theirs, ours, is_word }
}

/// Variables of Jenkins, and those of a run that say the same.
pub(super) const OUTSIDE: [Outside; 6] = [
    outside("BRANCH_NAME", "PILOTHOUSE_BRANCH", false),
    outside("BUILD_ID", "PILOTHOUSE_RUN", true),
    outside("BUILD_NUMBER", "PILOTHOUSE_RUN", true),
    outside("GIT_BRANCH", "PILOTHOUSE_BRANCH", false),
    outside("GIT_COMMIT", "PILOTHOUSE_COMMIT", true),
    outside("WORKSPACE", "WORKSPACE", true),
];

/// Variables that Jenkins sets and a run does not, by name or by how the name begins.
pub(super) const ELSEWHERE: [&str; 30] = [
    "BRANCH_IS_PRIMARY",
    "BUILD_DISPLAY_NAME",
    "BUILD_TAG",
    "BUILD_URL",
    "BUILD_USER",
    "BUILD_USER_",
    "CHANGE_",
    "EXECUTOR_NUMBER",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_LOCAL_BRANCH",
    "GIT_PREVIOUS_",
    "GIT_URL",
    "HUDSON_",
    "JENKINS_",
    "JOB_BASE_NAME",
    "JOB_DISPLAY_URL",
    // With the folder and the branch in it, as in shop/main.
    "JOB_NAME",
    "JOB_URL",
    "NODE_LABELS",
    "NODE_NAME",
    "RUN_ARTIFACTS_DISPLAY_URL",
    "RUN_CHANGES_DISPLAY_URL",
    "RUN_DISPLAY_URL",
    "RUN_TESTS_DISPLAY_URL",
    "STAGE_NAME",
    "TAG_DATE",
    "TAG_NAME",
    "WORKSPACE_TMP",
    "BUILD_CAUSE",
];

/// Whether Jenkins sets a variable of this name.
pub(super) fn is_of_jenkins(name: &str) -> bool {
    let is_own = |other: &&str| *other == name || other.ends_with('_') && name.starts_with(*other);
    OUTSIDE.iter().any(|outside| outside.theirs == name) || ELSEWHERE.iter().any(is_own)
}

/// Why something is left.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub support: Support,
    pub why: String,
}

pub(super) fn left(support: Support, why: impl Into<String>) -> Left {
    Left { support, why: why.into() }
}

/// What is said of a variable that Jenkins would set.
pub(super) fn not_set(name: &str) -> Left {
    left(Support::NotYet, format!("it uses {name}, which is not set here"))
}

/// What is said of an expression.
pub(super) fn groovy() -> Left {
    left(Support::Interpreter, "an argument is an expression of Groovy")
}

impl Planner<'_> {
    /// What a value says.
    pub(super) fn bits(&self, value: &Value<'_>, scope: &Scope) -> Result<Vec<Bit>, Left> {
        match &value.kind {
            ValueKind::Text(text) => Ok(vec![Bit::Text(text.clone().into_owned())]),
            ValueKind::Code(Code { expression: Some(expression), .. }) => {
                let mut bits = Bits::default();
                self.collect(expression, scope, &mut bits)?;
                Ok(bits.all)
            }
            ValueKind::Code(_) | ValueKind::Decimal(_) | ValueKind::Null => Err(groovy()),
            ValueKind::Bool(_) | ValueKind::Integer(_) => Ok(vec![Bit::Text(value.shown())]),
        }
    }

    /// A text that is the same whenever it is asked for.
    pub(super) fn constant(&self, value: &Value<'_>, scope: &Scope) -> Result<String, Left> {
        match self.bits(value, scope)?.as_slice() {
            [] => Ok(String::new()),
            [Bit::Text(text)] => Ok(text.clone()),
            _ => Err(groovy()),
        }
    }

    pub(super) fn collect(
        &self,
        expression: &Expression<'_>,
        scope: &Scope,
        into: &mut Bits,
    ) -> Result<(), Left> {
        match &expression.kind {
            ExpressionKind::Text(text) => into.text(text)?,
            ExpressionKind::Integer(Some(value)) => into.text(&value.to_string())?,
            ExpressionKind::Bool(value) => into.text(&value.to_string())?,
            ExpressionKind::Template(template) => {
                for (index, text) in template.texts.iter().enumerate() {
                    into.text(text)?;
                    match template.values.get(index) {
                        // What is not there is null, and its text says so.
                        Some(value) if self.is_unset(value, scope) => into.text("null")?,
                        Some(value) => self.collect(value, scope, into)?,
                        None => {}
                    }
                }
            }
            ExpressionKind::Parenthesized(inner) => self.collect(inner, scope, into)?,
            // A sum of texts; one of numbers is arithmetic.
            ExpressionKind::Binary { left, operator: Operator::Mark(Mark::Plus), right }
                if is_text(left) && is_text(right) =>
            {
                self.collect(left, scope, into)?;
                self.collect(right, scope, into)?;
            }
            ExpressionKind::Name(name) => {
                if self.known.is_of_groovy(name) {
                    let why = format!("{name} is a variable of Groovy");
                    return Err(left(Support::Interpreter, why));
                }
                into.variable(name, is_of_jenkins(name), scope)?;
            }
            ExpressionKind::Property { object, name: Member::Name(name), .. } => {
                if object.kind.is_name("params") && !self.known.is_of_groovy("params") {
                    let known = scope.parameters.iter().find(|(known, _)| known == name.text);
                    let Some((_, value)) = known else {
                        return Err(left(Support::NotYet, "runs have no parameters yet"));
                    };
                    return into.text(value);
                }
                if !object.kind.is_name("env") || self.known.is_of_groovy("env") {
                    return Err(groovy());
                }
                into.variable(name.text, true, scope)?;
            }
            _ => return Err(groovy()),
        }
        Ok(())
    }

    /// Whether this is `env.X` of a variable that is not there.
    fn is_unset(&self, expression: &Expression<'_>, scope: &Scope) -> bool {
        let ExpressionKind::Property { object, name: Member::Name(name), .. } = &expression.kind
        else {
            return false;
        };
        object.kind.is_name("env")
            && !self.known.is_of_groovy("env")
            && !scope.missing.contains(name.text)
            // Within a section a parameter of its name takes its place.
            && !scope.parameters.iter().any(|(known, _)| known == name.text)
            && scope.value(name.text).is_some_and(|bits| bits == [Bit::Unset])
    }
}

/// What an environment makes of a value: Jenkins takes a variable away that is set to nothing
/// (hudson.EnvVars, "override").
pub(super) fn set_to(bits: Vec<Bit>) -> Vec<Bit> {
    let is_empty = |bit: &Bit| matches!(bit, Bit::Text(text) if text.is_empty());
    if bits.iter().all(is_empty) { vec![Bit::Unset] } else { bits }
}

fn is_text(expression: &Expression<'_>) -> bool {
    match &expression.kind {
        ExpressionKind::Text(_) | ExpressionKind::Template(_) => true,
        ExpressionKind::Binary { left, operator: Operator::Mark(Mark::Plus), right } => {
            is_text(left) && is_text(right)
        }
        ExpressionKind::Parenthesized(inner) => is_text(inner),
        _ => false,
    }
}

/// What a value is put together from. Texts that stand beside each other are one.
#[derive(Debug, Default)]
pub(super) struct Bits {
    pub all: Vec<Bit>,
    length: usize,
}

impl Bits {
    fn text(&mut self, text: &str) -> Result<(), Left> {
        self.length += text.len();
        // A short name may stand for a long text, and stand there often.
        if self.length > LONGEST {
            return Err(left(Support::NotYet, "its text is too long"));
        }
        match self.all.last_mut() {
            Some(Bit::Text(before)) => before.push_str(text),
            _ => self.all.push(Bit::Text(text.to_owned())),
        }
        Ok(())
    }

    /// What a variable says, which may be one of Groovy where it is not sure to be one of a run.
    fn variable(&mut self, name: &str, is_of_run: bool, scope: &Scope) -> Result<(), Left> {
        if scope.missing.contains(name) {
            return Err(left(Support::NotYet, format!("{name} is not set here")));
        }
        if let Some(bits) = scope.value(name) {
            return bits.iter().try_for_each(|bit| match bit {
                Bit::Text(text) => self.text(text),
                Bit::Outside(_) => {
                    self.all.push(bit.clone());
                    Ok(())
                }
                Bit::Unset => {
                    let why = format!("{name} is set to nothing, so Jenkins does not have it");
                    Err(left(Support::Interpreter, why))
                }
            });
        }
        if scope.is_crowded {
            return Err(left(Support::NotYet, "there are too many variables"));
        }
        match OUTSIDE.iter().find(|outside| outside.theirs == name) {
            Some(outside) => {
                self.all.push(Bit::Outside(*outside));
                Ok(())
            }
            None if is_of_run => Err(not_set(name)),
            None => Err(left(Support::Interpreter, format!("{name} is a variable of Groovy"))),
        }
    }
}
