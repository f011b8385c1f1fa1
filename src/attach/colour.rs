//! Finds out how many colours the terminal shows, without asking it.
//!
//! A question could stay unanswered and hold up the first frame, so that only the command line
//! and the environment count.

use std::str::FromStr;

use pilothouse_cockpit::theme::Depth;

/// What the command line says of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ColorChoice {
    /// As many as the terminal seems to show; none where `NO_COLOR` is set.
    #[default]
    Auto,
    /// As many as the terminal seems to show, and at least 16.
    Always,
    /// None.
    Never,
    /// This many.
    Depth(Depth),
}

impl FromStr for ColorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "auto" => Self::Auto,
            "always" => Self::Always,
            "never" => Self::Never,
            "16" => Self::Depth(Depth::Sixteen),
            "256" => Self::Depth(Depth::Indexed),
            "truecolor" => Self::Depth(Depth::True),
            _ => return Err("write auto, always, never, 16, 256 or truecolor".to_owned()),
        })
    }
}

/// What the environment says of the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct TermEnv {
    pub term: String,
    pub colorterm: String,
    pub no_color: bool,
}

impl TermEnv {
    /// Reads this process's environment.
    pub(super) fn read() -> Self {
        let text = |name| std::env::var(name).unwrap_or_default();
        Self {
            term: text("TERM"),
            colorterm: text("COLORTERM"),
            // Any value but an empty one counts: https://no-color.org.
            no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        }
    }
}

/// How many colours to draw with.
pub(super) fn depth(choice: ColorChoice, env: &TermEnv) -> Depth {
    match choice {
        ColorChoice::Never => Depth::None,
        ColorChoice::Depth(depth) => depth,
        ColorChoice::Auto if env.no_color => Depth::None,
        ColorChoice::Auto => seeming(env),
        ColorChoice::Always => match seeming(env) {
            Depth::None => Depth::Sixteen,
            depth @ (Depth::True | Depth::Indexed | Depth::Sixteen) => depth,
        },
    }
}

fn seeming(env: &TermEnv) -> Depth {
    let term = env.term.as_str();
    let begins = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
    if term.is_empty()
        || begins(&["vt1", "vt2", "vt3", "vt4", "vt5"])
        || term.ends_with("-m")
        || term.ends_with("-mono")
    {
        return Depth::None;
    }
    let modern =
        begins(&["xterm-kitty", "alacritty", "ghostty", "xterm-ghostty", "wezterm", "foot"]);
    if matches!(env.colorterm.as_str(), "truecolor" | "24bit")
        || term.ends_with("-direct")
        || modern
    {
        return Depth::True;
    }
    if term.contains("256color") { Depth::Indexed } else { Depth::Sixteen }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let check = |choice: &str, term: &str, colorterm: &str, no_color, expected| {
            let env = TermEnv { term: term.to_owned(), colorterm: colorterm.to_owned(), no_color };
            assert_eq!(
                depth(choice.parse().unwrap(), &env),
                expected,
                "{choice} {term} {colorterm} {no_color}"
            );
        };
        check("auto", "xterm", "", false, Depth::Sixteen);
        check("auto", "linux", "", false, Depth::Sixteen);
        check("auto", "tmux-256color", "", false, Depth::Indexed);
        check("auto", "xterm-256color", "truecolor", false, Depth::True);
        check("auto", "alacritty", "", false, Depth::True);
        check("auto", "vt220", "", false, Depth::None);
        check("auto", "", "truecolor", false, Depth::None);
        check("auto", "xterm-256color", "truecolor", true, Depth::None);
        check("always", "xterm-256color", "", true, Depth::Indexed);
        check("always", "vt100", "", true, Depth::Sixteen);
        check("never", "xterm-256color", "truecolor", false, Depth::None);
        check("truecolor", "vt100", "", true, Depth::True);
    }

    #[test]
    fn an_unknown_choice_says_which_there_are() {
        assert_eq!(
            "17".parse::<ColorChoice>(),
            Err("write auto, always, never, 16, 256 or truecolor".to_owned())
        );
    }
}
