//! What may be said of what is watched at AWS.

use crate::text::{printable, quoted};

/// The most names of a kind that belong to an environment.
pub const MOST: usize = 100;

/// What is wrong with an account.
pub fn account(text: &str) -> Option<String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    (!is_account).then(|| format!("{} is no account of AWS", quoted(text)))
}

/// What is wrong with a region.
pub fn region(text: &str) -> Option<String> {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let is_region =
        text.len() <= 40 && text.matches('-').count() >= 2 && text.split('-').all(is_part);
    (!is_region).then(|| format!("{} is no region of AWS", quoted(text)))
}

/// What is wrong with a role.
pub fn role(text: &str) -> Option<String> {
    let is_role = text.starts_with("arn:") && text.contains(":role/");
    (!is_role).then(|| format!("{} is no ARN of a role", quoted(text)))
}

/// What is wrong with the name of something.
pub fn name(text: &str) -> Option<String> {
    if !is_plain(text) {
        return Some(format!("{} cannot be a name there", quoted(text)));
    }
    text.starts_with("arn:").then(|| format!("{} is an ARN", quoted(text)))
}

/// Whether a text can be a name there.
pub fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && printable(text, 255) == text
}
