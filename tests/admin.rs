//! The admin port, as scrapers and probes meet it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::mta::FakeMta;
use support::{ONE_LISTENER, PATIENCE, Service, Start, http};

#[test]
fn health_and_metrics() {
    let service = Service::start(ONE_LISTENER);
    for (path, body) in [("/healthz", "alive\n"), ("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let response = service.get(path);
        assert_eq!((response.status, response.body.as_str()), (200, body), "{path}");
    }
    let response = service.get("/metrics");
    assert_eq!(response.status, 200);
    assert!(response.head.contains("content-type: text/plain; version=0.0.4"), "{}", response.head);
    assert!(response.body.contains("\n# TYPE postseal_messages_total counter\n"), "{}", response.body);
    assert!(response.body.contains("\npostseal_config_reloads_total{outcome=\"success\"} 0\n"), "{}", response.body);
}

#[test]
fn other_paths_and_methods_are_explained() {
    let service = Service::start(ONE_LISTENER);
    let response = service.get("/nothing");
    assert_eq!(
        (response.status, response.body.as_str()),
        (404, "there is / /api/status /api/decisions/ /api/limits /metrics /healthz /livez /readyz\n")
    );
    let address = service.address("admin");
    let response = http(&address, "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(response.status, 405);
    assert!(response.head.contains("allow: get, head"), "{}", response.head);
    let response = http(&address, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!((response.status, response.body.as_str()), (200, ""));
    let response = http(&address, "this is not HTTP\r\n\r\n");
    assert_eq!(response.status, 400);
}

#[test]
fn a_request_has_a_limit() {
    let service = Service::start(ONE_LISTENER);
    let address = service.address("admin");
    let long = "x".repeat(64 << 10);
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The other side may close before all is written.
    let _ = stream.write_all(format!("GET /metrics HTTP/1.1\r\nX: {long}\r\n\r\n").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(service.get("/healthz").status, 200);
}

#[test]
fn connections_have_a_limit() {
    let service = Service::start(ONE_LISTENER);
    let address = service.address("admin");
    let mut held: Vec<TcpStream> = Vec::new();
    // Each is known to be served before the next one comes.
    for _ in 0..64 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 512]).unwrap() > 0);
        held.push(stream);
    }
    let mut one_more = TcpStream::connect(&address).unwrap();
    one_more.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(one_more.read(&mut [0; 1]).unwrap_or(0), 0, "closed at once");
    drop(held);
}

