//! What values mean: texts, numbers, lengths of time, percentages, money, variables, programs.
//!
//! Each function takes a field and either returns its value or notes one problem.

mod choice;
pub(crate) mod duration;
pub(crate) mod money;
pub(crate) mod program;
pub(crate) mod size;
pub(crate) mod variables;

use std::ops::{Range, RangeInclusive};

use pilothouse_core::spec::allowed;
use toml::de::DeValue;

use crate::found::Found;
use crate::section::Field;

pub(crate) use pilothouse_core::text::quoted;

impl<'a> Field<'a> {
    /// A text of any length.
    pub(crate) fn text(&self, found: &mut Found<'_>, help: &str) -> Option<&'a str> {
        if let DeValue::String(text) = self.value {
            return Some(text.as_ref());
        }
        self.wrong_type(found, "a text in quotes", help);
        None
    }

    /// A text of one line that is not empty and holds nothing that a terminal would act on.
    pub(crate) fn line(&self, found: &mut Found<'_>, help: &str) -> Option<&'a str> {
        let text = self.text(found, help)?;
        let Some(wrong) = allowed::line(text) else { return Some(text) };
        self.wrong(found, &format!("`{}` {wrong}", self.name), help);
        None
    }

    pub(crate) fn flag(&self, found: &mut Found<'_>) -> Option<bool> {
        if let DeValue::Boolean(flag) = self.value {
            return Some(*flag);
        }
        let help = format!("write {} = true or {} = false, without quotes", self.name, self.name);
        self.wrong_type(found, "true or false", &help);
        None
    }

    /// A whole number within a range.
    pub(crate) fn count(&self, found: &mut Found<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let (least, most) = (*range.start(), *range.end());
        let help = format!("write a number from {least} to {most}, as in {} = {least}", self.name);
        let DeValue::Integer(number) = self.value else {
            self.wrong_type(found, "a whole number without quotes", &help);
            return None;
        };
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let value = parsed.and_then(|value| u32::try_from(value).ok());
        match value {
            Some(value) if range.contains(&value) => Some(value),
            Some(_) | None => {
                self.wrong(found, &format!("`{}` is out of range", self.name), &help);
                None
            }
        }
    }

    /// A share: `50` or `"50%"`.
    pub(crate) fn percent(&self, found: &mut Found<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let DeValue::String(text) = self.value else {
            return self.count(found, range);
        };
        let digits = text.trim().strip_suffix('%').unwrap_or(text.trim());
        let value = digits.trim().parse().ok();
        if let Some(value) = value.filter(|value| range.contains(value)) {
            return Some(value);
        }
        let (least, most) = (range.start(), range.end());
        let message = format!("{} is not a share from {least} to {most} percent", quoted(text));
        self.wrong(found, &message, &format!("write it as {} = {most}", self.name));
        None
    }

    /// One text or a list of texts, each with its place.
    pub(crate) fn texts(
        &self,
        found: &mut Found<'_>,
        help: &str,
    ) -> Option<Vec<(&'a str, Range<usize>)>> {
        if let DeValue::String(text) = self.value {
            return Some(vec![(text.as_ref(), self.at.clone())]);
        }
        if !matches!(self.value, DeValue::Array(_)) {
            self.wrong_type(found, "a text or a list of texts", help);
            return None;
        }
        let items = self.items(found, help)?;
        let mut texts = Vec::new();
        for item in items {
            texts.push((item.text(found, help)?, item.at));
        }
        Some(texts)
    }
}
