//! Colours on a terminal.

use std::io::IsTerminal as _;

use jenkinsfile::table::Support;
use jenkinsfile::verdict::Level;

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether they are used now. `NO_COLOR` is <https://no-color.org>.
    pub fn is_on(self) -> bool {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        match self {
            Self::Auto => is_wanted && std::io::stdout().is_terminal(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// What a text is painted as. The sixteen colours follow the terminal's own theme.
#[derive(Clone, Copy)]
pub enum Ink {
    /// Nothing to do.
    Good,
    /// Something is missing.
    Warn,
    /// Something is wrong.
    Bad,
    /// Less important.
    Faint,
    /// More important.
    Strong,
}

impl Ink {
    pub const fn of_support(support: Support) -> Self {
        match support {
            Support::Runs => Self::Good,
            Support::NotYet | Support::Interpreter | Support::Adapter => Self::Warn,
            Support::Never | Support::Library => Self::Bad,
        }
    }

    pub const fn of_level(level: Level) -> Self {
        match level {
            Level::Declarative => Self::Good,
            Level::Groovy | Level::Plugins => Self::Warn,
            Level::Elsewhere | Level::Library | Level::Scripted | Level::Broken | Level::Unread => {
                Self::Bad
            }
        }
    }

    /// The text, painted if colours are on.
    pub fn paint(self, text: &str, is_on: bool) -> String {
        if !is_on {
            return text.to_owned();
        }
        let code = match self {
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
            Self::Faint => "2",
            Self::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
