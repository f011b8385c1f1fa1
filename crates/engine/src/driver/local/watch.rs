//! Tells when an instance was started again or is gone.

use std::path::Path;

use pilothouse_core::effect::{Fault, Observation, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_core::text::printable;
use pilothouse_supervisor::{Handle, Liveness, MainExit, SocketOwner, socket_owner};
use rustix::fs::inotify;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use super::super::unit::{MOMENT, clean_up, look, over};
use super::super::{blocking, cancelled, docker};
use super::{Local, address, alive, proof, unit_of};
use crate::executor::{Attention, Ended};

impl Local {
    /// Watches an instance's supervisor until it is gone.
    pub(in super::super) async fn watch(&self, id: &InstanceId, attention: &Attention) -> Ended {
        let home = self.places.instance(id);
        let unit = unit_of(&home);
        let handle = match look(&unit)? {
            Liveness::Alive(handle, _) => handle,
            Liveness::Starting => {
                tokio::time::sleep(MOMENT).await;
                return Err(Fault::transient("its supervisor is only starting"));
            }
            gone => return self.lost(id, &home, &gone).await,
        };
        tokio::select! {
            () = attention.cancelled.cancelled() => cancelled(),
            ended = over(&handle) => {
                ended?;
                let gone = look(&unit)?;
                self.lost(id, &home, &gone).await
            }
            ended = self.report(id, &home, &handle, attention) => ended,
        }
    }

    /// Tells of every new start of the instance; returns only when it can watch no longer, or
    /// when the instance cannot go on as what it was.
    async fn report(
        &self,
        id: &InstanceId,
        home: &Path,
        handle: &Handle,
        attention: &Attention,
    ) -> Ended {
        let failed = |error: std::io::Error| {
            Fault::transient(format!("cannot watch {}: {error}", handle.dir.display()))
        };
        let changes = Changes::of(&handle.dir).map_err(failed)?;
        loop {
            let id = id.clone();
            let (place, unit) = (home.to_path_buf(), handle.dir.clone());
            match blocking("looking at the instance", move || now(&place, &unit)).await? {
                Now::Runs { restarts, proof, address, ill, is_own } => {
                    let check = match ill {
                        Some(why) => Some(Observation::InstanceIll { id: id.clone(), why }),
                        // Only a container has a check of its own, and only it tells its address.
                        None => address.map(|_| Observation::InstanceWell { id: id.clone() }),
                    };
                    let runs =
                        Observation::InstanceRestarted { id, restarts, proof, address, is_own };
                    attention.observe(runs).await;
                    if let Some(check) = check {
                        attention.observe(check).await;
                    }
                }
                // Its address may be anybody's from now on.
                Now::Over { exit, by_itself } => {
                    let why = self.why_ended(&id, exit)?;
                    attention.observe(Observation::InstanceEnded { id, why, by_itself }).await;
                }
                // The next change or the other branch tells.
                Now::Unknown => {}
            }
            changes.next().await.map_err(failed)?;
        }
    }

    async fn lost(&self, id: &InstanceId, home: &Path, gone: &Liveness) -> Ended {
        let unit = unit_of(home);
        let why = match gone {
            Liveness::Exited(record) => format!("it ended: {:?}", record.outcome).to_lowercase(),
            Liveness::Interrupted => {
                blocking("clearing up", move || clean_up(&unit)).await?;
                "its supervisor was killed".to_owned()
            }
            Liveness::OtherBoot => "this machine was started anew".to_owned(),
            Liveness::NeverStarted => "its files are gone".to_owned(),
            Liveness::Alive(..) | Liveness::Starting => {
                return Err(Fault::transient("its supervisor is neither alive nor over"));
            }
        };
        self.leave_no_container(id, home).await?;
        Ok(Outcome::Lost { why })
    }
}

/// What becomes of an instance.
enum Now {
    /// It runs.
    Runs {
        /// How often it was started again by now, by its supervisor or by the owner of its
        /// container.
        restarts: u32,
        proof: String,
        /// Where it is reached, if that may be elsewhere than before.
        address: Option<std::net::SocketAddr>,
        /// What a check of its own says that fails.
        ill: Option<String>,
        /// Whether the socket at its address is its own by now. Of a container nobody asks.
        is_own: bool,
    },
    /// What ran is over, and nothing runs yet.
    Over {
        /// How it ended, if that is known.
        exit: Option<MainExit>,
        /// Whether it is known that no engine of containers took it along.
        by_itself: bool,
    },
    /// Nobody tells. A container whose owner was killed runs on, and the next owner finds it.
    Unknown,
}

fn now(home: &Path, unit: &Path) -> Result<Now, Fault> {
    let Some((handle, status)) = alive(unit)? else { return Ok(Now::Unknown) };
    if !docker::is_container(home) {
        return Ok(match status.main {
            Some(_) => {
                let owner = address::read(home).map(|address| socket_owner(&handle, address));
                let is_own = matches!(owner, Ok(Ok(SocketOwner::Unit)));
                let restarts = status.restarts;
                Now::Runs { restarts, proof: proof(&status), address: None, ill: None, is_own }
            }
            None => Now::Over { exit: status.last_exit, by_itself: true },
        });
    }
    let Some(record) = docker::record_of(unit, None)? else { return Ok(Now::Unknown) };
    let restarts = status.restarts.saturating_add(record.renewals);
    let is_own = status.main.is_some_and(|main| i64::from(main.pid) == i64::from(record.owner));
    Ok(match record.address {
        Some(_) if is_own => Now::Runs {
            restarts,
            proof: docker::proof(&record),
            address: record.address,
            ill: record.ill.map(|said| printable(&said, 400)),
            is_own: false,
        },
        Some(_) => Now::Unknown,
        None => {
            let by_itself = record.ended.is_some();
            // Its owner ends a moment later, with the same status.
            Now::Over { exit: record.ended.map(MainExit::Code).or(status.last_exit), by_itself }
        }
    })
}

/// Changes of a unit's status file, by inotify(7), so that nobody asks again and again.
struct Changes(AsyncFd<rustix::fd::OwnedFd>);

impl Changes {
    fn of(dir: &Path) -> std::io::Result<Self> {
        let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
        let fd = inotify::init(flags)?;
        inotify::add_watch(&fd, dir, inotify::WatchFlags::MOVED_TO)?;
        #[expect(
            deprecated,
            reason = "sound here: the descriptor is owned; the successor is unsafe"
        )]
        let watched = AsyncFd::new(fd)?;
        Ok(Self(watched))
    }

    async fn next(&self) -> std::io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut buffer = [0u8; 4096];
            match rustix::io::read(self.0.get_ref(), &mut buffer) {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
