//! Mistakes of a configuration whose values are all right by themselves.

mod store;

use postseal_filters::dkim::{DkimPlan, DkimSettings, Pattern, PlannedRule, SigningDomain};
use postseal_filters::header_checks::{CheckPlan, HeaderCheckSettings};
use postseal_filters::{Problem, Problems};

use super::{AdminConfig, BoundsConfig, Config, KeyPath, ListenAddress, ListenerConfig};

const MIN_PERIOD: std::time::Duration = std::time::Duration::from_millis(100);
const MIN_RELOAD_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);
const MAX_ADMIN_CONNECTIONS: usize = 1000;
const MAX_ADMIN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
const MIN_PACKET_OCTETS: usize = 64 << 10;
const MAX_PACKET_OCTETS: usize = 16 << 20;
const MIN_LINE_OCTETS: usize = 4 << 10;
const MAX_LINE_OCTETS: usize = 64 << 10;

/// The plans of filters whose sections need no file.
#[derive(Default)]
pub(crate) struct Plans {
    pub(crate) dkim: Option<DkimPlan>,
    pub(crate) header_checks: Option<CheckPlan>,
}

/// Checks the configuration as a whole: the plans that were made of it, and warnings.
///
/// # Errors
/// Everything that makes the configuration unusable.
pub(super) fn check(config: &Config) -> Result<(Plans, Vec<Problem>), Vec<Problem>> {
    let mut findings = Problems::of(&[]);
    if config.listener.is_empty() {
        findings.error(["listener"], "no listener; add a [[listener]] with name and address");
    }
    for (index, listener) in config.listener.iter().enumerate() {
        let key = KeyPath::new(["listener"]).then(index);
        let (before, _) = config.listener.split_at(index);
        check_listener(listener, before, &key, &mut findings);
        check_admin(listener, &key, config, &mut findings);
    }
    if let Some(address) = config.admin.address.filter(|address| !address.ip().is_loopback())
        && config.admin.token_file.is_none()
        && !in_container()
    {
        let reason = format!(
            "{address} is open to the network: metrics and health are for everybody there, the status page for nobody \
             without admin.token_file"
        );
        findings.warning(["admin", "address"], reason);
    }
    check_admin_bounds(&config.admin, &mut findings);
    check_bounds(&config.limits, &mut findings);
    if !(MIN_LINE_OCTETS..=MAX_LINE_OCTETS).contains(&config.log.line_size.bytes()) {
        findings.error(["log", "line_size"], "must be 4KiB to 64KiB");
    }
    store::check(&config.store, &mut findings);
    if config.reload.period < MIN_PERIOD {
        findings.error(["reload", "period"], "must be at least 100ms");
    }
    if config.reload.timeout < MIN_RELOAD_TIMEOUT {
        findings.error(["reload", "timeout"], "must be at least 1s, or no reload would be finished in time");
    }
    let header_checks = config.header_checks.as_ref().map(HeaderCheckSettings::plan);
    let header_checks = header_checks.and_then(|plan| findings.unwrap_plan(plan));
    let dkim = config.dkim.as_ref().map(DkimSettings::plan).and_then(|plan| findings.unwrap_plan(plan));
    check_open_signing(dkim.as_ref(), config, &mut findings);
    if config.dkim.is_none() {
        findings.warning(["dkim"], "no [dkim] section: nothing is signed");
    }
    findings.finish(Plans { dkim, header_checks })
}

/// An entry that signs as the domain in From, whatever it is, needs somebody who judges From.
fn check_open_signing(dkim: Option<&DkimPlan>, config: &Config, findings: &mut Problems) {
    let rules = dkim.iter().flat_map(|plan| plan.rules.iter().enumerate());
    let is_open = |rule: &PlannedRule| (&rule.pattern, &rule.signing_domain) == (&Pattern::Any, &SigningDomain::OfFrom);
    for (index, _) in rules.filter(|(_, rule)| is_open(rule) && config.sender.is_none()) {
        let reason = "signs as whatever domain is in From: whoever may send can have mail signed for every domain that \
                      publishes the key; let a [sender] section say who may use which addresses";
        findings.warning(["dkim", "domain", &index.to_string()], reason);
    }
}

