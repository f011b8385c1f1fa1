//! The target, nginx and the edge, each a process of its own that ends with the rig.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pilothouse_core::routing::{Action, HealthCheck, Listener, Role, Table, Target, TargetGroup};

use super::Outcome;

/// How long a process may take to start.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that runs.
pub struct Rig {
    pub edge: Side,
    pub nginx: Side,
    _target: Side,
    _dir: tempfile::TempDir,
}

/// One process.
pub struct Side {
    pub name: &'static str,
    pub address: SocketAddr,
    child: Child,
}

impl Side {
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn start(name: &'static str, address: SocketAddr, command: &mut Command) -> Outcome<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{name} cannot be started: {error}"))?;
        Ok(Self { name, address, child })
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rig {
    pub fn start() -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        let [at, proxy_at, edge_at] = free_addresses()?;
        let body = "x".repeat(1024);
        let answer = format!("location / {{ return 200 \"{body}\"; }}");
        let target = nginx(dir.path(), "target", at, "", &answer)?;
        let upstream = format!(
            "upstream shop {{ server {at}; keepalive 512; keepalive_requests 1000000000; }}"
        );
        let pass = "location / { proxy_pass http://shop; proxy_http_version 1.1; \
            proxy_set_header Connection \"\"; proxy_set_header Host $http_host; \
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; \
            proxy_set_header X-Forwarded-Proto $scheme; \
            proxy_set_header X-Forwarded-Host $http_host; \
            proxy_set_header X-Forwarded-Port $server_port; }";
        let nginx = nginx(dir.path(), "nginx", proxy_at, &upstream, pass)?;
        let mut command = Command::new(std::env::current_exe()?);
        let edge = Side::start("edge", edge_at, command.arg("serve").arg(dir.path()))?;
        publish(&dir.path().join("edge.sock"), &table(edge_at, at))?;
        wait("the edge answers", || is_ok(edge_at))?;
        Ok(Self { edge, nginx, _target: target, _dir: dir })
    }
}

fn nginx(
    dir: &Path,
    name: &'static str,
    address: SocketAddr,
    before: &str,
    location: &str,
) -> Outcome<Side> {
    let home = dir.join(name);
    std::fs::create_dir(&home)?;
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|kind| format!("{kind}_temp_path {}/{kind};\n", home.display()));
    let temporary = temporary.concat();
    let text = format!(
        "daemon off; master_process off; worker_processes 1; pid {home}/pid; error_log {home}/log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;\n\
         {temporary}{before}\nserver {{ listen {address} backlog=4096; {location} }} }}\n",
        home = home.display()
    );
    let file = home.join("nginx.conf");
    std::fs::write(&file, text)?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-e").arg(home.join("log"));
    let side = Side::start(name, address, &mut command)?;
    wait(name, || TcpStream::connect(address).is_ok())?;
    Ok(side)
}

fn table(listen: SocketAddr, target: SocketAddr) -> Table {
    let target = Target {
        id: "shop-0".to_owned(),
        address: target,
        release: "r1".to_owned(),
        role: Role::Active,
        proof: "first".to_owned(),
        ill: false,
        health: None,
    };
    let group = TargetGroup {
        id: "shop".to_owned(),
        environment: "shop".to_owned(),
        health: HealthCheck::default(),
        targets: vec![target],
    };
    let web = Listener {
        id: "web".to_owned(),
        addresses: vec![listen],
        rules: Vec::new(),
        default: Action::forward("shop"),
        trusted_proxies: Vec::new(),
    };
    Table { listeners: vec![web], target_groups: vec![group], ..Table::default() }.seal(1, 1)
}

fn publish(socket: &Path, table: &Table) -> Outcome<()> {
    wait("the control socket", || UnixStream::connect(socket).is_ok())?;
    let mut stream = UnixStream::connect(socket)?;
    let body = serde_json::to_string(table)?;
    let length = body.len();
    write!(
        stream,
        "PUT /v1/table HTTP/1.1\r\nHost: edge\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if !answer.starts_with("HTTP/1.1 200") {
        return Err(format!("the edge refused the table: {answer}").into());
    }
    Ok(())
}

fn is_ok(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) -> Outcome<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() >= deadline {
            return Err(format!("not in time: {what}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Three loopback addresses that nobody has at this moment.
fn free_addresses() -> Outcome<[SocketAddr; 3]> {
    let open = || TcpListener::bind("127.0.0.1:0");
    let held = [open()?, open()?, open()?];
    let [a, b, c] = held.each_ref().map(TcpListener::local_addr);
    Ok([a?, b?, c?])
}
