//! The smallest binary with the two hidden verbs, for tests and measurements.
//!
//! `supervise DIR` and `launch ARGUMENTS` are the verbs; `start DIR` stands for an
//! engine: it starts the unit whose specification it reads from its standard input
//! and then ends, leaving the supervisor behind; `listen ADDRESS FILE` stands for a
//! service: it listens, writes its port to the file and stays.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

use pilothouse_supervisor::{Binary, Secrets, Spec, launch, spawn, supervise};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some((verb, rest)) = arguments.split_first() else {
        return ExitCode::from(2);
    };
    match (verb.to_str(), rest) {
        (Some("supervise"), [dir]) => supervise(Path::new(dir), &["launch".into()]),
        (Some("launch"), rest) => launch(rest),
        (Some("start"), [dir]) => start(Path::new(dir)),
        (Some("listen"), [address, file]) => match listen(address, Path::new(file)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::from(2),
    }
}

fn listen(address: &OsString, file: &Path) -> std::io::Result<()> {
    let socket = TcpListener::bind(&*address.to_string_lossy())?;
    let port = socket.local_addr()?.port();
    std::fs::write(file, format!("{port}\n"))?;
    for connection in socket.incoming() {
        drop(connection?);
    }
    Ok(())
}

fn start(dir: &Path) -> ExitCode {
    let binary = Binary {
        path: "/proc/self/exe".into(),
        verb: vec!["supervise".into()],
        environment: Vec::new(),
    };
    let started = serde_json::from_reader::<_, Spec>(std::io::stdin())
        .map(|spec| spawn(&binary, dir, &spec, &Secrets::default()));
    match started {
        Ok(Ok(_)) => ExitCode::SUCCESS,
        Ok(Err(_)) | Err(_) => ExitCode::FAILURE,
    }
}
