//! The domain that reaches an environment.

use pilothouse_core::spec::allowed::{self, BRANCH};
use pilothouse_core::text::printable;

use super::environment::Seen;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::Section;
use crate::value::quoted;

/// Reads `domain`; without it, a name below `localhost`, which RFC 6761 keeps on this machine.
pub(super) fn read(
    section: &Section<'_>,
    project: &str,
    environment: &str,
    preview: bool,
    seen: &mut Seen,
    found: &mut Found<'_>,
) -> String {
    let usual = match environment {
        _ if preview && environment == "preview" => format!("{BRANCH}.{project}.localhost"),
        _ if preview => format!("{BRANCH}.{environment}.{project}.localhost"),
        "production" => format!("{project}.localhost"),
        other => format!("{other}.{project}.localhost"),
    };
    let (domain, at) = match section.get("domain") {
        None => (usual, section.at.clone()),
        Some(field) => {
            let help = format!("write domain = \"{}\"", printable(&usual, 120));
            let Some(text) = field.text(found, &help) else {
                return usual;
            };
            if let Some((message, help)) = allowed::domain(text, preview, &help) {
                field.wrong(found, &message, &help);
                return usual;
            }
            (text.to_ascii_lowercase(), field.at)
        }
    };
    if let Some(owner) = seen.domains.get(&domain) {
        let message = format!("{} reaches {owner} already", quoted(&domain));
        let help = format!("give [environment.{environment}] a domain of its own");
        found.add(ProblemKind::Conflict, at, &message, &help);
    } else {
        seen.domains.insert(domain.clone(), environment.to_owned());
    }
    domain
}
