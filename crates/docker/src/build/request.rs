//! The request for a build, and the answer to it.
//!
//! bollard counts memory in 31 bits, which two gigabytes do not fit into, and gives up on an engine
//! that still reads what is sent to it.

use std::fmt::Write as _;

use bollard::errors::Error as Raw;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use tokio::sync::mpsc::Receiver;

use super::BuildSpec;
use crate::context::Piece;
use crate::engine::Docker;
use crate::error::{Error, from};

/// What is asked for, as it reads after "cannot".
const WHAT: &str = "build the image";
/// The most that an engine may say at once, in bytes: a piece of output is a tenth of it.
const MOST: usize = 1 << 20;
/// The length of the periods in which an engine counts what is used of a processor, in
/// microseconds, and a thousandth of it.
const PERIOD: u64 = 100_000;
const MILLI: u64 = PERIOD / 1000;
/// What a shell or an engine says of a program that SIGKILL ended: 128 and the signal's number.
const KILLED: i64 = 128 + 9;

/// One thing that an engine tells of a build.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Told {
    /// What it or a step says.
    #[serde(alias = "status")]
    pub(super) stream: Option<String>,
    #[serde(rename = "errorDetail")]
    failure: Option<Failure>,
    /// What was built, at the end of each stage of the Dockerfile.
    aux: Option<Product>,
}

/// What a build came to (Docker Engine API, `types.BuildResult`).
#[derive(Debug, Deserialize)]
struct Product {
    #[serde(rename = "ID")]
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    /// The status of the step that failed, where it is one that did.
    code: Option<i64>,
    message: Option<String>,
}

impl Failure {
    /// What failed. That a step was killed says nothing of what for; a limit does.
    fn told(self, memory: Option<u64>) -> Option<String> {
        let message = self.message?;
        let Some(memory) = memory.filter(|_| self.code == Some(KILLED)) else {
            return Some(message);
        };
        let limit = memory >> 20;
        Some(format!(
            "{message}: it was killed, as the kernel does for want of memory; its limit is \
             {limit} MiB"
        ))
    }
}

/// Has an image built and gives on what the engine tells, until it is built. The id of the last image
/// of each stage is added to `made` where the engine tells it: the last is the image itself.
pub(super) async fn build(
    docker: &Docker,
    spec: &BuildSpec,
    pieces: Receiver<Piece>,
    made: &mut Vec<String>,
    mut tell: impl AsyncFnMut(Told) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |raw: Raw| from(WHAT, &raw);
    let mut kept = BytesMut::new();
    let path = format!("/build?{}", query(spec));
    let hear = async |piece: Option<Bytes>| {
        let is_over = piece.is_none();
        kept.extend_from_slice(&piece.unwrap_or_default());
        while let Some(line) = line(&mut kept, is_over) {
            let told: Told = serde_json::from_slice(&line).map_err(|error| failed(error.into()))?;
            if let Some(error) = told.failure.and_then(|failure| failure.told(spec.memory)) {
                return Err(failed(Raw::DockerStreamError { error }));
            }
            made.extend(told.aux.and_then(|product| product.id));
            tell(Told { failure: None, aux: None, ..told }).await?;
        }
        if kept.len() > MOST {
            let error = "it says too much at once".to_owned();
            return Err(failed(Raw::DockerStreamError { error }));
        }
        Ok(())
    };
    docker.upload(WHAT, &path, pieces, hear).await
}

/// Takes the next whole line that says something, or what is left where no more follows.
fn line(kept: &mut BytesMut, is_over: bool) -> Option<Bytes> {
    loop {
        let line = match kept.iter().position(|byte| *byte == b'\n') {
            Some(end) => kept.split_to(end + 1),
            None if is_over && !kept.is_empty() => kept.split(),
            None => return None,
        };
        if !line.trim_ascii().is_empty() {
            return Some(line.freeze());
        }
    }
}

