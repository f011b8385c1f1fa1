//! The names under which themes set styles.

macro_rules! scopes {
    ($($variant:ident $name:literal,)*) => {
        /// Something that has a style of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Scope {
            $(#[doc = concat!("The scope `", $name, "`.")] $variant,)*
        }

        impl Scope {
            /// All scopes with their names; every theme says something for each of them.
            pub const ALL: &[(Self, &str)] = &[$((Self::$variant, $name),)*];
        }
    };
}

scopes! {
    Background "ui.background",
    Text "ui.text",
    Dim "ui.text.dim",
    Strong "ui.text.strong",
    Border "ui.border",
    BorderFocus "ui.border.focus",
    Title "ui.title",
    TitleFocus "ui.title.focus",
    Header "ui.header",
    Selection "ui.selection",
    SelectionUnfocused "ui.selection.unfocused",
    Match "ui.match",
    Statusline "ui.statusline",
    ReadOnly "ui.statusline.readonly",
    StaleLine "ui.statusline.stale",
    Prompt "ui.prompt",
    Popup "ui.popup",
    PopupBorder "ui.popup.border",
    HelpKey "ui.help.key",
    HelpDesc "ui.help.desc",
    Button "ui.button",
    ButtonFocus "ui.button.focus",
    ButtonDanger "ui.button.danger",
    Toast "ui.toast",
    ToastError "ui.toast.error",
    EnvProd "env.prod",
    EnvPreview "env.preview",
    EnvOther "env.other",
    StateOk "state.ok",
    StateDone "state.done",
    StatePending "state.pending",
    StateRunning "state.running",
    StateReady "state.ready",
    StateWarn "state.warn",
    StateError "state.error",
    StateUnknown "state.unknown",
    StateStale "state.stale",
    StateDraining "state.draining",
    StateNone "state.none",
    CostZero "cost.zero",
    CostMoney "cost.money",
    LogTime "log.time",
    LogErr "log.stderr",
    LogMatch "log.match",
    LogStep "log.step",
    DiffPlus "diff.plus",
    DiffMinus "diff.minus",
    Graph "graph",
}

/// A state that has a glyph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It serves, or passed, and goes on.
    Ok,
    /// It is over and went well.
    Done,
    /// It waits.
    Pending,
    /// It happens now.
    Running,
    /// It waits for a person.
    Ready,
    /// It is on its way, or not whole.
    Warn,
    /// It failed.
    Error,
    /// Nobody knows.
    Unknown,
    /// It was true some time ago.
    Stale,
    /// It finishes what it has.
    Draining,
    /// There is nothing.
    None,
}

impl Mark {
    /// All states with the scopes that style them.
    pub const ALL: [(Self, Scope); 11] = [
        (Self::Ok, Scope::StateOk),
        (Self::Done, Scope::StateDone),
        (Self::Pending, Scope::StatePending),
        (Self::Running, Scope::StateRunning),
        (Self::Ready, Scope::StateReady),
        (Self::Warn, Scope::StateWarn),
        (Self::Error, Scope::StateError),
        (Self::Unknown, Scope::StateUnknown),
        (Self::Stale, Scope::StateStale),
        (Self::Draining, Scope::StateDraining),
        (Self::None, Scope::StateNone),
    ];

    /// The scope that styles it.
    pub fn scope(self) -> Scope {
        Self::ALL.get(self as usize).map_or(Scope::StateNone, |(_, scope)| *scope)
    }
}

impl Scope {
    /// Its name in theme files.
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| name)
    }
}
