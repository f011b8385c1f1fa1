//! Puts the engine together and runs it.

mod listener;
mod loss;
mod token;
mod view;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_core::id::RunId;
use pilothouse_core::state::Limits;
use tokio_util::sync::CancellationToken;

use crate::accounts::{self, Looking};
use crate::audit::{self, Audit};
use crate::driver::{Drivers, Surroundings};
use crate::journal::{ACCEPT, Disk, DiskError, Losses, is_new};
use crate::kernel::{Kernel, Ledger, OpenError};
use crate::places::Places;
use crate::publish::{PublishLimits, Publisher};
use crate::reserve::Reserve;
use crate::root::{DIRECTORIES, Foreign, foreign, make};
use crate::server::{BindError, Bound, ServeLimits, SocketSettings};
use crate::{clock::Clock, left, samples, tidy};

/// What an engine is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it keeps everything.
    pub state_dir: PathBuf,
    /// This binary, which also supervises and is the edge.
    pub binary: PathBuf,
    /// Ports that local instances get.
    pub ports: RangeInclusive<u16>,
    /// Its sockets.
    pub sockets: SocketSettings,
    /// Runs that execute at once.
    pub executors: u32,
    /// Time between two samples, while somebody looks.
    pub sample_interval: Duration,
    /// The first wait after a failure.
    pub retry_first: Duration,
    /// How accounts at AWS are looked at.
    pub looking: Looking,
    /// What is done with a journal that lost its newest records.
    pub losses: Losses,
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory cannot be opened.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The disk refuses.
    #[error("{0}{help}", help = .0.help())]
    Disk(#[from] DiskError),
    /// A file of the state directory cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else could exchange what the engine runs.
    #[error("{} is not safe to work in: {foreign}", state.display())]
    Foreign {
        /// The state directory.
        state: PathBuf,
        /// What is wrong, and with what.
        foreign: Foreign,
    },
    /// An engine worked in the state directory, and its journal is gone.
    #[error(
        "{} holds no records, and an engine worked here before. Restore it from a backup, with all its files \
         right in it. To begin anew instead: end what still runs, and move {} away", journal.display(),
        state.display()
    )]
    Forgotten {
        /// The journal's directory.
        journal: PathBuf,
        /// The state directory.
        state: PathBuf,
    },
    /// Processes of an engine of before run on without their locks.
    #[error(
        "{} was removed, moved away or put back while {} of its processes ran, which run on; the first works on \
         {}. Put it back in its place, where it was moved away, or end them, with what they serve: `{}`", state.display(), all.len(),
        all.first().map_or(state, |one| &one.dir).display(), left::end_displaced(all)
    )]
    Displaced {
        /// The state directory.
        state: PathBuf,
        /// The processes.
        all: Vec<left::Displaced>,
    },
    /// The state directory is a copy of another one, whose processes run.
    #[error("{} {}; {}", state.display(), original.found(), original.mend())]
    Copied {
        /// The copy.
        state: PathBuf,
        /// The other one.
        original: left::Original,
    },
    /// The state directory is another, or none, by now.
    #[error(
        "{} was removed, moved away or replaced while the engine worked in it: the engine has ended, and what \
         serves serves on. Put the directory back as it was and start the engine again", state.display()
    )]
    Moved {
        /// The state directory.
        state: PathBuf,
    },
    /// Something was done for a run that the journal does not know.
    #[error(
        "{} is of a run that the journal does not know, which ends with run {last}: its newest records are gone, \
         or an older copy of it stands in place of the newest. Restore the newest one; nothing was removed. To go \
         on with the older one instead, {ACCEPT}", run.display()
    )]
    Behind {
        /// The run's directory.
        run: PathBuf,
        /// The last run of the journal.
        last: RunId,
    },
    /// A socket cannot be opened.
    #[error(transparent)]
    Socket(#[from] BindError),
}

/// Time between two looks whether the state directory is still the same.
const LOOK: Duration = Duration::from_secs(1);

/// How an engine came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was told to go; instances and the edge serve on.
    Asked,
    /// Everything was stopped, as a halt asked for.
    Halted,
    /// The same, but for the edge. This says what is left of it, as the end of a sentence.
    EdgeLeft(String),
}

