//! What stages and steps inherit.
//!
//! Responsible for the variables, the place and the reasons not to run that a part has from those
//! around it. Each part has a scope of its own, so that what grows with the file is shared.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::section::assignable;
use super::value::{Bit, Left, left, set_to};
use crate::table::Support;

/// The most variables of a step, and the most of those that are not known whose names are.
pub(super) const VARIABLES: usize = 400;
/// How long all of them are together, in bytes; a process cannot be given much more.
const VARIABLE_BYTES: usize = 1024 * 1024;

/// Variables whose values are known.
pub(super) type Variables = Rc<Vec<(String, Vec<Bit>)>>;

/// What stages and steps inherit.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub image: Option<String>,
    /// Variables whose values are known here.
    pub variables: Variables,
    /// What `params` holds.
    pub parameters: Rc<Vec<(String, String)>>,
    /// Variables that Jenkins would set, and that nothing sets here.
    pub missing: Rc<BTreeSet<String>>,
    /// Whether there are more of those.
    pub is_crowded: bool,
    /// A time limit in seconds.
    pub timeout: Option<u64>,
    /// The names of the stages around.
    pub path: Vec<String>,
    /// Directories that steps change into, as words of a shell.
    pub directories: Vec<String>,
    /// Lines of a shell that end a script where a condition does not hold.
    pub guards: Vec<String>,
    /// Whether no agent is named for it, so that Jenkins has no place for its files.
    pub is_nowhere: bool,
    /// Why nothing in it may run.
    pub off: Option<String>,
    /// Why nothing on its agent may run; a stage inside can name another one.
    pub agent_off: Option<String>,
}

impl Scope {
    /// Why nothing in it may run.
    pub fn off(&self) -> Option<String> {
        self.off.clone().or_else(|| self.agent_off.clone()).or_else(|| {
            if let Some(name) = self.missing.first() {
                let why = "is not set as in Jenkins, and programs read their environment";
                return Some(format!("{name} {why}"));
            }
            self.is_crowded.then(|| format!("a step has at most {VARIABLES} variables"))
        })
    }

    pub fn turn_off(&mut self, why: &str) {
        self.off.get_or_insert_with(|| why.to_owned());
    }

    /// What a variable is set to.
    pub fn value(&self, name: &str) -> Option<&[Bit]> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, bits)| bits.as_slice())
    }

    /// Says that a variable is not set.
    pub fn lack(&mut self, name: String) {
        if self.missing.len() < VARIABLES {
            Rc::make_mut(&mut self.missing).insert(name);
        } else {
            self.is_crowded |= !self.missing.contains(&name);
        }
    }

    /// Takes back that a variable is not set.
    pub fn find(&mut self, name: &str) {
        if self.missing.contains(name) {
            Rc::make_mut(&mut self.missing).remove(name);
        }
    }

    /// Sets a variable for what stands in it.
    pub fn set(&mut self, name: &str, bits: Vec<Bit>) -> Result<(), Left> {
        let bits = set_to(assignable(name, bits)?);
        self.find(name);
        let variables = Rc::make_mut(&mut self.variables);
        variables.retain(|(known, _)| known != name);
        if variables.len() >= VARIABLES {
            return Err(left(Support::NotYet, "there are too many variables"));
        }
        self.fits(name, &bits)?;
        Rc::make_mut(&mut self.variables).push((name.to_owned(), bits));
        Ok(())
    }

    /// Whether a process can be given this variable with the others.
    pub fn fits(&self, name: &str, bits: &[Bit]) -> Result<(), Left> {
        if self.bytes() + length(name, bits) > VARIABLE_BYTES {
            return Err(left(Support::NotYet, "the variables are too long together"));
        }
        Ok(())
    }

    /// How long the variables are together, in bytes.
    pub fn bytes(&self) -> usize {
        self.variables.iter().map(|(name, bits)| length(name, bits)).sum()
    }
}

fn length(name: &str, bits: &[Bit]) -> usize {
    let bytes = |bit: &Bit| match bit {
        Bit::Text(text) => text.len(),
        // What is written for it.
        Bit::Outside(outside) => outside.ours.len(),
        Bit::Unset => 0,
    };
    name.len() + bits.iter().map(bytes).sum::<usize>()
}