fn check_listener(listener: &ListenerConfig, before: &[ListenerConfig], key: &KeyPath, findings: &mut Problems) {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if listener.name.is_empty() || listener.name.len() > 64 || !listener.name.chars().all(fits) {
        findings.error(key.then("name").steps(), "expected 1 to 64 letters, digits, `_`, `-` or `.`");
    }
    if let Some(index) = before.iter().position(|other| other.name == listener.name) {
        findings.error(key.then("name").steps(), format!("listener[{index}] has the same name"));
    }
    let any_port =
        matches!(&listener.address, ListenAddress::Inet { port: 0, .. } | ListenAddress::Inet6 { port: 0, .. });
    let twin = before.iter().position(|other| other.address == listener.address);
    if let Some(index) = twin.filter(|_| !any_port) {
        findings.error(key.then("address").steps(), format!("listener[{index}] has the same address"));
    }
    if let ListenAddress::Unix(_) = listener.address {
        if listener.mode.bits() & 0o002 != 0 && !in_container() {
            findings.warning(key.then("mode").steps(), "every local user can have mail signed; better set `group`");
        }
    } else if listener.group.is_some() {
        findings.warning(key.then("group").steps(), "has no effect: the address is not a unix socket");
    }
}

fn check_admin(listener: &ListenerConfig, key: &KeyPath, config: &Config, findings: &mut Problems) {
    let (ListenAddress::Inet { host, port } | ListenAddress::Inet6 { host, port }) = &listener.address else {
        return;
    };
    let Some(admin) = config.admin.address else { return };
    if *port != 0 && *port == admin.port() && host.parse() == Ok(admin.ip()) {
        findings.error(key.then("address").steps(), format!("is the same as admin.address, {admin}"));
    }
}

fn check_admin_bounds(admin: &AdminConfig, findings: &mut Problems) {
    if !(2..=MAX_ADMIN_CONNECTIONS).contains(&admin.connections) {
        findings.error(["admin", "connections"], format!("must be 2 to {MAX_ADMIN_CONNECTIONS}"));
    }
    for (name, time) in [("request_timeout", admin.request_timeout), ("answer_timeout", admin.answer_timeout)] {
        if !(MIN_PERIOD..=MAX_ADMIN_TIMEOUT).contains(&time) {
            findings.error(["admin", name], "must be 100ms to 60s");
        }
    }
}

/// True in a container (process 1): only mounted folders and published ports can reach the service there.
fn in_container() -> bool {
    std::process::id() == 1
}

fn check_bounds(limits: &BoundsConfig, findings: &mut Problems) {
    let counts = [
        ("connections", limits.connections),
        ("header_size", limits.header_size.bytes()),
        ("header_fields", limits.header_fields),
        ("header_edits", limits.header_edits),
        ("reasons", limits.reasons),
        ("recipients", limits.recipients),
        ("envelope_size", limits.envelope_size.bytes()),
        ("idle_timeout", millis(limits.idle_timeout)),
        ("frame_timeout", millis(limits.frame_timeout)),
        ("filter_timeout", millis(limits.filter_timeout)),
        ("end_of_message_timeout", millis(limits.end_of_message_timeout)),
    ];
    for (name, _) in counts.iter().filter(|(_, count)| *count == 0) {
        findings.error(bound(name), "must be more than 0");
    }
    let packet = limits.packet_size.bytes();
    if packet < MIN_PACKET_OCTETS {
        findings.error(bound("packet_size"), "must be at least 64KiB: MTAs send the body in pieces of that size");
    } else if packet > MAX_PACKET_OCTETS {
        findings.error(bound("packet_size"), "must be at most 16MiB: each connection may keep that much");
    }
}

fn bound(name: &str) -> [&str; 2] {
    ["limits", name]
}

fn millis(duration: std::time::Duration) -> usize {
    usize::try_from(duration.as_millis()).unwrap_or(usize::MAX)
}
