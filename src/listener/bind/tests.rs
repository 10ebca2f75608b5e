use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use super::*;

fn listener(address: &str) -> ListenerConfig {
    let text = format!("name = \"test\"\naddress = \"{address}\"");
    toml_edit::de::from_str(&text).unwrap()
}

fn unix(path: &Path) -> ListenerConfig {
    listener(&format!("unix:{}", path.display()))
}

async fn bind(listener: &ListenerConfig) -> Result<Socket, BindError> {
    Socket::bind(listener, &mut Inherited::default()).await
}

#[tokio::test]
async fn tcp_connections_are_kept_alive_and_not_delayed() {
    let socket = bind(&listener("inet:127.0.0.1:0")).await.unwrap();
    let Some(ListenAddress::Inet { host, port }) = socket.address() else { panic!("{socket:?}") };
    let _client = TcpStream::connect((host, port)).await.unwrap();
    let MtaStream::Tcp(stream) = socket.accept().await.unwrap() else { panic!("TCP") };
    let options = SockRef::from(&stream);
    assert!(options.keepalive().unwrap() && options.tcp_nodelay().unwrap());
    assert_eq!(options.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
    assert_eq!(options.tcp_keepalive_interval().unwrap(), Duration::from_secs(15));
    assert_eq!(options.tcp_keepalive_retries().unwrap(), 4);
}

#[tokio::test]
async fn a_port_in_use_says_how_to_find_who_has_it() {
    let socket = bind(&listener("inet:127.0.0.1:0")).await.unwrap();
    let address = socket.address().unwrap();
    let error = bind(&listener(&address.to_string())).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("can't listen on {address}: Address already in use")), "{error}");
    assert!(error.ends_with("; `ss -ltnp` shows which process has it"), "{error}");
}

#[tokio::test]
async fn foreign_addresses_and_unknown_hosts_are_explained() {
    let error = bind(&listener("inet:192.0.2.1:8891")).await.unwrap_err().to_string();
    assert!(error.ends_with("; no network interface of this machine has that address"), "{error}");
    let error = bind(&listener("inet:does-not-exist.invalid:8891")).await.unwrap_err().to_string();
    assert!(error.starts_with("can't find the address of `does-not-exist.invalid`"), "{error}");
    let error = bind(&listener("fd:submission")).await.unwrap_err().to_string();
    assert!(error.contains("passed no socket named `submission`") && error.ends_with("passed: none"), "{error}");
}

#[tokio::test]
async fn localhost_is_ipv4_for_inet() {
    let socket = bind(&listener("inet:localhost:0")).await.unwrap();
    assert!(matches!(socket.address(), Some(ListenAddress::Inet { host, .. }) if host == "127.0.0.1"));
}

#[tokio::test]
async fn unix_socket_has_mode_and_group_and_is_removed_by_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milter.sock");
    let gid = std::fs::metadata(folder.path()).unwrap().gid();
    let text = format!("name = \"t\"\naddress = \"unix:{}\"\nmode = \"0666\"\ngroup = \"{gid}\"", path.display());
    let settings: ListenerConfig = toml_edit::de::from_str(&text).unwrap();
    let socket = bind(&settings).await.unwrap();
    let found = std::fs::metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!((found.permissions().mode() & 0o7777, found.gid()), (0o666, gid));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing temporary stays");
    UnixStream::connect(&path).await.unwrap();
    drop(socket);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_living_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milter.sock");
    let _first = bind(&unix(&path)).await.unwrap();
    let error = bind(&unix(&path)).await.unwrap_err();
    assert!(matches!(error, BindError::Answered(_)), "{error}");
    let text = format!("another process answers on unix:{}", path.display());
    assert!(error.to_string().starts_with(&text), "{error}");
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn a_dead_socket_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milter.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let _socket = bind(&unix(&path)).await.unwrap();
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn other_files_are_never_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milter.sock");
    std::fs::write(&path, "precious").unwrap();
    let error = bind(&unix(&path)).await.unwrap_err();
    assert!(matches!(error, BindError::NotASocket(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let dangling = folder.path().join("link.sock");
    std::os::unix::fs::symlink("/nonexistent", &dangling).unwrap();
    assert!(matches!(bind(&unix(&dangling)).await, Err(BindError::NotASocket(_))));
    let datagram = folder.path().join("datagram.sock");
    let _theirs = std::os::unix::net::UnixDatagram::bind(&datagram).unwrap();
    assert!(matches!(bind(&unix(&datagram)).await, Err(BindError::Answered(_))));
}

#[tokio::test]
async fn a_socket_that_somebody_else_put_there_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milter.sock");
    let socket = bind(&unix(&path)).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let _theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(!socket.file().unwrap().is_ours());
    drop(socket);
    assert!(path.exists());
}

#[tokio::test]
async fn folders_and_groups_that_do_not_exist_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = bind(&unix(&folder.path().join("gone/milter.sock"))).await.unwrap_err().to_string();
    assert!(error.ends_with("; create the folder first (RuntimeDirectory= in systemd)"), "{error}");
    let mut settings = unix(&folder.path().join("milter.sock"));
    settings.group = Some("no-such-group".to_owned());
    let error = bind(&settings).await.unwrap_err().to_string();
    assert_eq!(error, "there is no group `no-such-group`");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
