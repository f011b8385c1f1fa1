//! Files, and what steps stand in: directories and variables.

use std::fmt::Write as _;

use super::argument::argument_of;
use super::shell::{quoted, word};
use super::value::{Bit, Bits, Left, groovy, left};
use super::{Planner, Scope};
use crate::model::{Arguments, Value, ValueKind};
use crate::syntax::{Argument, ExpressionKind};
use crate::table::Support;

/// The longest path (`PATH_MAX` of Linux).
const PATH_BYTES: usize = 4096;

impl Planner<'_> {
    pub(super) fn directory(
        &self,
        value: Option<&Value<'_>>,
        scope: &Scope,
    ) -> Result<String, Left> {
        let path = self.constant(value.ok_or_else(groovy)?, scope)?;
        let is_odd = path.is_empty()
            || path.starts_with('-')
            || path.contains(['\\', '\0', '\n'])
            || path.split('/').any(|part| part == "..");
        if is_odd {
            return Err(left(Support::NotYet, "a directory outside of the workspace, or none"));
        }
        let around: usize = scope.directories.iter().map(String::len).sum();
        if around + path.len() > PATH_BYTES {
            return Err(left(Support::NotYet, "its path is longer than any that a system knows"));
        }
        Ok(quoted(&path))
    }

    /// `withEnv(['A=b'])`
    pub(super) fn with_env(&self, value: Option<&Value<'_>>, scope: &Scope) -> Result<Scope, Left> {
        let Some(Value { kind: ValueKind::Code(code), .. }) = value else {
            return Err(groovy());
        };
        let Some(ExpressionKind::List(all)) = code.expression.map(|expression| &expression.kind)
        else {
            return Err(groovy());
        };
        let mut within = scope.clone();
        for one in all {
            let Argument::Value(expression) = one else {
                return Err(groovy());
            };
            let mut bits = Bits::default();
            self.collect(expression, scope, &mut bits)?;
            let mut bits = bits.all;
            let Some(Bit::Text(first)) = bits.first_mut() else {
                return Err(groovy());
            };
            let Some((name, value)) = first.split_once('=') else {
                return Err(left(Support::NotYet, "a variable without a value"));
            };
            let name = name.to_owned();
            *first = value.to_owned();
            bits.retain(|bit| !matches!(bit, Bit::Text(text) if text.is_empty()));
            within.set(&name, bits)?;
        }
        Ok(within)
    }

    /// `ansiColor('xterm')`, whose name is the terminal of what stands in it
    /// (ansicolor, `AnsiColorStep`).
    pub(super) fn colours(&self, value: Option<&Value<'_>>, scope: &Scope) -> Result<Scope, Left> {
        let name = self.constant(value.ok_or_else(groovy)?, scope)?;
        if name.is_empty() {
            return Err(left(Support::NotYet, "it names no colours"));
        }
        let mut within = scope.clone();
        within.set("TERM", vec![Bit::Text(name)])?;
        Ok(within)
    }

    pub(super) fn write_file(
        &self,
        arguments: &Arguments<'_>,
        scope: &Scope,
    ) -> Result<String, Left> {
        let is_utf8 = match argument_of(arguments, "encoding").map(|value| &value.kind) {
            None | Some(ValueKind::Null) => true,
            Some(ValueKind::Text(name)) => name.eq_ignore_ascii_case("utf-8"),
            Some(_) => false,
        };
        if !is_utf8 {
            return Err(left(Support::NotYet, "an encoding other than UTF-8"));
        }
        let file = argument_of(arguments, "file").ok_or_else(groovy)?;
        let path = self.constant(file, scope)?;
        let text = argument_of(arguments, "text").ok_or_else(groovy)?;
        let text = word(&self.bits(text, scope)?);
        if path.is_empty() || path.ends_with('/') || path.contains(['\\', '\0']) {
            return Err(left(Support::NotYet, "no path of a file"));
        }
        let is_elsewhere = path.starts_with('/') || path.split('/').any(|part| part == "..");
        if scope.image.is_some() && is_elsewhere {
            let why = "Jenkins writes a file outside of the workspace beside the container";
            return Err(left(Support::NotYet, why));
        }
        let parent = path.rsplit_once('/').map(|(parent, _)| parent);
        let mut out = String::new();
        if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
            let _ = writeln!(out, "mkdir -p -- {}", quoted(parent));
        }
        let _ = write!(out, "printf '%s' {text} > {}", quoted(&path));
        Ok(out)
    }
}
