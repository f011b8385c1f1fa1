//! A text that must be one of those that exist.

use super::quoted;
use crate::found::Found;
use crate::section::Field;
use crate::suggest::{listed, nearest};

impl Field<'_> {
    /// One of the texts that exist; `what` names their kind in messages.
    pub(crate) fn one_of(
        &self,
        exist: &[&'static str],
        what: &str,
        found: &mut Found<'_>,
    ) -> Option<&'static str> {
        let all = match exist {
            [only] => format!("the only {what} is \"{only}\""),
            several => format!("there are {}", listed(several)),
        };
        let text = self.text(found, &all)?;
        if let Some(name) = exist.iter().find(|name| **name == text) {
            return Some(name);
        }
        let help = nearest(text, exist)
            .map_or(all.clone(), |near| format!("did you mean \"{near}\"? {all}"));
        self.wrong(found, &format!("there is no {what} {}", quoted(text)), &help);
        None
    }
}
