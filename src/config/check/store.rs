//! Mistakes in `[store]`.

use std::net::IpAddr;

use postseal_filters::Problems;

use super::millis;
use crate::config::store::{Endpoint, RedisUrl, StoreConfig, StoreUrl};

/// Milliseconds. MTAs wait for a reply for 30 seconds and more, but their clients do so at every step.
const MAX_TIMEOUT_MILLIS: usize = 2000;

pub(super) fn check(store: &StoreConfig, findings: &mut Problems) {
    if millis(store.timeout) == 0 {
        findings.error(key("timeout"), "must be more than 0");
    } else if millis(store.timeout) > MAX_TIMEOUT_MILLIS {
        findings.warning(key("timeout"), "that long a message may wait for the store while it fails");
    }
    if store.connections == 0 {
        findings.error(key("connections"), "must be more than 0");
    }
    if store.max_keys == 0 {
        findings.error(key("max_keys"), "must be more than 0");
    }
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}');
    if store.prefix.len() > 64 || !store.prefix.chars().all(fits) {
        findings.error(key("prefix"), "expected up to 64 printable ASCII characters, no blanks and no braces");
    }
    match &store.url {
        Some(StoreUrl::Redis(url)) => check_redis(url, store, findings),
        _ => {
            let set = [("password_file", store.password_file.is_some()), ("ca_file", store.ca_file.is_some())];
            for (name, _) in set.iter().filter(|(_, set)| *set) {
                findings.warning(key(name), "has no effect: store.url is not Redis");
            }
        }
    }
}

fn check_redis(url: &RedisUrl, store: &StoreConfig, findings: &mut Problems) {
    match (&url.password, &store.password_file) {
        (Some(_), Some(_)) => findings.error(key("password_file"), "there is a password in store.url too"),
        (Some(_), None) => {
            findings.warning(key("url"), "has the password in it; better put it into a file: store.password_file");
        }
        (None, None) if url.user.is_some() => {
            findings.error(key("url"), "has a user name and no password; set store.password_file");
        }
        _ => {}
    }
    if store.ca_file.is_some() && !url.tls {
        findings.warning(key("ca_file"), "has no effect: store.url begins with redis, not with rediss (TLS)");
    }
    let secret = url.password.is_some() || store.password_file.is_some();
    let open = url.servers.iter().find(|server| !url.tls && !is_local(server));
    if let Some(server) = open.filter(|_| secret) {
        let reason = format!("the password goes to {server} unencrypted; rediss:// is redis:// over TLS");
        findings.warning(key("url"), reason);
    }
}

fn is_local(server: &Endpoint) -> bool {
    match server {
        Endpoint::Unix(_) => true,
        Endpoint::Tcp { host, .. } => {
            host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

fn key(name: &str) -> [&str; 2] {
    ["store", name]
}
