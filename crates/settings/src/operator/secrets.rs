//! Where secrets' values come from. The values themselves are never in the file.

use std::collections::BTreeMap;

use pilothouse_core::spec::SecretSource;
use pilothouse_core::spec::allowed::{Owner, SECRETS, secret_path};
use pilothouse_core::text::printable;
use toml::de::DeValue;

use super::elsewhere;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};
use crate::value::variables::is_usable;

const KEYS: [&str; 2] = ["file", "command"];

/// Reads `secrets`.
pub(super) fn read(
    field: &Field<'_>,
    env: &BTreeMap<String, String>,
    preview: bool,
    found: &mut Found<'_>,
) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    let title = "secrets = { NAME = { file = \"/path\" } }";
    let Some(section) = field.section(title, &[], found) else {
        return secrets;
    };
    if preview {
        let message = "previews get no secrets: anybody who can push a branch could read them";
        let help = "leave secrets out, and let previews use stand-ins from env";
        found.add(ProblemKind::WrongValue, field.key_at.clone(), message, help);
        return secrets;
    }
    let fields = section.fields();
    if fields.len() > SECRETS {
        let message = format!("`secrets` takes at most {SECRETS}");
        let help = "let one secret be a file that holds the many";
        found.add(ProblemKind::TooLarge, field.key_at.clone(), &message, help);
    }
    for field in fields.iter().take(SECRETS) {
        let is_free = !env.contains_key(&field.name);
        if !is_free {
            let name = printable(&field.name, 60);
            let message = format!("`{name}` is in env and in secrets");
            let help = "keep it in secrets alone";
            found.add(ProblemKind::Conflict, field.key_at.clone(), &message, help);
        }
        if !is_usable(field, found, Owner::Instance) {
            continue;
        }
        if let Some(source) = source(field, found) {
            secrets.insert(field.name.clone(), source);
        }
    }
    secrets
}

fn source(field: &Field<'_>, found: &mut Found<'_>) -> Option<SecretSource> {
    let name = printable(&field.name, 60);
    let title = format!("{name} = {{ file = \"/etc/pilothouse/secrets/{name}\" }}");
    if matches!(field.value, DeValue::String(_)) {
        let message = format!("the value of the secret `{name}` stands in the file");
        let help = format!("move it into a file that only the engine can read, and write {title}");
        found.add(ProblemKind::WrongType, field.key_at.clone(), &message, &help);
        return None;
    }
    let section = field.section(&title, &KEYS, found)?;
    section.refuse_unknown(found, |key| elsewhere(key, &KEYS));
    match (section.get("file"), section.get("command")) {
        (Some(file), None) => path(&file, found).map(SecretSource::File),
        (None, Some(command)) => command.argv(found).map(SecretSource::Command),
        (Some(_), Some(command)) => {
            let message = format!("the secret `{name}` has two sources");
            let help = "keep file or command";
            found.add(ProblemKind::Conflict, command.key_at, &message, help);
            None
        }
        (None, None) => {
            neither(&section, &name, found);
            None
        }
    }
}

fn neither(section: &Section<'_>, name: &str, found: &mut Found<'_>) {
    let message = format!("the secret `{name}` has no source");
    let help = "write file = \"/path\" or command = [\"program\", \"argument\"]";
    found.add(ProblemKind::Missing, section.at.clone(), &message, help);
}

fn path(field: &Field<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = "write the whole path, beginning with /";
    let text = field.line(found, help)?;
    let Some(message) = secret_path(text) else { return Some(text.to_owned()) };
    field.wrong(found, &message, help);
    None
}