/// Runs an engine until it is told to go or everything was halted.
///
/// `ready` is called once clients are answered.
pub async fn run(
    settings: Settings,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<Stopped, StartError> {
    let places = Places::new(&settings.state_dir);
    private(&settings.state_dir)?;
    // Where there is none, the start needs none of it, or fails by what it does need.
    let reserve = Reserve::spend(&places).ok();
    let told = left::table_epoch(&places);
    let mut ledger = Ledger::open_as(&places.journal(), Disk::default(), told, settings.losses)?;
    let lock = held(&places)?;
    // Known to this engine and its edge only.
    let probe_token = token::kept(&settings.state_dir, "probe-token", 32)?;
    let surroundings = Surroundings {
        places: places.clone(),
        clock: Clock::start(ledger.last_at()),
        binary: settings.binary.clone(),
        ports: settings.ports.clone(),
        probe_token,
        engine_id: token::kept(&settings.state_dir, Places::ENGINE_ID, 4)?,
    };
    let drivers = Arc::new(Drivers::new(&surroundings));
    let publisher = Publisher::new(PublishLimits::default(), Arc::new(ledger.state().clone()));
    let mut audit = Audit::open(&places.audit(), audit::Limits::default(), Disk::default())?;
    loss::note(&settings, &places, &mut ledger, &mut audit, surroundings.clock)?;
    let (listener, changed) = listener::listener(publisher.clone(), audit, surroundings.clock);
    let limits = limits(&settings);
    let performer: Arc<dyn crate::executor::Perform> = Arc::clone(&drivers) as _;
    let (kernel, handle) = Kernel::new(ledger, performer, listener, limits, surroundings.clock);
    let sockets = Bound::open(&settings.sockets).await?;
    let view = view::Engine {
        handle: handle.clone(),
        publisher: publisher.clone(),
        places: places.clone(),
        drivers: Arc::clone(&drivers),
        looks: Arc::new(tokio::sync::Semaphore::new(view::LOOKS)),
    };

    let mut tasks = tokio::task::JoinSet::new();
    let own = CancellationToken::new();
    tasks.spawn(kernel.run(own.clone()));
    tasks.spawn(sockets.serve(Arc::new(view), ServeLimits::default(), own.clone()));
    tasks.spawn(samples::sample(
        Arc::clone(&drivers),
        places.clone(),
        publisher.clone(),
        surroundings.clock,
        settings.sample_interval,
        own.clone(),
    ));
    tasks.spawn(accounts::look(
        settings.looking,
        publisher.clone(),
        surroundings.clock,
        own.clone(),
    ));
    tasks.spawn(keep_tidy(places, Arc::clone(&drivers), publisher, changed, own.clone()));
    ready();
    if let Some(reserve) = reserve {
        tasks.spawn(reserve.keep(own.clone()));
    }
    let mut halted = handle;
    let stopped = tokio::select! {
        () = stop.cancelled() => Ok(Stopped::Asked),
        () = halted.halted() => Ok(Stopped::Halted),
        () = moved(lock) => Err(StartError::Moved { state: settings.state_dir.clone() }),
    };
    own.cancel();
    while tasks.join_next().await.is_some() {}
    let stopped = stopped?;
    if stopped != Stopped::Halted {
        return Ok(stopped);
    }
    Ok(drivers.edge().end().await.map_or_else(Stopped::EdgeLeft, |_lock| stopped))
}

fn limits(settings: &Settings) -> Limits {
    let retry_first = millis(settings.retry_first);
    Limits { executors: settings.executors, retry_first, ..Limits::default() }
}

/// The journal's lock, which this engine has by now, and which file it is.
fn held(places: &Places) -> Result<(PathBuf, Option<(u64, u64)>), StartError> {
    let journal = places.journal();
    let held = lock_at(&journal);
    let unseen = |source| StartError::File { what: "look at", path: journal.clone(), source };
    Ok((journal.clone(), held.map_err(unseen)?))
}

/// Which file the journal's lock is, at its path; none where there is none.
fn lock_at(journal: &std::path::Path) -> std::io::Result<Option<(u64, u64)>> {
    use std::os::unix::fs::MetadataExt as _;
    match std::fs::metadata(journal.join("lock")) {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until another lock, or none, is where this engine's was: it owns the directory no more, and
/// another engine can start there.
async fn moved((journal, held): (PathBuf, Option<(u64, u64)>)) {
    let mut looks = tokio::time::interval(LOOK);
    // A disk that refuses to tell says nothing.
    while lock_at(&journal).map_or(true, |now| now == held) {
        looks.tick().await;
    }
}

/// Refuses a state in which an engine worked and whose journal is gone: nobody knows what still
/// runs, and what was built has the names of what comes.
pub fn remembers(state: &std::path::Path) -> Result<(), StartError> {
    let journal = Places::new(state).journal();
    if is_new(&journal) && state.join(Places::ENGINE_ID).exists() {
        return Err(StartError::Forgotten { journal, state: state.to_owned() });
    }
    Ok(())
}

/// Tidies up whenever something was forgotten, and at the start.
async fn keep_tidy(
    places: Places,
    drivers: Arc<Drivers>,
    publisher: Publisher,
    mut changed: tokio::sync::watch::Receiver<()>,
    stop: CancellationToken,
) {
    loop {
        let (places, known) = (places.clone(), publisher.clone());
        let tidied =
            tokio::task::spawn_blocking(move || tidy::tidy(&places, || known.state())).await;
        if let Err(error) = tidied {
            tracing::warn!(%error, "tidying up broke off");
        }
        drivers.docker().sweep(|| publisher.state()).await;
        tokio::select! {
            () = stop.cancelled() => return,
            gone = changed.changed() => if gone.is_err() { return },
        }
    }
}

fn millis(length: Duration) -> pilothouse_core::time::Millis {
    pilothouse_core::time::Millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

/// Makes the state directory, which only its owner may look into. Others may pass through it to
/// a socket that they are allowed to open, and see nothing on the way. Where nobody may work there it
/// is refused first, and nothing is made.
fn private(dir: &std::path::Path) -> Result<(), StartError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |source| StartError::File { what: "prepare", path: dir.to_owned(), source };
    let looked = |source| StartError::File { what: "look at", path: dir.to_owned(), source };
    if let Some(foreign) = foreign(dir).map_err(looked)? {
        return Err(StartError::Foreign { state: dir.to_owned(), foreign });
    }
    let all = left::displaced(&Places::new(dir));
    if !all.is_empty() {
        return Err(StartError::Displaced { state: dir.to_owned(), all });
    }
    if let Some(original) = left::original(&Places::new(dir)) {
        return Err(StartError::Copied { state: dir.to_owned(), original });
    }
    // A directory that is made in the place of a journal would take in the backup that is moved there.
    remembers(dir)?;
    make(dir).map_err(failed)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711)).map_err(failed)?;
    for part in DIRECTORIES {
        let path = dir.join(part);
        let failed = |source| StartError::File { what: "prepare", path: path.clone(), source };
        std::fs::create_dir_all(&path).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}
