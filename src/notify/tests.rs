use super::*;

fn pair(name: OsString, server: &UnixDatagram) -> (Notifier, impl Fn() -> String) {
    let notifier = Notifier { socket: Some(connect(&name).unwrap()), watchdog: None };
    let receive = || {
        let mut buffer = [0; 512];
        let length = server.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    (notifier, receive)
}

#[test]
fn messages_reach_an_abstract_socket() {
    let name = format!("postseal-notify-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
    let server = UnixDatagram::bind_addr(&address).unwrap();
    let (notifier, receive) = pair(format!("@{name}").into(), &server);
    notifier.ready("1 listener");
    assert_eq!(receive(), "READY=1\nSTATUS=1 listener\n");
    notifier.reloading();
    let text = receive();
    let micros = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(micros.trim_end().parse::<u64>().unwrap() > 0);
    notifier.stopping("draining");
    assert_eq!(receive(), "STOPPING=1\nSTATUS=draining\n");
    notifier.alive();
    assert_eq!(receive(), "WATCHDOG=1\n");
}

#[test]
fn nobody_there_is_no_harm() {
    let notifier = Notifier::default();
    notifier.ready("");
    assert_eq!(notifier.watchdog(), None);
    assert!(connect(&OsString::from("/nonexistent/notify")).is_err());
}
