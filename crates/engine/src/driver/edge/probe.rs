//! Asks a listener which table and which release answer.
//!
//! The edge routes a request that shows the token by its host alone, so that an operator's own
//! rules, such as a redirect of `/` or a list of allowed clients, neither answer nor refuse it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use pilothouse_core::effect::Fault;
use tokio::net::TcpStream;

use super::http;

/// How long a listener has for the whole answer.
const LIMIT: Duration = Duration::from_secs(10);

/// What answered.
pub(super) struct Seen {
    /// The digest of the table.
    pub digest: Option<String>,
    /// The release, where a target answered.
    pub release: Option<String>,
    /// The answer's status.
    pub status: u16,
}

/// Asks a listener for `/` under a domain; without one, under a name that no rule has.
pub(super) async fn ask(
    listener: SocketAddr,
    domain: Option<&str>,
    token: &str,
) -> Result<Seen, Fault> {
    let address = reachable(listener);
    let unknown = |what: String| Fault::unknown(format!("{address}: {what}"));
    let probe = async {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| unknown(format!("no connection: {error}")))?;
        let request = Request::builder()
            .method("GET")
            .uri("/")
            .header("host", domain.unwrap_or("probe.invalid"))
            .header("user-agent", "pilothouse-probe")
            .header("x-pilothouse-probe", token)
            .body(Full::new(Bytes::new()))
            .map_err(|error| Fault::permanent(format!("the probe cannot be made: {error}")))?;
        let reply = http::ask(stream, request, "the listener").await?;
        Ok(Seen {
            digest: text(&reply.headers, "x-pilothouse-digest"),
            release: text(&reply.headers, "x-pilothouse-release"),
            status: reply.status.as_u16(),
        })
    };
    match tokio::time::timeout(LIMIT, probe).await {
        Ok(seen) => seen,
        Err(_) => Err(unknown("no answer in time".to_owned())),
    }
}

/// A listener on every address is reached by the loopback one.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
