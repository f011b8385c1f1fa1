//! Environment variables.

use std::collections::BTreeMap;

use pilothouse_core::spec::allowed::{self, Owner};
use pilothouse_core::text::printable;

use crate::ProblemKind;
use crate::found::Found;
use crate::section::Field;

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
        let fields = section.fields();
        if fields.len() > allowed::VARIABLES {
            let message = format!("`{}` takes at most {} variables", self.name, allowed::VARIABLES);
            let help = "put the many into a file that the program reads";
            found.add(ProblemKind::TooLarge, self.key_at.clone(), &message, help);
        }
        for field in fields.iter().take(allowed::VARIABLES) {
            if !is_usable(field, found, owner) {
                continue;
            }
            let name = printable(&field.name, 60);
            let help = format!("write {name} = \"value\", numbers too: {name} = \"1\"");
            let Some(value) = field.text(found, &help) else {
                continue;
            };
            if let Some(message) = allowed::value(value) {
                field.wrong(found, message, &help);
                continue;
            }
            variables.insert(field.name.clone(), value.to_owned());
        }
        variables
    }
}

/// Tells whether a field's name can be a variable's; otherwise notes why not.
pub(crate) fn is_usable(field: &Field<'_>, found: &mut Found<'_>, owner: Owner) -> bool {
    let Some((message, help)) = allowed::variable(&field.name, owner) else { return true };
    found.add(ProblemKind::WrongValue, field.key_at.clone(), &message, &help);
    false
}
