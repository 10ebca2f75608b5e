use std::time::Duration;

use bytes::Bytes;
use postseal_filters::{FilterFailure, MessageEnd, Reason, Record, Report, SignatureNote};

use super::*;

fn record(end: MessageEnd) -> Record {
    Record {
        listener: "submission".into(),
        queue_id: None,
        client: None,
        user: None,
        direction: None,
        mail_from: Bytes::new(),
        rcpt_count: 1,
        message_id: None,
        size: 1,
        end,
        reply: None,
        edits: Vec::new(),
        report: Report::default(),
        duration: Duration::from_micros(300),
    }
}

fn signature(domain: &str, selector: &str) -> SignatureNote {
    SignatureNote {
        domain: domain.into(),
        selector: selector.into(),
        algorithm: "rsa-sha256",
        duration: Duration::from_micros(240),
    }
}

fn key(domain: &str, selector: &str) -> KeyLabel {
    KeyLabel { domain: domain.to_owned(), selector: selector.to_owned(), algorithm: "rsa-sha256", since: 0 }
}

fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn all_begins_at_zero() {
    let metrics = Metrics::new().unwrap();
    let _listener = metrics.listener("submission");
    metrics.expect_reasons("dkim", ["not_origin"]);
    metrics.signing.expect_keys(vec![key("example.com", "s1")]);
    let text = metrics.render().unwrap();
    for sample in [
        "postseal_connections_total{listener=\"submission\"}",
        "postseal_connections_open{listener=\"submission\"}",
        "postseal_connections_refused_total{listener=\"submission\"}",
        "postseal_messages_total{listener=\"submission\",verdict=\"accept\"}",
        "postseal_messages_total{listener=\"submission\",verdict=\"abort\"}",
        "postseal_message_duration_seconds_bucket{listener=\"submission\",le=\"0.0001\"}",
        "postseal_message_duration_seconds_count{listener=\"submission\"}",
        "postseal_filter_verdicts_total{filter=\"dkim\",reason=\"not_origin\",verdict=\"tempfail\"}",
        "postseal_dkim_signatures_total{algorithm=\"rsa-sha256\",domain=\"example.com\",selector=\"s1\"}",
        "postseal_dkim_signatures_total{algorithm=\"ed25519-sha256\",domain=\"other\",selector=\"other\"}",
        "postseal_dkim_sign_duration_seconds_count{algorithm=\"ed25519-sha256\"}",
        "postseal_unsigned_total{reason=\"not_origin\"}",
        "postseal_protocol_errors_total{kind=\"panic\"}",
        "postseal_config_reloads_total{outcome=\"failure\"}",
        "postseal_config_last_reload_timestamp_seconds",
        "postseal_log_dropped_total",
    ] {
        assert_eq!(value(&text, sample), Some(0.0), "{sample}\n{text}");
    }
    assert_eq!(value(&text, "postseal_build_info{version=\"0.1.0\"}"), Some(1.0), "{text}");
    for sample in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_threads"] {
        assert!(value(&text, sample).unwrap() > 0.0, "{sample}");
    }
    let start = value(&text, "process_start_time_seconds").unwrap();
    let age = clock::since_epoch().as_secs_f64() - start;
    assert!((-2.0..600.0).contains(&age), "started {age} s ago");
    assert!(open_files_limit().unwrap() > 0);
}

#[test]
fn a_message_is_counted() {
    let metrics = Metrics::new().unwrap();
    let listener = metrics.listener("submission");
    metrics.signing.expect_keys(vec![key("example.com", "s1")]);
    let mut signed = record(MessageEnd::Accept);
    signed.report.signatures = vec![signature("example.com", "s1"), signature("example.net", "s1")];
    signed.report.reasons = vec![Reason::new("dkim", "key_unusable")];
    listener.observe(&signed);
    let mut unsigned = record(MessageEnd::Accept);
    unsigned.report.reasons = vec![Reason::new("header_checks", "no_date"), Reason::new("dkim", "not_origin")];
    listener.observe(&unsigned);
    let mut failed = record(MessageEnd::Tempfail);
    failed.report.failures = vec![FilterFailure { filter: "dkim", code: "deadline", detail: String::new() }];
    listener.observe(&failed);
    let text = metrics.render().unwrap();
    for (sample, expected) in [
        ("postseal_messages_total{listener=\"submission\",verdict=\"accept\"}", 2.0),
        ("postseal_messages_total{listener=\"submission\",verdict=\"tempfail\"}", 1.0),
        ("postseal_message_duration_seconds_bucket{listener=\"submission\",le=\"0.00025\"}", 0.0),
        ("postseal_message_duration_seconds_bucket{listener=\"submission\",le=\"0.0005\"}", 3.0),
        ("postseal_filter_verdicts_total{filter=\"dkim\",reason=\"key_unusable\",verdict=\"accept\"}", 1.0),
        ("postseal_filter_verdicts_total{filter=\"dkim\",reason=\"deadline\",verdict=\"tempfail\"}", 1.0),
        ("postseal_dkim_signatures_total{algorithm=\"rsa-sha256\",domain=\"example.com\",selector=\"s1\"}", 1.0),
        ("postseal_dkim_signatures_total{algorithm=\"rsa-sha256\",domain=\"other\",selector=\"other\"}", 1.0),
        ("postseal_dkim_sign_duration_seconds_count{algorithm=\"rsa-sha256\"}", 2.0),
        ("postseal_unsigned_total{reason=\"not_origin\"}", 1.0),
        ("postseal_signed_total{listener=\"submission\"}", 1.0),
        ("postseal_recipients_total{listener=\"submission\"}", 2.0),
        ("postseal_message_bytes_total{listener=\"submission\"}", 2.0),
        ("postseal_dkim_keys", 1.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}\n{text}");
    }
    assert!(!text.contains("postseal_unsigned_total{reason=\"key_unusable\"}"), "that one was signed");
    assert!(!text.contains("example.net"), "mail makes no labels");
}

