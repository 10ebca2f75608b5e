use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};

use super::*;

#[test]
fn rsa_record_verifies_what_the_key_signs() {
    let key = generate(Algorithm::Rsa2048).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&private(&key)).unwrap();
    assert_eq!(pair.public_modulus_len(), 256);
    let mut signature = vec![0; 256];
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, b"mail", &mut signature).unwrap();
    let public = public(&key, "rsa");
    let verifier = UnparsedPublicKey::new(&aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256, public);
    verifier.verify(b"mail", &signature).unwrap();
}

#[test]
fn ed25519_record_is_the_bare_public_key() {
    let key = generate(Algorithm::Ed25519).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(&private(&key)).unwrap();
    assert_eq!(public(&key, "ed25519"), pair.public_key().as_ref());
    // The form that openssl writes: version 0, 48 bytes.
    assert_eq!(private(&key).len(), 48);
}

#[test]
fn a_long_record_is_split_into_strings() {
    let zone = zone_record("s1", "example.com", &"x".repeat(300));
    assert_eq!(
        zone,
        format!(
            "s1._domainkey.example.com. IN TXT (\n    \"{}\"\n    \"{}\" )",
            "x".repeat(255),
            "x".repeat(45)
        )
    );
}

fn private(key: &NewKey) -> Vec<u8> {
    let body = key.pem.strip_prefix("-----BEGIN PRIVATE KEY-----\n").unwrap();
    let body = body.strip_suffix("-----END PRIVATE KEY-----\n").unwrap();
    assert!(body.lines().all(|line| line.len() <= 64));
    STANDARD.decode(body.replace('\n', "")).unwrap()
}

fn public(key: &NewKey, key_type: &str) -> Vec<u8> {
    let encoded = key.record.strip_prefix(&format!("v=DKIM1; k={key_type}; p=")).unwrap();
    STANDARD.decode(encoded).unwrap()
}
