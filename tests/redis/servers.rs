//! Private Redis and Valkey servers on loopback, gone when they are dropped.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// One server.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Server {
    /// A server with these options beside those that keep it private. It answers when this returns.
    pub(crate) fn start(program: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new(program);
        // A sentinel's configuration file stands first.
        let (file, options) = match options {
            ["--sentinel", file] => (Some(*file), &["--sentinel"][..]),
            options => (None, options),
        };
        command.args(file).args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(folder.path()).arg("--unixsocket").arg(folder.path().join("redis.sock"));
        command.args(options).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; tests/setup.sh test installs it", program.display()));
        let server = Self { child, port, folder };
        wait_for("the server answers", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        server
    }

    /// The path of its unix socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// What redis-cli prints.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        cli(self.port, arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Masters of a cluster that share the slots.
pub(crate) fn cluster(masters: usize) -> Vec<Server> {
    let start = |_| {
        let bus = free_port().to_string();
        let options = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "1000"];
        Server::start(&redis(), &options)
    };
    let servers: Vec<Server> = (0..masters).map(start).collect();
    let addresses: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let mut command: Vec<&str> = vec!["--cluster", "create"];
    command.extend(addresses.iter().map(String::as_str));
    command.push("--cluster-yes");
    let told = servers[0].cli(&command);
    for server in &servers {
        wait_for(&format!("the cluster is up: {told}"), || {
            server.cli(&["cluster", "info"]).contains("cluster_state:ok")
        });
    }
    servers
}

/// Redis of the distribution.
pub(crate) fn redis() -> PathBuf {
    PathBuf::from("redis-server")
}

/// Valkey, as tests/setup.sh unpacks it.
pub(crate) fn valkey() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cache = std::env::var_os("POSTSEAL_E2E_CACHE").map_or_else(|| root.join("target/e2e-cache"), PathBuf::from);
    cache.join("valkey/valkey-server")
}

/// Waits for something that another process does.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        sleep(Duration::from_millis(20));
    }
}

fn cli(port: u16, arguments: &[&str]) -> String {
    let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
