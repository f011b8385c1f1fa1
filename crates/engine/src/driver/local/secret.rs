//! Fetches the values of secrets, from files and from the commands that give them.

use std::process::Stdio;
use std::time::Duration;

use pilothouse_core::effect::{Fault, InstanceOrder};
use pilothouse_core::spec::{MAX_SECRET_BYTES, SecretSource};
use pilothouse_supervisor::Secrets;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::super::group::Group;
use super::super::no_longer_wanted;
use crate::executor::Attention;

/// How long the command that gives a secret may take.
const SECRET_LIMIT: Duration = Duration::from_secs(30);

/// Fetches the secrets' values, which go to the supervisor through a pipe and nowhere else.
pub(super) async fn of(order: &InstanceOrder, attention: &Attention) -> Result<Secrets, Fault> {
    let mut secrets = Secrets::default();
    for (name, source) in &order.secrets {
        let value = match source {
            SecretSource::File(path) => secret_in(path).await.map_err(|why| {
                Fault::transient(format!("cannot read the secret {name} from {path}: {why}"))
            })?,
            SecretSource::Command(argv) => tokio::select! {
                () = attention.cancelled.cancelled() => return Err(no_longer_wanted()),
                value = secret_from(name, argv) => value?,
            },
        };
        let value = value.strip_suffix('\n').unwrap_or(&value).to_owned();
        secrets.env.insert(name.clone(), value);
    }
    Ok(secrets)
}

async fn secret_from(name: &str, argv: &[String]) -> Result<String, Fault> {
    let failed = |why: String| {
        Fault::transient(format!("the command that gives the secret {name} failed: {why}"))
    };
    let (program, arguments) =
        argv.split_first().ok_or_else(|| failed("it is empty".to_owned()))?;
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains of may hold the secret, so that nobody hears it.
        .stderr(Stdio::null());
    let mut group = Group::spawn(&mut command).map_err(|error| failed(error.to_string()))?;
    let child = group.child();
    let value = async {
        let printed = match child.stdout.take() {
            Some(pipe) => limited(pipe).await,
            None => Err("it printed nothing".to_owned()),
        }?;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        // As above, only the status is told.
        if status.success() { Ok(printed) } else { Err(format!("it ended with {status}")) }
    };
    tokio::time::timeout(SECRET_LIMIT, value)
        .await
        .map_err(|_| failed(format!("it took longer than {} s", SECRET_LIMIT.as_secs())))?
        .map_err(failed)
}

async fn secret_in(path: &str) -> Result<String, String> {
    let file = tokio::fs::File::open(path).await.map_err(|error| error.to_string())?;
    limited(file).await
}

/// Reads a secret to its end, within the limit. What was read stands in no error.
async fn limited(from: impl AsyncRead + Unpin) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes).await;
    if read.map_err(|error| error.to_string())? as u64 > MAX_SECRET_BYTES {
        return Err(format!("it is longer than {} KiB", MAX_SECRET_BYTES >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{secret_from, secret_in};

    fn argv(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).into()
    }

    #[tokio::test]
    async fn a_secret_is_limited_wherever_it_comes_from() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("secret");
        let read = async |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            secret_in(path.to_str().unwrap()).await
        };
        assert_eq!(read(b"hunter2\n").await.unwrap(), "hunter2\n");
        assert_eq!(read(&vec![b'x'; 64 << 10]).await.unwrap().len(), 64 << 10);
        assert_eq!(
            read(&vec![b'x'; (64 << 10) + 1]).await.unwrap_err(),
            "it is longer than 64 KiB"
        );
        assert_eq!(read(b"hunter2\xff").await.unwrap_err(), "it is no UTF-8");
        assert_eq!(secret_in("/dev/zero").await.unwrap_err(), "it is longer than 64 KiB");

        assert_eq!(secret_from("KEY", &argv("echo hunter2")).await.unwrap(), "hunter2\n");
        let why = "the command that gives the secret KEY failed: it ";
        for (script, wanted) in [
            ("yes hunter2", "is longer than 64 KiB"),
            ("printf 'hunter2\\377'", "is no UTF-8"),
            ("echo hunter2; echo hunter2 >&2; exit 3", "ended with exit status: 3"),
        ] {
            let fault = secret_from("KEY", &argv(script)).await.unwrap_err();
            assert_eq!(fault.why, format!("{why}{wanted}"));
        }
    }
}