#[test]
fn keys_that_are_gone_lose_their_series() {
    let metrics = Metrics::new().unwrap();
    metrics.signing.expect_keys(vec![key("example.com", "s1"), key("example.com", "s2")]);
    let listener = metrics.listener("submission");
    let mut signed = record(MessageEnd::Accept);
    signed.report.signatures = vec![signature("example.com", "s2")];
    listener.observe(&signed);
    metrics.signing.expect_keys(vec![key("example.com", "s2"), key("example.org", "s3")]);
    let text = metrics.render().unwrap();
    let series = |domain, selector| {
        value(
            &text,
            &format!(
                "postseal_dkim_signatures_total{{algorithm=\"rsa-sha256\",domain=\"{domain}\",selector=\"{selector}\"}}"
            ),
        )
    };
    assert_eq!(series("example.com", "s1"), None);
    assert_eq!(series("example.com", "s2"), Some(1.0), "what was counted stays");
    assert_eq!(series("example.org", "s3"), Some(0.0));
}

#[test]
fn thousands_of_domains_make_a_hundred_series() {
    let metrics = Metrics::new().unwrap();
    metrics.signing.expect_keys((0..5_000).map(|number| key(&format!("d{number:04}.example"), "s1")).collect());
    let text = metrics.render().unwrap();
    let series = text.lines().filter(|line| line.starts_with("postseal_dkim_signatures_total{")).count();
    assert_eq!(series, 102, "a hundred domains, and `other` for two algorithms");
    let listener = metrics.listener("submission");
    let mut signed = record(MessageEnd::Accept);
    signed.report.signatures = vec![signature("d0000.example", "s1"), signature("d4999.example", "s1")];
    listener.observe(&signed);
    let text = metrics.render().unwrap();
    for (domain, selector) in [("d0000.example", "s1"), ("other", "other")] {
        let sample = format!(
            "postseal_dkim_signatures_total{{algorithm=\"rsa-sha256\",domain=\"{domain}\",selector=\"{selector}\"}}"
        );
        assert_eq!(value(&text, &sample), Some(1.0));
    }
}

#[test]
fn reloads_are_told() {
    let metrics = Metrics::new().unwrap();
    metrics.configuration_loaded();
    metrics.reloaded(false);
    let text = metrics.render().unwrap();
    assert!(value(&text, "postseal_config_last_reload_timestamp_seconds").unwrap() > 1e9);
    assert_eq!(value(&text, "postseal_config_last_reload_successful"), Some(0.0));
    assert_eq!(value(&text, "postseal_config_reloads_total{outcome=\"failure\"}"), Some(1.0));
    metrics.reloaded(true);
    let text = metrics.render().unwrap();
    assert_eq!(value(&text, "postseal_config_last_reload_successful"), Some(1.0));
}

#[test]
fn series_are_few_however_much_mail_there_is() {
    let metrics = Metrics::new().unwrap();
    let codes: Vec<String> = (0..60).map(|code| format!("check_{code}")).collect();
    metrics.expect_reasons("header_checks", codes);
    metrics.expect_reasons("dkim", ["not_origin", "no_key_for_domain"]);
    metrics
        .signing
        .expect_keys((0..20).flat_map(|at| ["s1", "e1"].map(|name| key(&format!("d{at}.example"), name))).collect());
    let listeners = ["submission", "local", "reinject", "mx"].map(|name| metrics.listener(name));
    let series = || metrics.render().unwrap().lines().filter(|line| !line.starts_with('#')).count();
    let before = series();
    for number in 0..10_000 {
        let mut record = record(MessageEnd::Accept);
        record.mail_from = format!("user{number}@d{number}.example").into();
        record.user = Some(format!("user{number}").into());
        record.message_id = Some(format!("<{number}@x.example>").into());
        record.report.signatures = vec![signature(&format!("d{number}.example"), "s1")];
        listeners[number % 4].observe(&record);
    }
    assert_eq!(series(), before);
    assert!(before < 1_000, "{before} series");
}

#[test]
fn a_signature_that_will_break_is_counted_and_is_no_unsigned_message() {
    let metrics = Metrics::new().unwrap();
    let listener = metrics.listener("submission");
    metrics.signing.expect("dkim", &["long_header_line".to_owned(), "not_origin".to_owned()]);
    let mut shadow = record(MessageEnd::Accept);
    shadow.report.reasons = vec![Reason::new("dkim", "long_header_line"), Reason::new("dkim", "shadow")];
    listener.observe(&shadow);
    let text = metrics.render().unwrap();
    assert!(text.contains("reason=\"long_header_line\",verdict=\"accept\"} 1"), "{text}");
    assert!(text.contains("postseal_unsigned_total{reason=\"shadow\"} 1"), "{text}");
    assert!(!text.contains("postseal_unsigned_total{reason=\"long_header_line\"}"), "{text}");
}
