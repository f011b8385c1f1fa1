//! Makes one target's health checks.
//!
//! Responsible for asking on a connection of its own each time, so that a check also proves
//! that the target accepts connections, and for naming what went wrong.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use pilothouse_core::routing::{HealthCheck, Reason, Target, TargetState};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Outcome;
use crate::edge::{Edge, now_ms};
use crate::line::{Awaited, TargetIo};
use crate::live::LiveTarget;

/// What is read of a target's answer at most, in bytes: its head, and whatever comes before it.
const MOST: u64 = 128 << 10;

/// Checks a target again and again; ends only by being aborted.
pub(crate) async fn run(edge: Arc<Edge>, target: Arc<LiveTarget>, check: HealthCheck) {
    loop {
        let began = Instant::now();
        let outcome = once(&target.target, &check).await;
        let before = target.health().state;
        if target.observe(outcome, &check, now_ms()) {
            tell(&target, before);
            edge.changed();
        }
        tokio::select! {
            () = tokio::time::sleep_until(began + check.interval) => {}
            () = target.kick.notified() => {}
        }
    }
}

fn tell(target: &LiveTarget, before: TargetState) {
    let health = target.health();
    if health.state != before {
        tracing::info!(
            target_id = %target.target.id,
            address = %target.target.address,
            state = ?health.state,
            detail = %health.detail,
            "a target's health state changed"
        );
    }
}

async fn once(target: &Target, check: &HealthCheck) -> Outcome {
    match timeout(check.timeout, ask(target, check)).await {
        Ok(Ok(status)) if check.accepts(status) => Outcome::Passed,
        Ok(Ok(status)) => Outcome::Failed {
            reason: Reason::ResponseCodeMismatch,
            detail: format!("answered {status}, wanted {}", check.wanted()),
        },
        Ok(Err(failed)) => failed,
        Err(_) => Outcome::Failed {
            reason: Reason::Timeout,
            detail: format!("did not answer within {:?}", check.timeout),
        },
    }
}

async fn ask(target: &Target, check: &HealthCheck) -> Result<u16, Outcome> {
    let stream = TcpStream::connect(target.address).await.map_err(|error| refused(&error))?;
    let request = Request::get(check.path.as_str())
        .header(HOST, target.address.to_string())
        .header(USER_AGENT, "Pilothouse-HealthChecker/1")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| internal(&error))?;
    let io = TargetIo::once(stream, MOST);
    let awaited = io.awaited();
    let (mut sender, connection) =
        handshake(TokioIo::new(io)).await.map_err(|error| broken(&error, &awaited))?;
    let mut connection = pin!(connection);
    let mut asking = pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = asking.as_mut() => answer,
        _ = connection.as_mut() => asking.await,
    };
    answer.map(|response| response.status().as_u16()).map_err(|error| broken(&error, &awaited))
}

fn refused(error: &io::Error) -> Outcome {
    let detail = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::HostUnreachable => "no route to the host".to_owned(),
        _ if is_our_own(error) => return internal(error),
        _ => format!("cannot connect: {error}"),
    };
    Outcome::Failed { reason: Reason::FailedHealthChecks, detail }
}

/// Says whether this process or its host is at fault: out of files, memory or ports.
fn is_our_own(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let own = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    own.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn broken(error: &hyper::Error, awaited: &Awaited) -> Outcome {
    let detail = if awaited.is_too_much() {
        "said too much before an answer".to_owned()
    } else if error.is_parse() {
        "answered something that is not HTTP".to_owned()
    } else {
        "closed the connection without an answer".to_owned()
    };
    Outcome::Failed { reason: Reason::FailedHealthChecks, detail }
}

fn internal(error: &dyn std::error::Error) -> Outcome {
    Outcome::Unknown { detail: format!("the check could not be made: {error}") }
}
