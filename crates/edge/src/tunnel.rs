//! Upgraded connections, such as websockets.
//!
//! Responsible for passing bytes both ways until one side ends, the target is cut, or nothing
//! moved for too long. A tunnel counts as in flight on its target until then.

use std::sync::Arc;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;

use crate::claim::Claim;
use crate::link::Link;

/// Bytes read at once in either direction.
const BUFFER: usize = 16 * 1024;

/// One upgraded connection.
pub(crate) struct Tunnel {
    pub(crate) client: OnUpgrade,
    pub(crate) target: OnUpgrade,
    pub(crate) claim: Claim,
    pub(crate) link: Arc<Link>,
    pub(crate) timeout: Duration,
}

impl Tunnel {
    /// Passes bytes until there is no more to pass.
    pub(crate) async fn run(self) {
        let Self { client, target, claim, link, timeout } = self;
        let mut cuts = claim.target.cuts();
        if claim.is_cut() {
            return;
        }
        let pass = async {
            let (client, target) = (client.await?, target.await?);
            let (mut client, mut target) = (TokioIo::new(client), TokioIo::new(target));
            let copied =
                copy_bidirectional_with_sizes(&mut client, &mut target, BUFFER, BUFFER).await;
            if let Err(error) = copied {
                tracing::debug!(%error, "a tunnel ended with an error");
            }
            Ok::<(), hyper::Error>(())
        };
        tokio::select! {
            passed = pass => {
                if let Err(error) = passed {
                    tracing::debug!(%error, "a connection could not be upgraded");
                }
            }
            _ = cuts.changed() => {}
            () = silence(&link, timeout) => {}
        }
    }
}

/// Waits until nothing has moved for the whole timeout.
async fn silence(link: &Link, timeout: Duration) {
    loop {
        let left = timeout.saturating_sub(link.silence());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left).await;
    }
}
