//! Tells when an instance was started again or is gone.

use std::path::Path;

use pilothouse_core::effect::{Fault, Observation, Outcome};
use pilothouse_core::id::InstanceId;
use pilothouse_supervisor::{Handle, Liveness};
use rustix::fs::inotify;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use super::super::unit::{MOMENT, clean_up, look, over};
use super::super::{blocking, cancelled};
use super::{Local, proof, unit_of};
use crate::executor::{Attention, Ended};

impl Local {
    /// Watches an instance's supervisor until it is gone.
    pub(in super::super) async fn watch(&self, id: &InstanceId, attention: &Attention) -> Ended {
        let unit = unit_of(&self.places.instance(id));
        let handle = match look(&unit)? {
            Liveness::Alive(handle, _) => handle,
            Liveness::Starting => {
                tokio::time::sleep(MOMENT).await;
                return Err(Fault::transient("its supervisor is only starting"));
            }
            gone => return self.lost(&unit, &gone).await,
        };
        tokio::select! {
            () = attention.cancelled.cancelled() => cancelled(),
            ended = over(&handle) => {
                ended?;
                let gone = look(&unit)?;
                self.lost(&unit, &gone).await
            }
            fault = self.report(id, &handle, attention) => Err(fault),
        }
    }

    /// Tells of every new start of the instance; returns only when it can watch no longer.
    async fn report(&self, id: &InstanceId, handle: &Handle, attention: &Attention) -> Fault {
        let changes = match Changes::of(&handle.dir) {
            Ok(changes) => changes,
            Err(error) => {
                return Fault::transient(format!("cannot watch {}: {error}", handle.dir.display()));
            }
        };
        loop {
            match look(&handle.dir) {
                Ok(Liveness::Alive(_, status)) if status.main.is_some() => {
                    let observation = Observation::InstanceRestarted {
                        id: id.clone(),
                        restarts: status.restarts,
                        proof: proof(&status),
                    };
                    attention.observe(observation).await;
                }
                // Between two starts, or over: the next change or the other branch tells.
                Ok(_) => {}
                Err(fault) => return fault,
            }
            if let Err(error) = changes.next().await {
                return Fault::transient(format!("cannot watch {}: {error}", handle.dir.display()));
            }
        }
    }

    async fn lost(&self, unit: &Path, gone: &Liveness) -> Ended {
        let why = match gone {
            Liveness::Exited(record) => format!("it ended: {:?}", record.outcome).to_lowercase(),
            Liveness::Interrupted => {
                let unit = unit.to_owned();
                blocking("clearing up", move || clean_up(&unit)).await?;
                "its supervisor was killed".to_owned()
            }
            Liveness::OtherBoot => "this machine was started anew".to_owned(),
            Liveness::NeverStarted => "its files are gone".to_owned(),
            Liveness::Alive(..) | Liveness::Starting => {
                return Err(Fault::transient("its supervisor is neither alive nor over"));
            }
        };
        Ok(Outcome::Lost { why })
    }
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
