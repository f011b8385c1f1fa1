//! What the command line says of how the cockpit looks and which keys it has.

use std::path::PathBuf;

use color_eyre::Result;
use pilothouse_cockpit::problem::{Problem, Source};
use pilothouse_cockpit::theme::{BUILT_IN, Depth};
use pilothouse_cockpit::{Keymap, Theme, keymap, theme};

use super::colour::{self, ColorChoice, TermEnv};
use crate::exit::{Failure, failed};

/// How the cockpit looks and which keys it has.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Look {
    /// A theme that Pilothouse comes with (dark, light, ansi, mono), or a file
    #[arg(long, value_name = "NAME|FILE")]
    theme: Option<String>,
    /// A keymap that Pilothouse comes with (default, vim), or a file of your own
    #[arg(long, value_name = "NAME|FILE")]
    keymap: Option<String>,
    /// Colours: auto, always, never, 16, 256 or truecolor
    #[arg(long, default_value = "auto", value_name = "WHEN")]
    color: ColorChoice,
    /// Draw with ASCII alone
    #[arg(long)]
    ascii: bool,
    /// Leave the mouse to the terminal; Alt-m takes it and gives it back
    #[arg(long)]
    no_mouse: bool,
}

impl Look {
    /// Whether the mouse is used.
    pub(super) fn has_mouse(&self) -> bool {
        !self.no_mouse
    }

    /// Reads the theme and the keymap. A theme that is wrong falls back to one that is not and
    /// a keymap's wrong rows are left out; the problems are shown.
    pub(super) fn read(&self) -> Result<(Theme, Keymap, Vec<Problem>)> {
        let depth = colour::depth(self.color, &TermEnv::read());
        let (theme, mut problems) = self.read_theme(depth)?;
        let (keymap, found) = self.read_keymap()?;
        problems.extend(found);
        Ok((theme.with_ascii(self.ascii), keymap, problems))
    }

    fn read_theme(&self, depth: Depth) -> Result<(Theme, Vec<Problem>)> {
        let usual = match depth {
            Depth::None => "mono",
            Depth::Sixteen => "ansi",
            Depth::True | Depth::Indexed => "dark",
        };
        let name = self.theme.as_deref().unwrap_or(usual);
        let loaded = if BUILT_IN.iter().any(|(own, _)| *own == name) {
            Theme::built_in(name, depth)
        } else {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let text = file("theme", name, &names)?;
            theme::load(&text, name, depth)
        };
        match loaded {
            Ok(theme) => Ok((theme, Vec::new())),
            Err(problems) => match Theme::built_in(usual, depth) {
                Ok(theme) => Ok((theme, problems)),
                Err(own) => Err(failed(Failure::Failed, sentence(&own))),
            },
        }
    }

    fn read_keymap(&self) -> Result<(Keymap, Vec<Problem>)> {
        match self.keymap.as_deref() {
            None | Some("default") => Ok(keymap::load(&[keymap::DEFAULT])),
            Some("vim") => Ok(keymap::load(&[keymap::DEFAULT, keymap::VIM])),
            Some(name) => {
                let text = file("keymap", name, &["default", "vim"])?;
                Ok(keymap::load(&[keymap::DEFAULT, Source { file: name, text: &text }]))
            }
        }
    }
}

fn sentence(problems: &[Problem]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

/// Reads a file of the person's.
fn file(what: &str, name: &str, names: &[&str]) -> Result<String> {
    std::fs::read_to_string(PathBuf::from(name)).map_err(|error| {
        let names = names.join(", ");
        failed(Failure::Usage, format!("cannot read the {what} {name}: {error}; use one of {names}, or a file that is there"))
    })
}