fn query(spec: &BuildSpec) -> String {
    let labels = serde_json::Value::from_iter(spec.labels.clone()).to_string();
    let mut query = String::from("version=1&rm=1&forcerm=1");
    for (name, value) in [("dockerfile", &spec.dockerfile), ("t", &spec.tag), ("labels", &labels)] {
        let _ = write!(query, "&{name}={}", escaped(value));
    }
    let images = spec.sources();
    // Without a name all that is in the cache would count.
    if images.is_empty() {
        query.push_str("&nocache=1");
    } else {
        let images = serde_json::Value::from(images).to_string();
        let _ = write!(query, "&cachefrom={}", escaped(&images));
    }
    if let Some(memory) = spec.memory {
        // As for other containers, no swap beyond it.
        let _ = write!(query, "&memory={memory}&memswap={memory}");
    }
    if let Some(milli) = spec.milli_cpus {
        let quota = u64::from(milli) * MILLI;
        let _ = write!(query, "&cpuperiod={PERIOD}&cpuquota={quota}");
    }
    query
}

/// A value as a query has it (RFC 3986).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            all.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(all, "%{byte:02X}");
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn spec() -> BuildSpec {
        BuildSpec {
            context: "/w".into(),
            within: "/w".into(),
            dockerfile: "a b&t=c/Dockerfile".to_owned(),
            only: None,
            tag: "one/two:3".to_owned(),
            labels: BTreeMap::from([("l".to_owned(), "x \"y".to_owned())]),
            ignores_check: false,
            memory: None,
            milli_cpus: None,
            known: None,
            cache: None,
            built: "/built".into(),
            record: None,
            container: None,
        }
    }

    #[test]
    fn a_request_says_what_its_specification_does_and_no_more() {
        let plain = "version=1&rm=1&forcerm=1&dockerfile=a%20b%26t%3Dc%2FDockerfile&t=one%2Ftwo%3A3\
                     &labels=%7B%22l%22%3A%22x%20%5C%22y%22%7D";
        assert_eq!(query(&spec()), format!("{plain}&nocache=1"));
        let bounded = BuildSpec { memory: Some(3 << 30), milli_cpus: Some(1500), ..spec() };
        let limits =
            "&nocache=1&memory=3221225472&memswap=3221225472&cpuperiod=100000&cpuquota=150000";
        assert_eq!(query(&bounded), format!("{plain}{limits}"));
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list");
        std::fs::write(&list, "[{\"dockerfile\":\"\",\"images\":[\"sha256:a\",\"sha256:b\"]}]")
            .unwrap();
        let cached = BuildSpec { cache: Some(list), ..spec() };
        let from = "&cachefrom=%5B%22sha256%3Aa%22%2C%22sha256%3Ab%22%5D";
        assert_eq!(query(&cached), format!("{plain}{from}"));
    }

    #[test]
    fn a_step_that_was_killed_is_told_of_its_memory_limit() {
        let told = |line: &str, memory| {
            let told: Told = serde_json::from_str(line).unwrap();
            told.failure.unwrap().told(memory).unwrap()
        };
        // As Docker 20.10 writes it.
        let killed = r#"{"errorDetail":{"code":137,"message":"returned a non-zero code: 137"},"error":"returned a non-zero code: 137"}"#;
        let plain = "returned a non-zero code: 137";
        assert_eq!(
            told(killed, Some(64 << 20)),
            format!(
                "{plain}: it was killed, as the kernel does for want of memory; its limit is \
                 64 MiB"
            )
        );
        assert_eq!(told(killed, None), plain);
        let other = r#"{"errorDetail":{"code":1,"message":"no"},"error":"no"}"#;
        assert_eq!(told(other, Some(1 << 20)), "no");
        assert_eq!(told(r#"{"errorDetail":{"message":"no"}}"#, Some(1 << 20)), "no");
    }

    #[test]
    fn lines_are_taken_as_they_come() {
        let mut kept = BytesMut::from("{\"a\":1}\r\n\r\n{\"b\"");
        assert_eq!(line(&mut kept, false).as_deref(), Some(&b"{\"a\":1}\r\n"[..]));
        assert_eq!(line(&mut kept, false), None);
        kept.extend_from_slice(b":2}");
        assert_eq!(line(&mut kept, true).as_deref(), Some(&b"{\"b\":2}"[..]));
        assert_eq!(line(&mut kept, true), None);
    }
}
