//! Sockets: whose they are, what happens to their files, and what happens when there are too many connections.

mod support;

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use postseal_protocol::{Address, Command, Verdict};
use support::inside::{Behaviour, Inside, LIMITS};
use support::mta::FakeMta;
use support::{Service, Start};

/// A unix socket, and the admin port.
const UNIX: &str = r#"
[[listener]]
name = "local"
address = "unix:{folder}/milter.sock"
[admin]
address = "127.0.0.1:0"
"#;

fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[test]
fn a_removed_socket_is_back_within_a_second() {
    let mut service = Service::start(UNIX);
    let path = service.path("milter.sock");
    let mut before = FakeMta::connect(&unix(&path));
    before.begin();
    std::fs::remove_file(&path).unwrap();
    let removed = Instant::now();
    service.wait_for("socket_restored");
    assert_eq!(FakeMta::connect(&unix(&path)).message("4QnewZ"), Verdict::Accept);
    assert!(removed.elapsed() < Duration::from_secs(1), "{:?}", removed.elapsed());
    assert_eq!(before.finish("4QoldZ"), Verdict::Accept, "a connection from before goes on");
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn a_socket_that_somebody_else_took_is_theirs_while_they_live() {
    let mut service = Service::start(UNIX);
    let path = service.path("milter.sock");
    std::fs::remove_file(&path).unwrap();
    let theirs = UnixListener::bind(&path).unwrap();
    let line = service.wait_for("socket_lost");
    assert!(line["message"].as_str().unwrap().contains("another process answers on unix:"), "{line}");
    let response = service.get("/readyz");
    assert_eq!((response.status, response.body.as_str()), (503, "not ready: listener local is down\n"));
    drop(theirs);
    service.wait_for("socket_restored");
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(FakeMta::connect(&unix(&path)).message("4Q1"), Verdict::Accept);
}

#[test]
fn the_socket_goes_with_the_service_and_is_not_in_the_way_of_the_next() {
    let mut service = Service::start(UNIX);
    let path = service.path("milter.sock");
    service.signal(Signal::SIGTERM);
    assert!(service.ended().success());
    assert!(!path.exists());

    let start = Start::new(UNIX);
    let path = start.path("milter.sock");
    drop(UnixListener::bind(&path).unwrap());
    let _service = start.start();
    assert_eq!(FakeMta::connect(&unix(&path)).message("4Q1"), Verdict::Accept, "one left by a crash is replaced");
}

#[test]
fn a_service_that_runs_is_not_pushed_aside() {
    let first = Service::start(UNIX);
    let path = first.path("milter.sock");
    let mut second = Start::new(&UNIX.replace("{folder}", path.parent().unwrap().to_str().unwrap()));
    let output = second.fail();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        error,
        format!(
            "listener `local`: another process answers on {}; stop it, or give this listener another address\n",
            unix(&path)
        )
    );
    assert_eq!(FakeMta::connect(&unix(&path)).message("4Q1"), Verdict::Accept);
}

#[test]
fn a_file_that_is_no_socket_stays() {
    let mut start = Start::new(UNIX);
    let path = start.path("milter.sock");
    std::fs::write(&path, "precious").unwrap();
    let output = start.fail();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("milter.sock exists and is not a socket; remove it"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("inet:{}", taken.local_addr().unwrap());
    let config = format!("[[listener]]\nname = \"x\"\naddress = \"{address}\"\n[admin]\naddress = \"none\"");
    let output = Start::new(&config).fail();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.starts_with(&format!("listener `x`: can't listen on {address}: Address already in use")), "{error}");
}

#[test]
fn systemd_passes_sockets() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let config = "[[listener]]\nname = \"s\"\naddress = \"fd:milter\"\n[admin]\naddress = \"127.0.0.1:0\"";
    let mut service = Start::new(config).passing(socket.into(), "milter").start();
    assert_eq!(service.address("s"), format!("inet:{address}"));
    assert_eq!(FakeMta::connect(&format!("inet:{address}")).message("4Q1"), Verdict::Accept);
    service.signal(Signal::SIGTERM);
    assert!(service.ended().success());
}

