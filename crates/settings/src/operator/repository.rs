//! Where the repository is.

use crate::found::Found;
use crate::section::Section;
use crate::value::quoted;

const HELP: &str = "write repository = \"https://example.com/shop.git\" or = \"/srv/git/shop\"";

/// Reads `repository`, which is required.
pub(super) fn read(root: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let Some(field) = root.get("repository") else {
        root.miss(found, "repository", HELP);
        return None;
    };
    let text = field.line(found, HELP)?;
    let Some((message, help)) = refuse(text) else {
        return Some(text.to_owned());
    };
    if text.contains('@') {
        found.hide(field.at.start);
    }
    field.wrong(found, &message, help);
    None
}

fn refuse(text: &str) -> Option<(String, &'static str)> {
    let shown = quoted(text);
    if text.starts_with('-') {
        // git would take it for an option.
        return Some((format!("{shown} begins with -"), HELP));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        let login = authority.rsplit_once('@').map(|(login, _)| login);
        let is_secret =
            login.is_some_and(|login| login.contains(':') || scheme.starts_with("http"));
        return is_secret.then(|| {
            let message = "the repository's address holds a login, which every screen would show";
            let help = "leave the login out, and let git's credential helper or an SSH key give it";
            (message.to_owned(), help)
        });
    }
    if text.contains("::") {
        let message = format!("{shown} names a remote helper, which runs a program");
        return Some((message, HELP));
    }
    // What has a colon before any slash is `host:path`, git's short form for SSH.
    let before_slash = text.split('/').next().unwrap_or_default();
    if text.starts_with('/') || before_slash.contains(':') {
        return None;
    }
    let message = format!("{shown} is relative, and the engine has no directory of yours");
    Some((message, "write the whole path, beginning with /, or an address that git fetches from"))
}
