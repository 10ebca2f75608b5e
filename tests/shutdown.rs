//! The end of the service: mail in flight first. And what the service manager is told.

mod support;

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;

use nix::sys::signal::Signal;
use postseal_protocol::Verdict;
use support::mta::FakeMta;
use support::{ONE_LISTENER, PATIENCE, Service, Start};

#[test]
fn both_signals_end_an_idle_service_at_once() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut service = Service::start(ONE_LISTENER);
        let mut idle = FakeMta::connect(&service.address("submission"));
        let mut between = FakeMta::connect(&service.address("submission"));
        assert_eq!(between.message("4Q1"), Verdict::Accept);
        service.signal(signal);
        idle.closed();
        between.closed();
        assert_eq!(service.ended().code(), Some(0));
        assert_eq!(service.seen("stopped").len(), 1);
    }
}

#[test]
fn a_message_in_flight_is_finished() {
    let mut service = Service::start(ONE_LISTENER);
    let address = service.address("submission");
    let mut mta = FakeMta::connect(&address);
    mta.begin();
    service.signal(Signal::SIGTERM);
    assert_eq!(service.wait_for("draining")["open"], 1);
    let response = service.get("/readyz");
    assert_eq!((response.status, response.body.as_str()), (503, "not ready: draining\n"));
    assert_eq!(service.get("/healthz").status, 200, "it is alive");
    assert!(TcpStream::connect(address.strip_prefix("inet:").unwrap()).is_err(), "nobody new");
    assert_eq!(mta.finish("4Q1"), Verdict::Accept);
    mta.closed();
    assert_eq!(service.ended().code(), Some(0));
    assert_eq!(service.seen("message")[0]["queue_id"], "4Q1", "and its line is in the log");
}

#[test]
fn where_systemd_holds_the_socket_a_session_that_has_begun_hands_in_its_message() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("inet:{}", socket.local_addr().unwrap());
    let config = format!(
        "[[listener]]\nname = \"s\"\naddress = \"{address}\"\n[admin]\naddress = \"none\"\n\
         [limits]\ndrain_idle = \"1h\"\n"
    );
    let mut service = Start::new(&config).passing(socket.try_clone().unwrap().into(), "any").start();
    assert_eq!(service.address("s"), address);
    let mut mta = FakeMta::connect(&address);
    mta.greet();
    service.signal(Signal::SIGTERM);
    service.wait_for("draining");
    let waiting = TcpStream::connect(address.strip_prefix("inet:").unwrap());
    assert!(waiting.is_ok(), "the next service takes it");
    mta.mail();
    assert_eq!(mta.finish("4Q1"), Verdict::Accept);
    drop(mta);
    assert!(service.ended().success());
    assert_eq!(service.seen("message")[0]["queue_id"], "4Q1");
}

#[test]
fn where_systemd_holds_the_socket_an_idle_session_is_left_to_itself_for_drain_idle_only() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("inet:{}", socket.local_addr().unwrap());
    let config = format!(
        "[[listener]]\nname = \"s\"\naddress = \"{address}\"\n[admin]\naddress = \"none\"\n\
         [limits]\ndrain_idle = \"50ms\"\n"
    );
    let mut service = Start::new(&config).passing(socket.into(), "any").start();
    let mut mta = FakeMta::connect(&address);
    assert_eq!(mta.message("4Q1"), Verdict::Accept);
    service.signal(Signal::SIGTERM);
    mta.closed();
    assert!(service.ended().success());
}

#[test]
fn a_message_that_never_ends_is_cut_at_the_deadline() {
    let mut service = Service::start(&format!("{ONE_LISTENER}[limits]\ndrain_timeout = \"100ms\"\n"));
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    service.signal(Signal::SIGTERM);
    mta.closed();
    assert_eq!(service.ended().code(), Some(0));
    assert_eq!(service.seen("stopped")[0]["cut"], 1);
}

#[test]
fn the_second_signal_ends_at_once() {
    let mut service = Service::start(&format!("{ONE_LISTENER}[limits]\ndrain_timeout = \"1h\"\n"));
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    service.signal(Signal::SIGTERM);
    service.wait_for("draining");
    service.signal(Signal::SIGTERM);
    mta.closed();
    assert_eq!(service.ended().code(), Some(0));
    assert_eq!(service.seen("stopped")[0]["cut"], 1);
}

#[test]
fn a_service_that_has_not_started_yet_can_be_stopped() {
    let table = "[sender]\n[[sender.table]]\nfile = \"owners\"\nformat = \"lines\"\n";
    let start = Start::new(&format!("{ONE_LISTENER}{table}"));
    // It takes seconds to load.
    let lines: String = (0..500_000).map(|number| format!("user{number} user{number}@example.com\n")).collect();
    std::fs::write(start.path("owners"), lines).unwrap();
    let mut service = start.spawn();
    let status = format!("/proc/{}/status", service.pid());
    let caught = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap()
    };
    while caught() & 1 << (Signal::SIGTERM as u64 - 1) == 0 {
        std::thread::yield_now();
    }
    service.signal(Signal::SIGTERM);
    assert_eq!(service.ended().code(), Some(0));
    assert!(service.seen("ready").is_empty());
}

#[test]
fn a_configuration_that_is_wrong_from_the_start_is_told_on_stderr() {
    let output = Start::new("[[listener]]\nname = \"x\"\naddress = \"inet:127.0.0.1:0\"\nadress = \"\"").fail();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(error.contains("postseal.toml") && error.contains("adress"), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn the_service_manager_is_told() {
    let start = Start::new(ONE_LISTENER);
    let path = start.path("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut buffer = [0; 512];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let hear_but_alive = || {
        let texts = std::iter::repeat_with(&hear);
        texts.into_iter().find(|text| text != "WATCHDOG=1\n").unwrap()
    };
    let mut service = start.variable("NOTIFY_SOCKET", &path).variable("WATCHDOG_USEC", "40000").start();
    let address = service.address("submission");
    assert_eq!(hear(), format!("READY=1\nSTATUS=waiting for MTAs on {address}\n"));
    for _ in 0..3 {
        assert_eq!(hear(), "WATCHDOG=1\n");
    }
    service.signal(Signal::SIGHUP);
    assert!(hear_but_alive().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert!(hear_but_alive().starts_with("READY=1\n"));
    service.signal(Signal::SIGTERM);
    assert_eq!(hear_but_alive(), "STOPPING=1\nSTATUS=finishing messages in flight\n");
    assert!(service.ended().success());
}
