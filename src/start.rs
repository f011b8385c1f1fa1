//! Starts a personal engine in the background where none answers.
//!
//! It never starts one beside an installed engine, nor at a socket that somebody named: those
//! belong to whoever runs them.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use color_eyre::Result;
use color_eyre::eyre::WrapErr as _;
use pilothouse_api::client::{Client, ClientError};
use pilothouse_core::text::printable;
use pilothouse_engine::engine::StartError;
use pilothouse_engine::room::measure;
use pilothouse_engine::root::{LOG, foreign, make};
use rustix::fs::OFlags;

use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{ask, out};

/// How long a new engine may take until it answers: it reads its journal first.
const WITHIN: Duration = Duration::from_secs(30);
/// Time between two looks whether it answers.
const STEP: Duration = Duration::from_millis(20);
/// How much of the end of the log is searched for its last line, in bytes.
const TAIL: usize = 4096;
/// Less room than this, in bytes, takes no line of a log.
const TOO_LITTLE: u64 = 4096;
/// How much of what the engine said last is told, in characters: what mends it stands at its end.
const SAID: usize = 1500;

/// Makes sure that an engine answers; starts a personal one if need be.
pub fn ensure_engine(place: &Place) -> Result<()> {
    let client = ask::operator(place);
    match answers(&client) {
        Ok(()) => return Ok(()),
        Err(ClientError::EngineUnreachable { socket, why }) => {
            if place.socket.is_some() || place.is_installed() {
                let socket = socket.display();
                let why = format!(
                    "no engine answers at {socket}: {why}; whoever runs it there starts it"
                );
                return Err(failed(Failure::Unreachable, why));
            }
        }
        Err(error) => return Err(error.into()),
    }
    let dir = std::path::absolute(place.state_dir())
        .wrap_err_with(|| format!("cannot resolve {}", place.state_dir().display()))?;
    let log = dir.join(LOG);
    let said = length(&log);
    let engine = spawn(&dir, &log)?;
    wait(&client, engine, &log, said)?;
    out::error(&format!("started an engine in the background; its log is {}", out::path(&log)));
    Ok(())
}

/// Why no engine answers, if none does.
pub fn unanswered(place: &Place) -> Option<String> {
    match answers(&ask::operator(place)) {
        Err(error @ ClientError::EngineUnreachable { .. }) => Some(error.to_string()),
        Ok(()) | Err(_) => None,
    }
}

fn answers(client: &Client) -> Result<(), ClientError> {
    let asked = ask::run(async { Ok(ask::patiently(client, client.version()).await) });
    match asked {
        Ok(answer) => answer.map(|_| ()),
        Err(error) => Err(ClientError::Protocol {
            socket: client.socket().to_owned(),
            what: error.to_string(),
        }),
    }
}

fn spawn(dir: &Path, log: &Path) -> Result<Child> {
    let cannot = |what: &str| format!("cannot {what} {}", log.display());
    // The engine refuses such a one as well, and has its log in it by then.
    let found = foreign(dir).wrap_err_with(|| format!("cannot look at {}", dir.display()))?;
    if let Some(foreign) = found {
        let refusal = StartError::Foreign { state: dir.to_owned(), foreign };
        return Err(failed(Failure::Refused, refusal.to_string()));
    }
    make(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    let mut options = File::options();
    // A link in its place may be somebody else's, from a time when the directory was open to them.
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let out = options.create(true).append(true).mode(0o600).custom_flags(flags).open(log);
    let out = out.wrap_err_with(|| cannot("open"))?;
    let err = out.try_clone().wrap_err_with(|| cannot("open"))?;
    let binary = std::env::current_exe().wrap_err("cannot find this program's own file")?;
    // A working directory of its own would keep a file system from being unmounted.
    Command::new(&binary)
        .arg("--state")
        .arg(dir)
        .arg("background")
        .env_remove("PILOTHOUSE_SOCKET")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .wrap_err_with(|| format!("cannot start {}", binary.display()))
}

/// How long a log is, in bytes; 0 where there is none.
fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |found| found.len())
}

/// Waits until the engine answers, whose log had so many bytes before it was started.
fn wait(client: &Client, mut engine: Child, log: &Path, said: u64) -> Result<()> {
    let until = Instant::now() + WITHIN;
    loop {
        let ended = engine.try_wait().wrap_err("cannot look after the engine")?;
        // Another start of the same moment may have won, which is as good.
        if answers(client).is_ok() {
            return Ok(());
        }
        if ended.is_some() {
            let why = full(log, said).unwrap_or_else(|| last_line(log));
            let why = format!("the engine did not start: {why}");
            return Err(failed(Failure::Unreachable, why));
        }
        if Instant::now() >= until {
            let why = format!(
                "the engine did not answer within {WITHIN:?}; {} ends with: {}",
                log.display(),
                last_line(log)
            );
            return Err(failed(Failure::Unreachable, why));
        }
        std::thread::sleep(STEP);
    }
}

/// That an engine could say nothing, because there is no room for its log.
fn full(log: &Path, said: u64) -> Option<String> {
    let dir = log.parent()?;
    let room = measure(dir).ok()?;
    (length(log) == said && room.free < TOO_LITTLE).then(|| {
        format!(
            "there is no room on the disk of {}: make some there and start it again",
            dir.display()
        )
    })
}

/// What the engine said last: its error with its causes, or else its last line.
fn last_line(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let tail = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    let text = String::from_utf8_lossy(tail);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let error = lines.iter().rposition(|line| line.starts_with(crate::exit::PREFIX));
    let said = lines.get(error.unwrap_or(lines.len().saturating_sub(1))..).unwrap_or_default();
    if said.is_empty() {
        return "it said nothing".to_owned();
    }
    let said = said.join(" ");
    printable(said.strip_prefix(crate::exit::PREFIX).unwrap_or(&said), SAID)
}

/// Becomes the engine, in a session of its own: a terminal that goes away takes nothing along.
pub fn background(place: &Place) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    // It fails only where this process leads a session already.
    let _ = rustix::process::setsid();
    let binary = std::env::current_exe().wrap_err("cannot find this program's own file")?;
    let error = Command::new(binary).arg("--state").arg(place.state_dir()).arg("serve").exec();
    Err(color_eyre::Report::new(error).wrap_err("cannot become the engine"))
}
