//! What may be said of what is watched at AWS.

pub mod shape;

use self::shape::Shape;
use crate::text::{printable, quoted};

/// The most names of a kind that belong to an environment.
pub const MOST: usize = 100;

/// What is wrong with an account.
pub fn account(text: &str) -> Option<String> {
    (!shape::is_account(text)).then(|| format!("{} is no account of AWS", quoted(text)))
}

/// What is wrong with a region.
pub fn region(text: &str) -> Option<String> {
    (!shape::is_region(text)).then(|| format!("{} is no region of AWS", quoted(text)))
}

/// What is wrong with a role.
pub fn role(text: &str) -> Option<String> {
    (!shape::is_role(text)).then(|| format!("{} is no ARN of a role", quoted(text)))
}

/// What is wrong with the name of a thing of this shape.
pub fn shaped(shape: &Shape, text: &str) -> Option<String> {
    let odd = || format!("{} cannot be the {}", quoted(text), shape.what);
    name(text).or_else(|| (!(shape.fits)(text)).then(odd))
}

/// What is wrong with a tag.
pub fn tag(key: &str, value: &str) -> Option<String> {
    if !(1..=shape::TAG_KEY).contains(&key.chars().count()) {
        return Some(format!("{} cannot be the key of a tag", quoted(key)));
    }
    let is_long = value.chars().count() > shape::TAG_VALUE;
    is_long.then(|| format!("{} cannot be the value of a tag", quoted(value)))
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