/// Seventy clients send this to each door of an admin port and then wait; everybody else is answered at once.
fn crowd(request: &[u8]) {
    let service = Service::start(&format!("{ONE_LISTENER}socket = \"admin.sock\"\n"));
    let (address, socket) = (service.address("admin"), service.path("admin.sock"));
    let mut tcp: Vec<TcpStream> = Vec::new();
    let mut unix: Vec<UnixStream> = Vec::new();
    for _ in 0..70 {
        let (mut one, mut other) = (TcpStream::connect(&address).unwrap(), UnixStream::connect(&socket).unwrap());
        one.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        other.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        // The service need not read all of it.
        let _ = one.write_all(request);
        let _ = other.write_all(request);
        tcp.push(one);
        unix.push(other);
        if tcp.len() >= 64 {
            let asked = Instant::now();
            assert_eq!(service.get("/healthz").status, 200);
            let mut stream = UnixStream::connect(&socket).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
            assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        }
    }
    let config = service.path("postseal.toml");
    let asked = Instant::now();
    let listed = Command::new(env!("CARGO_BIN_EXE_postseal"))
        .args(["limits", "list", "--config", config.to_str().unwrap()])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(error.contains("nothing is counted"), "an answer: {error}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[test]
fn idle_connections_keep_nobody_out() {
    crowd(b"");
}

#[test]
fn half_requests_keep_nobody_out() {
    crowd(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ");
}

#[test]
fn clients_that_do_not_read_keep_nobody_out() {
    crowd("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000).as_bytes());
}

#[test]
fn a_client_that_waits_is_disconnected() {
    let config = format!("{ONE_LISTENER}request_timeout = \"200ms\"\nanswer_timeout = \"500ms\"\n");
    let service = Service::start(&config);
    let address = service.address("admin");
    for request in ["", "GET /", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let begun = Instant::now();
        stream.read_to_end(&mut Vec::new()).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{request:?}: {:?}", begun.elapsed());
    }
    let mut deaf = TcpStream::connect(&address).unwrap();
    deaf.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let _ = deaf.write_all("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5000).as_bytes());
    std::thread::sleep(Duration::from_secs(2));
    deaf.set_write_timeout(Some(PATIENCE)).unwrap();
    let error = (0..1000).find_map(|_| deaf.write_all(&[b'x'; 65536]).err());
    assert!(error.is_some_and(|error| error.kind() != ErrorKind::WouldBlock), "the connection is closed");
}

#[test]
fn a_request_has_one_host() {
    let service = Service::start(ONE_LISTENER);
    let address = service.address("admin");
    for hosts in [["127.0.0.1", "evil.example"], ["evil.example", "127.0.0.1"], ["localhost", "localhost"]] {
        let hosts = hosts.map(|host| format!("Host: {host}\r\n")).concat();
        for path in ["/healthz", "/api/status"] {
            let response = http(&address, &format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"));
            assert_eq!(response.status, 400, "{hosts}");
        }
    }
}

#[test]
fn lines_of_a_request_end_in_crlf() {
    let service = Service::start(ONE_LISTENER);
    let address = service.address("admin");
    for request in [
        "GET /metrics HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n",
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\nConnection: close\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\n",
    ] {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        assert!(text.starts_with("HTTP/1.1 400 "), "{request:?}: {text}");
    }
    let two = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n";
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(two.as_bytes()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert_eq!((text.matches(" 200 OK").count(), text.matches(" 400 ").count()), (1, 1), "{text}");
}

#[test]
fn a_process_without_file_descriptors_still_answers() {
    let config = format!("{ONE_LISTENER}socket = \"{{folder}}/admin.sock\"\n[limits]\nconnections = 1000\n");
    let service = Start::new(&config).prelude("ulimit -n 48").start();
    let address = service.address("submission");
    let held: Vec<FakeMta> = (0..100).map(|_| FakeMta::silent(&address)).collect();
    std::thread::sleep(Duration::from_millis(300));
    let admin: Vec<TcpStream> = (0..30).map(|_| TcpStream::connect(service.address("admin")).unwrap()).collect();
    for _ in 0..5 {
        let asked = Instant::now();
        assert_eq!(service.get("/healthz").status, 200);
        let config = service.path("postseal.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_postseal"));
        let listed = command.args(["limits", "list", "--config"]).arg(config).output().unwrap();
        let error = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(error.contains("nothing is counted"), "an answer: {error}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
    drop((held, admin));
}

#[test]
fn shortened_names_are_not_found_out_letter_by_letter() {
    let limit = "[[rate_limit]]\nname = \"per-user\"\nkey = [\"user\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n";
    let config = format!("{ONE_LISTENER}socket = \"{{folder}}/admin.sock\"\n{limit}[store]\nurl = \"memory:\"\n");
    let service = Service::start(&config);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postseal"));
        let output = command.args(arguments).arg("--config").arg(service.path("postseal.toml")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["limits", "block", "per-user:secret.person@own.example"]);
    let ask = |query: &str| {
        let request = format!("GET /api/limits{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        http(&service.address("admin"), &request)
    };
    for query in ["", "?prefix=per-user", "?prefix=per-user:"] {
        let answer = ask(query);
        assert!(answer.body.contains("per-user:s***@own.example"), "{query}: {}", answer.body);
    }
    for query in ["?prefix=per-user:s", "?prefix=per-user%3At"] {
        assert_eq!(ask(query).status, 400, "{query}");
    }
    assert!(run(&["limits", "list", "per-user:s"]).contains("secret.person@own.example"), "the socket shows all");
}

#[test]
fn the_unix_socket_is_private_and_serves_the_same() {
    let config = format!("{ONE_LISTENER}[admin]\naddress = \"none\"\nsocket = \"admin.sock\"\n");
    let mut service = Service::start(&config.replace("[admin]\naddress = \"127.0.0.1:0\"\n", ""));
    let socket = service.path("admin.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("ready\n"), "{text}");
    service.signal(Signal::SIGTERM);
    assert!(service.ended().success());
    assert!(!socket.exists());
}

#[test]
fn messages_are_counted_and_logged() {
    let mut service = Service::start(ONE_LISTENER);
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.message("4XyZ1");
    let line = service.wait_for("message");
    assert_eq!(
        (&line["queue_id"], &line["listener"], &line["verdict"]),
        (&"4XyZ1".into(), &"submission".into(), &"accept".into())
    );
    assert_eq!(line["mail_from"], "a***@example.com");
    assert_eq!(service.metric("postseal_messages_total{listener=\"submission\",verdict=\"accept\"}"), 1.0);
    assert_eq!(service.metric("postseal_message_duration_seconds_count{listener=\"submission\"}"), 1.0);
    assert_eq!(service.metric("postseal_connections_total{listener=\"submission\"}"), 1.0);
    assert_eq!(service.metric("postseal_connections_open{listener=\"submission\"}"), 1.0);
    drop(mta);
    service.wait_for_metric("postseal_connections_open{listener=\"submission\"}", 0.0);
}

#[test]
fn a_closed_stdout_costs_log_lines_and_nothing_else() {
    // Ports can't be read from a log that nobody gets, so there is a socket with a known path.
    let start = Start::new(
        "[[listener]]\nname = \"submission\"\naddress = \"unix:{folder}/milter.sock\"\n\
         [admin]\naddress = \"127.0.0.1:0\"",
    );
    let mut service = start.start();
    let address = format!("unix:{}", service.path("milter.sock").display());
    let admin = service.address("admin");
    service.close_log();
    let mut mta = FakeMta::connect(&address);
    for number in 0..3 {
        mta.message(&format!("4Q{number}"));
    }
    let dropped = || {
        let text = http(&admin, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").body;
        let line = text.lines().find(|line| line.starts_with("postseal_log_dropped_total ")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    while dropped() == 0 {
        mta.message("4Qx");
    }
    service.signal(Signal::SIGTERM);
    assert!(service.exit_status().success());
}

/// A program that is not the service answers each request like this, on as many connections as come.
fn impostor(answer: &'static str) -> (String, Receiver<String>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        for mut stream in socket.incoming().map_while(Result::ok) {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                let _ = sender.send(String::from_utf8_lossy(&piece[..length]).into_owned());
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    (address, heard)
}

/// `postseal limits list` with a token, at this address.
fn list_limits(folder: &Path, address: &str) -> Output {
    std::fs::write(folder.join("admin.token"), "0123456789abcdef\n").unwrap();
    let config = "[[listener]]\nname = \"a\"\naddress = \"inet:127.0.0.1:0\"\n[admin]\ntoken_file = \"admin.token\"\n";
    std::fs::write(folder.join("client.toml"), format!("{config}address = \"{address}\"\n")).unwrap();
    let file = folder.join("client.toml");
    let arguments = ["limits", "list", "--config", file.to_str().unwrap()];
    Command::new(env!("CARGO_BIN_EXE_postseal")).args(arguments).output().unwrap()
}

#[test]
fn the_token_is_shown_to_the_service_only() {
    let folder = tempfile::tempdir().unwrap();
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nalive\n",
        "HTTP/1.1 200 OK\r\npostseal-proof: AAAA\r\ncontent-length: 6\r\n\r\nalive\n",
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (address, heard) = impostor(answer);
        let output = list_limits(folder.path(), &address);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{said}");
        assert!(said.contains("the token was not sent"), "{said}");
        let requests: Vec<String> = heard.try_iter().collect();
        assert!(!requests.is_empty() && !requests.concat().contains("0123456789abcdef"), "{requests:?}");
    }
    let start = Start::new(&format!("{ONE_LISTENER}token_file = \"token\"\n"));
    std::fs::write(start.path("token"), "0123456789abcdef\n").unwrap();
    let service = start.start();
    let output = list_limits(folder.path(), &service.address("admin"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("nothing is counted"), "the service answers: {said}");
}
