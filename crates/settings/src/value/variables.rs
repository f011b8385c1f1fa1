//! Environment variables.

use std::collections::BTreeMap;

use pilothouse_core::text::printable;

use crate::ProblemKind;
use crate::found::Found;
use crate::section::Field;

/// Whose variables these are, which decides what names are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A step of a pipeline.
    Step,
    /// An instance, which gets `PORT`.
    Instance,
}

/// The most variables of one thing.
const VARIABLES: usize = 500;
/// The longest value, in bytes: Linux takes at most 128 KiB for one string (execve(2)).
const VALUE_BYTES: usize = 64 * 1024;

impl Field<'_> {
    /// A table of variables.
    pub(crate) fn variables(
        &self,
        found: &mut Found<'_>,
        owner: Owner,
    ) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let title = format!("{} = {{ NAME = \"value\" }}", self.name);
        let Some(section) = self.section(&title, &[], found) else {
            return variables;
        };
        for field in section.fields().iter().take(VARIABLES) {
            if !is_usable(field, found, owner) {
                continue;
            }
            let name = printable(&field.name, 60);
            let help = format!("write {name} = \"value\", numbers too: {name} = \"1\"");
            let Some(value) = field.text(found, &help) else {
                continue;
            };
            if value.contains('\0') || value.len() > VALUE_BYTES {
                field.wrong(found, "a variable's value is too long or holds NUL", &help);
                continue;
            }
            variables.insert(field.name.clone(), value.to_owned());
        }
        variables
    }
}

/// Tells whether a field's name can be a variable's; otherwise notes why not.
pub(crate) fn is_usable(field: &Field<'_>, found: &mut Found<'_>, owner: Owner) -> bool {
    let name = printable(&field.name, 60);
    if !is_variable(&field.name) {
        let message = format!("`{name}` cannot name an environment variable");
        let help = "use letters, digits and _, not beginning with a digit, as in DATABASE_URL";
        found.add(ProblemKind::WrongValue, field.key_at.clone(), &message, help);
        return false;
    }
    let is_port = owner == Owner::Instance && field.name == "PORT";
    if is_port || field.name.starts_with("PILOTHOUSE_") {
        let message = format!("`{name}` is set by Pilothouse itself");
        let help = "leave it out; every instance gets PORT and PILOTHOUSE_* on its own";
        found.add(ProblemKind::WrongValue, field.key_at.clone(), &message, help);
        return false;
    }
    true
}

/// A name that every shell can use (POSIX.1-2017, Base Definitions 3.235).
fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.len() <= 128
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
