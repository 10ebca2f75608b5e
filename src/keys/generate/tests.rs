use postseal_filters::dkim::{self, PrivateKey};

use super::*;

#[test]
fn what_is_made_can_be_used() {
    for (algorithm, expected, bits) in [
        (KeyType::Rsa2048, dkim::SigningAlgorithm::Rsa, 2048),
        (KeyType::Ed25519, dkim::SigningAlgorithm::Ed25519, 256),
    ] {
        let pem = generate(algorithm).unwrap();
        assert!(pem.lines().all(|line| line.len() <= 64));
        let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
        assert_eq!((key.algorithm(), key.bits(), key.is_weak()), (expected, bits, false));
        assert_ne!(generate(algorithm).unwrap(), pem);
    }
}

#[test]
fn a_long_record_is_split_into_strings() {
    let zone = zone_record("s1", "example.com", &"x".repeat(300));
    assert_eq!(
        zone,
        format!("s1._domainkey.example.com. IN TXT (\n    \"{}\"\n    \"{}\" )", "x".repeat(255), "x".repeat(45))
    );
}