#[test]
fn a_passed_unix_socket_keeps_its_file() {
    let start =
        Start::new("[[listener]]\nname = \"s\"\naddress = \"unix:{folder}/systemd.sock\"\n[admin]\naddress = \"none\"");
    let path = start.path("systemd.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut service = start.passing(socket.into(), "milter").start();
    assert_eq!(FakeMta::connect(&unix(&path)).message("4Q1"), Verdict::Accept);
    service.signal(Signal::SIGTERM);
    assert!(service.ended().success());
    assert!(path.exists(), "it is systemd's");
}

#[test]
fn a_socket_that_was_not_passed_is_missed_and_one_too_many_is_told() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = "[[listener]]\nname = \"s\"\naddress = \"fd:milter\"\n[admin]\naddress = \"none\"";
    let output = Start::new(config).passing(socket.try_clone().unwrap().into(), "postseal.socket").fail();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("passed no socket named `milter`") && error.contains("has passed: postseal.socket (127"),
        "{error}"
    );

    // Whatever its name is: this is not where the listener wants to be.
    let service = Start::new(support::ONE_LISTENER).passing(socket.into(), "submission").start();
    let names = service.seen("sockets_unused")[0]["names"].as_str().unwrap();
    assert!(names.starts_with("submission (127.0.0.1:"), "{names}");
}

#[test]
fn connections_over_the_limit_are_closed_at_once() {
    let mut service = Service::start(&format!("{}[limits]\nconnections = 3\n", support::ONE_LISTENER));
    let address = service.address("submission");
    let mut held: Vec<FakeMta> = (0..3).map(|_| FakeMta::connect(&address)).collect();
    FakeMta::silent(&address).closed();
    service.wait_for("connections_full");
    assert_eq!(service.metric("postseal_connections_refused_total{listener=\"submission\"}"), 1.0);
    assert_eq!(service.metric("postseal_connections_limit"), 3.0);
    assert_eq!(held[0].message("4Q1"), Verdict::Accept, "those that are open go on");
    held.pop();
    service.wait_for_metric("postseal_connections_open{listener=\"submission\"}", 2.0);
    assert_eq!(FakeMta::connect(&address).message("4Q2"), Verdict::Accept, "there is room again");
}

#[test]
fn too_few_file_descriptors_cost_new_connections_only() {
    let config = format!("{}[limits]\nconnections = 1000\n", support::ONE_LISTENER);
    let mut service = Start::new(&config).prelude("ulimit -n 40").start();
    assert_eq!(service.seen("open_files").len(), 1, "the operator was warned");
    let address = service.address("submission");
    let mut first = FakeMta::connect(&address);
    let held: Vec<TcpStream> =
        (0..60).map(|_| TcpStream::connect(address.strip_prefix("inet:").unwrap()).unwrap()).collect();
    let line = service.wait_for("accept");
    assert!(line["message"].as_str().unwrap().contains("LimitNOFILE="), "{line}");
    assert_eq!(first.message("4Q1"), Verdict::Accept);
    drop(held);
    assert_eq!(FakeMta::connect(&address).message("4Q2"), Verdict::Accept);
    assert!(service.metric("postseal_protocol_errors_total{kind=\"accept\"}") > 0.0);
}

#[test]
fn a_panic_costs_one_connection() {
    let inside = Inside::start(Behaviour::Panic, LIMITS);
    let mut other = FakeMta::connect(&inside.address);
    other.begin();
    let mut mta = FakeMta::connect(&inside.address);
    mta.greet();
    mta.tell(&Command::Mail(Address::new("<panic@example.com>")));
    mta.closed();
    inside.wait_for_metric("postseal_protocol_errors_total{kind=\"panic\"}", 1.0);
    assert_eq!(other.finish("4Q1"), Verdict::Accept);
    drop(other);
    assert_eq!(FakeMta::connect(&inside.address).message("4Q2"), Verdict::Accept);
}
