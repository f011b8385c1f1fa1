//! Where the repository is.

use pilothouse_core::spec::allowed::{REPOSITORY as HELP, repository};

use crate::found::Found;
use crate::section::Section;

/// Reads `repository`, which is required.
pub(super) fn read(root: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let Some(field) = root.get("repository") else {
        root.miss(found, "repository", HELP);
        return None;
    };
    let text = field.line(found, HELP)?;
    let Some((message, help)) = repository(text) else {
        return Some(text.to_owned());
    };
    if text.contains('@') {
        found.hide(field.at.start);
    }
    field.wrong(found, &message, &help);
    None
}
