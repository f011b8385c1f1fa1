//! Something that stands in for AWS on loopback, and the account in it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::super::stage::wait_until;

/// An emulator that runs.
pub struct Emulator {
    process: Child,
    address: SocketAddr,
}

/// Where `scripts/emulators` put them.
fn home() -> PathBuf {
    let cache = || match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"),
    };
    let named = std::env::var_os("PILOTHOUSE_EMULATORS").map(PathBuf::from);
    let home = named.unwrap_or_else(|| cache().join("pilothouse/emulators"));
    assert!(home.join("bin/moto_server").exists(), "run scripts/emulators: {}", home.display());
    home
}

impl Emulator {
    /// Starts moto with an empty account.
    pub fn moto() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        Self::moto_at(address)
    }

    /// Starts moto at an address, as one that was there before.
    pub fn moto_at(address: SocketAddr) -> Self {
        let mut command = Command::new(home().join("bin/moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        Self::start(command, address)
    }

    /// Starts ministack with an empty account. It runs ECS tasks, and takes metrics.
    pub fn ministack() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut command = Command::new(home().join("bin/ministack"));
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", address.port().to_string());
        Self::start(command, address)
    }

    fn start(mut command: Command, address: SocketAddr) -> Self {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let emulator = Self { process, address };
        wait_until(|| "the emulator answers".to_owned(), || TcpStream::connect(address).is_ok());
        emulator
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does something to the account with boto3.
    pub fn account(&self, arguments: &[&str]) -> Value {
        self.account_in("us-east-1", arguments)
    }

    /// Does something to the account in a region.
    pub fn account_in(&self, region: &str, arguments: &[&str]) -> Value {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/aws/account.py");
        let mut command = Command::new(home().join("bin/python"));
        self.told(command.arg(script).args(arguments).env("AWS_REGION", region))
    }

    /// What AWS's own command line says of the account.
    pub fn cli(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(home().join("bin/aws"));
        command.args(arguments).args(["--output", "json", "--region", "us-east-1"]);
        self.told(command.env("AWS_CONFIG_FILE", "/nonexistent"))
    }

    fn told(&self, command: &mut Command) -> Value {
        let output = command
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Pulls the plug.
    pub fn end(mut self) -> SocketAddr {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.address
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
