//! A table of the file with the keys it may have, and its fields with their places.
//!
//! Responsible for finding keys, refusing those that do not exist, and the types of values. What
//! a value means is `value`'s and the readers' to say.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use pilothouse_core::text::printable;

use crate::ProblemKind;
use crate::found::Found;
use crate::suggest::{listed, nearest};

/// A table, the name people know it by, and the keys it may have.
pub(crate) struct Section<'a> {
    /// Such as `[service]` or `the pipeline`.
    pub(crate) title: String,
    /// Where it begins.
    pub(crate) at: Range<usize>,
    table: &'a DeTable<'a>,
    keys: &'static [&'static str],
}

/// A value, its key, and where both stand.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) name: String,
    pub(crate) key_at: Range<usize>,
    pub(crate) at: Range<usize>,
    pub(crate) value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(crate) fn root(
        title: &str,
        root: &'a Spanned<DeTable<'a>>,
        keys: &'static [&'static str],
    ) -> Self {
        Self { title: title.to_owned(), at: 0..0, table: root.get_ref(), keys }
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        debug_assert!(self.keys.contains(&key), "{key} is not declared");
        let (key, value) = self.table.get_key_value(key)?;
        Some(field(key, value))
    }

    /// Whether this is one of the keys that it may have.
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }

    /// All fields of a table whose keys people choose, in file order.
    pub(crate) fn fields(&self) -> Vec<Field<'a>> {
        let mut fields: Vec<_> = self.table.iter().map(|(k, v)| field(k, v)).collect();
        fields.sort_by_key(|field| field.key_at.start);
        fields
    }

    /// Notes every key that does not exist here; `elsewhere` knows where else it may belong.
    pub(crate) fn refuse_unknown(
        &self,
        found: &mut Found<'_>,
        elsewhere: impl Fn(&str) -> Option<(String, String)>,
    ) {
        for field in self.fields() {
            if found.is_full() {
                return;
            }
            if self.keys.contains(&field.name.as_str()) {
                continue;
            }
            let name = printable(&field.name, 60);
            let near = nearest(&field.name, self.keys);
            let elsewhere = elsewhere(&field.name);
            if let Some((message, help)) = elsewhere {
                found.add(ProblemKind::Misplaced, field.key_at, &message, &help);
                continue;
            }
            if let Some(near) = near {
                found.means(self.at.start, near);
            }
            let exist = format!("{} takes {}", self.title, listed(self.keys));
            let help = near.map_or(exist.clone(), |near| format!("did you mean `{near}`? {exist}"));
            let message = format!("there is no key `{name}` in {}", self.title);
            found.add(ProblemKind::UnknownKey, field.key_at, &message, &help);
        }
    }

    /// Notes that a key is needed.
    pub(crate) fn miss(&self, found: &mut Found<'_>, key: &'static str, help: &str) {
        if found.is_meant(self.at.start, key) {
            return;
        }
        let message = format!("{} has no `{key}`", self.title);
        found.add(ProblemKind::Missing, self.at.clone(), &message, help);
    }
}

impl<'a> Field<'a> {
    /// The value as a table, or a problem.
    pub(crate) fn section(
        &self,
        title: &str,
        keys: &'static [&'static str],
        found: &mut Found<'_>,
    ) -> Option<Section<'a>> {
        if let DeValue::Table(table) = self.value {
            return Some(Section { title: title.to_owned(), at: self.key_at.clone(), table, keys });
        }
        let help = format!("write it as a table: {title}");
        self.wrong_type(found, "a table", &help);
        None
    }

    /// The value as a list of tables, or a problem; each of them has its own place.
    pub(crate) fn sections(
        &self,
        title: &str,
        keys: &'static [&'static str],
        found: &mut Found<'_>,
    ) -> Vec<Section<'a>> {
        let help = format!("write each as {title}, with its keys in the lines below");
        let Some(items) = self.value.as_array() else {
            self.wrong_type(found, "a list of tables", &help);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            let item = self.item(item);
            if let DeValue::Table(table) = item.value {
                sections.push(Section { title: title.to_owned(), at: item.at, table, keys });
            } else {
                item.wrong_type(found, "a table", &help);
            }
        }
        sections
    }

    /// The value's items with their places, or a problem.
    pub(crate) fn items(&self, found: &mut Found<'_>, help: &str) -> Option<Vec<Field<'a>>> {
        let Some(items) = self.value.as_array() else {
            self.wrong_type(found, "a list", help);
            return None;
        };
        Some(items.iter().map(|item| self.item(item)).collect())
    }

    fn item(&self, item: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        Field {
            name: self.name.clone(),
            key_at: self.key_at.clone(),
            at: item.span(),
            value: item.get_ref(),
        }
    }

    pub(crate) fn wrong_type(&self, found: &mut Found<'_>, takes: &str, help: &str) {
        let message = format!(
            "`{}` takes {takes}, and this is {}",
            printable(&self.name, 60),
            kind_of(self.value)
        );
        found.add(ProblemKind::WrongType, self.place(), &message, help);
    }

    pub(crate) fn wrong(&self, found: &mut Found<'_>, message: &str, help: &str) {
        found.add(ProblemKind::WrongValue, self.place(), message, help);
    }

    /// Where a problem of the value is shown: at the key where the value spans lines or is a
    /// table that has only a header.
    fn place(&self) -> Range<usize> {
        match self.value {
            DeValue::Table(_) | DeValue::Array(_) if self.at.is_empty() => self.key_at.clone(),
            DeValue::Table(_)
            | DeValue::Array(_)
            | DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => self.at.clone(),
        }
    }
}

fn field<'a>(
    key: &'a Spanned<std::borrow::Cow<'a, str>>,
    value: &'a Spanned<DeValue<'a>>,
) -> Field<'a> {
    Field {
        name: key.get_ref().to_string(),
        key_at: key.span(),
        at: value.span(),
        value: value.get_ref(),
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
