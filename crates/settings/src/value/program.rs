//! What is started: a shell script as one text, or a program with its arguments as a list.

use pilothouse_core::pipeline::Run;
use pilothouse_core::spec::allowed::{ARGUMENTS, argument};
use toml::de::DeValue;

use crate::found::Found;
use crate::section::Field;

/// The longest script, in bytes.
const SCRIPT_BYTES: usize = 64 * 1024;

impl Field<'_> {
    /// A script or a program.
    pub(crate) fn program(&self, found: &mut Found<'_>) -> Option<Run> {
        let name = &self.name;
        match self.value {
            DeValue::String(script) => {
                let help = format!("write {name} = \"make test\"; longer ones between '''");
                self.script(script, found, &help)
            }
            DeValue::Array(_) => self.argv(found).map(Run::Argv),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => {
                let help = format!("write {name} = \"make test\" or {name} = [\"make\", \"test\"]");
                self.wrong_type(found, "a script or a list of a program and its arguments", &help);
                None
            }
        }
    }

    fn script(&self, script: &str, found: &mut Found<'_>, help: &str) -> Option<Run> {
        let name = &self.name;
        let message = if script.trim().is_empty() {
            format!("`{name}` is empty")
        } else if script.contains('\0') {
            format!("`{name}` holds a NUL character")
        } else if script.len() > SCRIPT_BYTES {
            format!("`{name}` is longer than {} KiB", SCRIPT_BYTES / 1024)
        } else {
            return Some(Run::Script(script.to_owned()));
        };
        self.wrong(found, &message, help);
        None
    }

    /// A program and its arguments.
    pub(crate) fn argv(&self, found: &mut Found<'_>) -> Option<Vec<String>> {
        let name = &self.name;
        let help = format!("write {name} = [\"program\", \"first argument\"]");
        let items = self.items(found, &help)?;
        if items.is_empty() || items.len() > ARGUMENTS {
            let message =
                format!("`{name}` takes a program and at most {} arguments", ARGUMENTS - 1);
            self.wrong(found, &message, &help);
            return None;
        }
        let mut argv = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let text = item.text(found, &help)?;
            if let Some(message) = argument(index, text) {
                item.wrong(found, message, &help);
                return None;
            }
            argv.push(text.to_owned());
        }
        Some(argv)
    }
}
