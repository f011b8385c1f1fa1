//! How things look: styles by scope, and a glyph for every state.
//!
//! A theme is data that is read once, reduced to the colours that the terminal has. No meaning
//! is ever carried by colour alone: every state has a glyph, too.

mod colour;
mod load;
mod scope;

pub use colour::Depth;
pub use load::load;
pub use scope::{Mark, Scope};

use ratatui::style::Style;

use crate::problem::{Problem, Source};

/// The themes that Pilothouse comes with, by name.
pub const BUILT_IN: [(&str, Source<'static>); 4] = [
    ("dark", Source { file: "themes/dark.toml", text: include_str!("../../../themes/dark.toml") }),
    (
        "light",
        Source { file: "themes/light.toml", text: include_str!("../../../themes/light.toml") },
    ),
    ("ansi", Source { file: "themes/ansi.toml", text: include_str!("../../../themes/ansi.toml") }),
    ("mono", Source { file: "themes/mono.toml", text: include_str!("../../../themes/mono.toml") }),
];

/// Styles by scope and glyphs by state, ready to draw with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; Scope::ALL.len()],
    glyphs: [String; Mark::ALL.len()],
    ascii: [String; Mark::ALL.len()],
    is_ascii: bool,
}

impl Theme {
    /// The style of a scope.
    pub fn style(&self, scope: Scope) -> Style {
        self.styles.get(scope as usize).copied().unwrap_or_default()
    }

    /// The glyph of a state, one cell wide.
    pub fn glyph(&self, mark: Mark) -> &str {
        let glyphs = if self.is_ascii { &self.ascii } else { &self.glyphs };
        glyphs.get(mark as usize).map_or("?", String::as_str)
    }

    /// The same theme with ASCII alone for glyphs, borders and arrows.
    #[must_use]
    pub fn with_ascii(mut self, is_ascii: bool) -> Self {
        self.is_ascii = is_ascii;
        self
    }

    /// Whether only ASCII may be drawn of what Pilothouse itself draws.
    pub fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// A theme that Pilothouse comes with, or what is wrong with it.
    pub fn built_in(name: &str, depth: Depth) -> Result<Self, Vec<Problem>> {
        let source = BUILT_IN.iter().find(|(own, _)| *own == name).map(|(_, source)| *source);
        let Some(source) = source else {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let here = Source { file: "theme", text: "" };
            return Err(vec![here.problem(
                0,
                format!("there is no theme \"{name}\": use one of {}, or a file", names.join(", ")),
            )]);
        };
        load(source.text, source.file, depth)
    }
}
