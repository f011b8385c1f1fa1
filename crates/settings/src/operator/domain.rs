//! The domain that reaches an environment.

use pilothouse_core::text::printable;

use super::environment::Seen;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::Section;
use crate::value::quoted;

/// What stands for a branch's slug in a preview's domain.
const BRANCH: &str = "{branch}";
/// The longest slug of a branch.
const SLUG: usize = 29;
/// RFC 1035 section 2.3.4.
const LABEL: usize = 63;
/// RFC 1035 section 2.3.4, without the root's dot.
const DOMAIN: usize = 253;

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
            if let Some((message, help)) = refuse(text, preview, &help) {
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

fn refuse(domain: &str, preview: bool, help: &str) -> Option<(String, String)> {
    let shown = quoted(domain);
    let wrong = |message: String, help: &str| Some((message, help.to_owned()));
    if domain.contains("://") || domain.contains('/') {
        return wrong(
            format!("{shown} is an address, not a domain"),
            "leave out http:// and the path",
        );
    }
    if domain.contains(':') {
        let help = "leave the port out; the load balancer's `listen` says it";
        return wrong(format!("{shown} holds a port"), help);
    }
    if domain.contains('*') {
        let help = "name one domain; previews write {branch} where the branch's name belongs";
        return wrong(format!("{shown} is a pattern"), help);
    }
    if !domain.is_ascii() {
        let help = "write it in its ASCII form, which begins with xn--";
        return wrong(format!("{shown} is not ASCII, which domains are on the wire"), help);
    }
    let times = domain.matches(BRANCH).count();
    if preview && times != 1 {
        let message = format!("{shown} must hold {BRANCH} once, or all previews would share it");
        return wrong(message, help);
    }
    if !preview && times > 0 {
        let message = format!("{shown} holds {BRANCH}, and this environment is not a preview");
        return wrong(message, "leave {branch} out, or write preview = true");
    }
    let filled = domain.replace(BRANCH, &"b".repeat(SLUG));
    let is_label = |label: &str| {
        (1..=LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if filled.len() > DOMAIN || !filled.split('.').all(is_label) {
        let message = format!("{shown} is not a domain (RFC 1035)");
        let help = format!("use parts of a-z, 0-9 and - with dots between; {help}");
        return wrong(message, &help);
    }
    None
}
