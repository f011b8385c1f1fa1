//! `pilothouse serve`: the engine.

use std::ops::RangeInclusive;
use std::str::FromStr;

use color_eyre::Result;
use pilothouse_engine::engine::{Stopped, run as run_engine};
use pilothouse_engine::root::LOG;
use pilothouse_engine::server::Door;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::said;
use crate::exit::{Failure, failed};
use crate::find::Place;
use crate::{compose, descriptors, out, trace};

/// How the engine runs.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// Runs that execute at once
    #[arg(long, default_value_t = 2)]
    pub executors: u32,
    /// Ports that local instances get, one each; a deployment needs as many again
    #[arg(long, default_value = "20000-29999", value_name = "FIRST-LAST")]
    pub ports: Ports,
    /// Let every user of this machine watch
    #[arg(long)]
    pub watch_all: bool,
    /// Go on where the journal's newest records are lost. Each environment goes back to the release that it had
    /// by the records that are there, and answers 503 until instances of that are up; the log and `doctor` name
    /// what still runs of the others
    #[arg(long)]
    pub accept_lost_records: bool,
    /// Milliseconds before the first retry of what failed
    #[arg(long, default_value_t = 500, hide = true)]
    pub retry_ms: u64,
    /// Milliseconds between two looks at an account at AWS while somebody is attached
    #[arg(long, default_value_t = 10_000, hide = true, value_parser = clap::value_parser!(u64).range(100..))]
    pub aws_interval_ms: u64,
}

/// A range of ports.
#[derive(Clone, Debug)]
pub struct Ports(RangeInclusive<u16>);

impl From<Ports> for RangeInclusive<u16> {
    fn from(ports: Ports) -> Self {
        ports.0
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is no range of ports; write one such as 20000-29999");
        let (first, last) = text.split_once('-').ok_or_else(wanted)?;
        let first: u16 = first.parse().map_err(|_| wanted())?;
        let last: u16 = last.parse().map_err(|_| wanted())?;
        if first == 0 || first > last {
            return Err(wanted());
        }
        Ok(Self(first..=last))
    }
}

/// Runs the engine until it is told to go.
pub fn run(place: &Place, serve: &Serve) -> Result<()> {
    if said("serve", &["socket"]).is_some() {
        let why = "serve has its sockets in `run` of its state directory, which --state names; \
                   --socket is for who asks it";
        return Err(failed(Failure::Usage, why));
    }
    descriptors::close_inherited();
    keep_to_oneself();
    trace::begin(place.state_dir().join(LOG));
    let settings = compose::engine(place, serve)?;
    let socket = settings.sockets.path(Door::Operator);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("engine")
        .enable_all()
        .build()?;
    let stopped = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        // A terminal that goes away does not end the engine.
        let mut hang_up = signal(SignalKind::hangup())?;
        let asked = stop.clone();
        let ready = || {
            out::line(&format!("the engine answers on {}", out::path(&socket)));
            // Who shares this environment would ask there, and find nobody.
            if let Some(other) = place.socket.as_ref().filter(|other| **other != socket) {
                out::error(&format!(
                    "it does not at {}, as PILOTHOUSE_SOCKET says",
                    out::path(other)
                ));
            }
        };
        let engine = run_engine(settings, stop, ready);
        tokio::pin!(engine);
        loop {
            tokio::select! {
                stopped = &mut engine => return color_eyre::Result::<Stopped>::Ok(stopped?),
                _ = terminate.recv() => asked.cancel(),
                _ = interrupt.recv() => asked.cancel(),
                _ = hang_up.recv() => {}
            }
        }
    })?;
    out::line(match stopped {
        Stopped::Asked => "the engine has stopped; instances and the edge serve on",
        Stopped::Halted => "the engine, all instances and the edge have stopped",
        Stopped::EdgeLeft(left) => {
            let why = format!("the engine and all instances have stopped, and {left}");
            return Err(failed(Failure::Failed, why));
        }
    });
    Ok(())
}

/// Lets nobody else write what this process and those that it starts make, whatever umask it was
/// started with: a state directory that others may write to is not worked in.
fn keep_to_oneself() {
    let others = Mode::WGRP | Mode::WOTH;
    let own = umask(others);
    umask(own | others);
}
