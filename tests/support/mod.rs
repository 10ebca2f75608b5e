//! The service as a program, an MTA that talks to it, and what both need.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "for tests, each of which uses a part"
)]

pub mod inside;
pub mod mta;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that happens at once on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One TCP listener named `submission`, and the admin port, both where the system chooses.
pub const ONE_LISTENER: &str = r#"
[[listener]]
name = "submission"
address = "inet:127.0.0.1:0"
[admin]
address = "127.0.0.1:0"
"#;

/// How the service is started.
pub struct Start {
    folder: TempDir,
    prelude: String,
    variables: Vec<(String, OsString)>,
    stdin: Stdio,
}

impl Start {
    /// With this configuration, in which `{folder}` stands for a folder of its own.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_config(folder.path(), config);
        Self { folder, prelude: String::new(), variables: Vec::new(), stdin: Stdio::null() }
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Shell commands that run in the same process first.
    pub fn prelude(mut self, text: &str) -> Self {
        self.prelude = format!("{text};");
        self
    }

    /// Passes a socket as systemd does.
    pub fn passing(mut self, socket: OwnedFd, name: &str) -> Self {
        self.stdin = Stdio::from(socket);
        self.variable("LISTEN_FDS", "1").variable("LISTEN_FDNAMES", name).prelude("exec 3<&0 </dev/null")
    }

    /// Starts it and waits until it says that it is ready.
    pub fn start(self) -> Service {
        let mut service = self.spawn();
        service.wait_for("ready");
        service
    }

    /// Starts it and waits until it has given up; what it said.
    pub fn fail(&mut self) -> Output {
        self.command().output().unwrap()
    }

    pub fn spawn(mut self) -> Service {
        let mut child = self.command().stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Service { folder: self.folder, child, lines, seen: Vec::new() }
    }

    fn command(&mut self) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{} exec \"$0\" run --config \"$1\"", self.prelude));
        command.arg(env!("CARGO_BIN_EXE_postseal")).arg(self.folder.path().join("postseal.toml"));
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).stdin(std::mem::replace(&mut self.stdin, Stdio::null()));
        command
    }
}

/// A running `postseal run`. Killed when dropped.
pub struct Service {
    folder: TempDir,
    child: Child,
    lines: Receiver<Value>,
    seen: Vec<Value>,
}

impl Service {
    /// Starts it with this configuration and waits until it is ready.
    pub fn start(config: &str) -> Self {
        Start::new(config).start()
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn configure(&self, config: &str) {
        write_config(self.folder.path(), config);
    }

    /// Has it load this configuration; the log line that tells of it.
    pub fn reload(&mut self, config: &str) -> Value {
        self.configure(config);
        self.signal(Signal::SIGHUP);
        self.wait_for("reload")
    }

    /// Puts another configuration file in the place of the old one, as tools do that rename. It looks as if it had been
    /// written a while ago.
    pub fn replace_config(&self, config: &str) {
        let new = self.folder.path().join("new.toml");
        std::fs::write(&new, config).unwrap();
        let a_while_ago = std::time::SystemTime::now() - Duration::from_secs(60);
        std::fs::File::options().write(true).open(&new).unwrap().set_modified(a_while_ago).unwrap();
        std::fs::rename(&new, self.folder.path().join("postseal.toml")).unwrap();
    }

    /// The next log line of that event.
    pub fn wait_for(&mut self, event: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line["event"] == event {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no event {event}, but {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without {event}, after {:#?}", self.seen)
                }
            }
        }
    }

    /// All log lines so far that have been waited past, of that event.
    pub fn seen(&self, event: &str) -> Vec<&Value> {
        self.seen.iter().filter(|line| line["event"] == event).collect()
    }

    /// The address that a listener has said it waits on.
    pub fn address(&self, listener: &str) -> String {
        let listening = self.seen("listening");
        let line = listening.iter().find(|line| line["listener"] == listener);
        line.unwrap_or_else(|| panic!("no {listener} in {listening:?}"))["address"].as_str().unwrap().to_owned()
    }

    /// Closes the other end of its stdout.
    pub fn close_log(&mut self) {
        let (_, nothing) = channel();
        // The thread that reads ends when it can't hand on a line, and its end of the pipe with it.
        drop(std::mem::replace(&mut self.lines, nothing));
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Waits for the end; the rest of the log is in [`seen`](Self::seen) then.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("still running after {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
            }
        }
    }

    /// Waits for the end of a service whose log nobody reads.
    pub fn exit_status(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn get(&self, path: &str) -> Response {
        http(&self.address("admin"), &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    /// One sample of `/metrics`; missing ones are a mistake.
    pub fn metric(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").body;
        let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {sample} in\n{text}")).parse().unwrap()
    }

    /// Waits for a sample to have a value; for what has no other sign.
    pub fn wait_for_metric(&self, sample: &str, expected: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric(sample) != expected {
            assert!(Instant::now() < deadline, "{sample} is {}, not {expected}", self.metric(sample));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer of the admin port.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Sends a request as it is, and reads until the other side closes.
pub fn http(address: &str, request: &str) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).map_or(0, |code| code.parse().unwrap());
    Response { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn write_config(folder: &Path, config: &str) {
    let text = config.replace("{folder}", folder.to_str().unwrap());
    std::fs::write(folder.join("postseal.new"), text).unwrap();
    std::fs::rename(folder.join("postseal.new"), folder.join("postseal.toml")).unwrap();
}
