//! Types of parameters: what a value has to be, and how the table names it.

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A string.
    Text,
    /// A boolean.
    Bool,
    /// A boolean that can be left out.
    OptionalBool,
    /// A number of 32 bits.
    Int,
    /// A number of 64 bits.
    Long,
    /// A number of 32 bits that can be `null`.
    OptionalInt,
    /// A number with a fraction.
    Double,
    /// One of these names.
    OneOf(Vec<String>),
    /// A list.
    List,
    /// Anything.
    Any,
}

impl Type {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "S" => Self::Text,
            "B" => Self::Bool,
            "Boolean" => Self::OptionalBool,
            "I" => Self::Int,
            "L" => Self::Long,
            "N" => Self::OptionalInt,
            "D" => Self::Double,
            "List" => Self::List,
            "A" => Self::Any,
            _ => {
                let names = name.strip_prefix("E(")?.strip_suffix(')')?;
                Self::OneOf(names.split('|').map(str::to_owned).collect())
            }
        })
    }
}
