//! The processes of the world: what is really running.

use pilothouse_core::time::Timestamp;

/// What is wrong with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Its build fails.
    Fails,
    /// Its build hangs until it is ended.
    Hangs,
    /// Its instances cannot be started.
    Unstartable,
    /// Its instances are never healthy.
    Sick,
    /// Its instances turn unhealthy soon after they began to serve.
    Turns,
    /// Its instances are started again soon after they began to serve.
    Restarts,
    /// Its instances are lost soon after they began to serve.
    Dies,
    /// Its instances never run out of requests.
    Busy,
    /// Its instances take long to stop.
    Clings,
}

impl Trouble {
    pub const ALL: [(&str, Self); 9] = [
        ("fails", Self::Fails),
        ("hangs", Self::Hangs),
        ("unstartable", Self::Unstartable),
        ("sick", Self::Sick),
        ("turns", Self::Turns),
        ("restarts", Self::Restarts),
        ("dies", Self::Dies),
        ("busy", Self::Busy),
        ("clings", Self::Clings),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, trouble)| *trouble)
    }
}

/// Where a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Host,
    Container,
    /// In a container whose engine is away.
    Unreachable,
}

/// One real process with its supervisor.
#[derive(Clone, Debug)]
pub struct Process {
    pub port: u16,
    pub proof: String,
    pub restarts: u32,
    pub alive: bool,
    pub place: Place,
    /// Healthy from then on; never where none.
    pub healthy_at: Option<Timestamp>,
    /// Unhealthy from then on.
    pub turns_at: Option<Timestamp>,
    /// Started again by its supervisor then.
    pub restarts_at: Option<Timestamp>,
    /// Lost then.
    pub dies_at: Option<Timestamp>,
    /// Whether it ever served, and has drained since.
    pub served: bool,
    pub drained: bool,
    /// Whether it takes new requests well: it never does so until it has answered a check.
    pub troubles: Vec<Trouble>,
}

impl Process {
    pub fn is_healthy(&self, now: Timestamp) -> bool {
        self.alive
            && self.place != Place::Unreachable
            && self.healthy_at.is_some_and(|at| at <= now)
            && self.turns_at.is_none_or(|at| at > now)
    }

    /// Points in time at which it changes by itself.
    pub fn changes(&self) -> impl Iterator<Item = Timestamp> + use<> {
        [self.healthy_at, self.turns_at, self.restarts_at, self.dies_at].into_iter().flatten()
    }

    pub fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }
}
