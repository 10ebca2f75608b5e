use super::*;

macro_rules! testdata {
    ($name:literal) => {
        include_bytes!(concat!("../testdata/", $name))
    };
}

fn base64(octets: &[u8]) -> String {
    let mut out = Vec::new();
    out.write_base64(octets);
    String::from_utf8(out).unwrap()
}

fn error(text: &[u8]) -> String {
    PrivateKey::from_pem(text).unwrap_err().to_string()
}

/// The base64 inside a PEM file.
fn content(pem: &[u8]) -> String {
    let text = std::str::from_utf8(pem).unwrap();
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[test]
fn keys_in_the_forms_of_openssl() {
    for (pem, algorithm, bits, weak) in [
        (&testdata!("rsa2048.pkcs1.pem")[..], SigningAlgorithm::Rsa, 2048, false),
        (testdata!("rsa2048.pkcs8.pem"), SigningAlgorithm::Rsa, 2048, false),
        (testdata!("rsa4096.pem"), SigningAlgorithm::Rsa, 4096, false),
        (testdata!("rsa1024.pem"), SigningAlgorithm::Rsa, 1024, true),
        (testdata!("rsa1536.pem"), SigningAlgorithm::Rsa, 1536, true),
        (testdata!("ed25519.pem"), SigningAlgorithm::Ed25519, 256, false),
    ] {
        let key = PrivateKey::from_pem(pem).unwrap();
        assert_eq!((key.algorithm(), key.bits(), key.is_weak()), (algorithm, bits, weak));
        assert_eq!(format!("{key:?}"), format!("PrivateKey {{ algorithm: {algorithm:?}, bits: {bits}, .. }}"));
    }
}

#[test]
fn signatures_are_those_of_openssl() {
    for (pem, signature) in [
        // printf abc | openssl dgst -sha256 -sign FILE | base64
        (
            &testdata!("rsa1024.pem")[..],
            "eJwd/XwURzfejcqkZLF6lO9qK+TO8zXQ2KScEF+C7dlu/35aB2SGHcGHRD7BC2OsNS6V8UkvkL9ww1iUkoYQQo90Ip\
             DPG/fKJ7CsEMkMJgqL3Rs7IFXri6cuu5Wz4czx7EQGLd1sWI4z6E+4/TqMzJbY0IhwfQWpgOzQYov1PxE=",
        ),
        (
            testdata!("rsa1536.pem"),
            "iBMnRrzKXtYVj6OVOIX+hECz7vRp/ardVewjcbYYdWK9zXgYqX47FZcx042zMH/gGJ9mKBb+qjwSuI6ooBOMjv9AZI\
             PnyPChOgKJml5wHsZynjNdUT074q1pbPqhtQvOPC8XLG0K4VnQg7x/iMkNdpZXwW97qiW+jKI3bcz+SDYsossVph8J\
             gtIrn+GQ2pnvDGzLd8IdOT1WTAVqWnnzJ45pSB1BSSiP96MmXRNcQvi8EDldgr86aD+psAX9oi+P",
        ),
        (
            testdata!("rsa2048.pkcs1.pem"),
            "bXC2p0qoqwrn9LqtbOYHz8so7LyVOTS3IjNqO3FgTlGNG19nAkE0dIUIrl1pON/KO5CvjfRU13gVvGoXejGCLBBBQj\
             wrzrTMFfeX3EAXRLkbtpPM6Dx75OeAXynnp6ki+TfzUO8fDfzosTH7U0b+JN8nISF53r+oEqcaPkXSIjsClsT0maLw\
             VAzmcVEdWrDDWp9M1AamsiyoCRAk8K4ZvBWvF5/zJ6/fEqP610Q2FS5R4IaxApgU+nVkc1llUnfPfsj0v98GyzQpZS\
             NA2oe1/yGChgLzdzRgMmwFuj+NoNmawxSw4pjjSyXHlEroHZlYcBvLBHRqi2AK1cHd+Zyo3g==",
        ),
        // printf abc | openssl dgst -sha256 -binary | openssl pkeyutl -sign -rawin -inkey FILE -in /dev/stdin | base64
        (
            testdata!("ed25519.pem"),
            "DQgT+8UVOCuhAcCHo4YUG+vLyYF0UNhgv5YD/U7sYdQQkYm9VKyHGE+pRtfTqIeZyVKrVbFxiTjCCeMebs8xBg==",
        ),
    ] {
        let key = PrivateKey::from_pem(pem).unwrap();
        assert_eq!(base64(&key.sign(b"abc").unwrap()), signature, "{key:?}");
    }
}

#[test]
fn dns_records() {
    let key = PrivateKey::from_pem(testdata!("rsa2048.pkcs8.pem")).unwrap();
    assert_eq!(key.dns_record(), format!("v=DKIM1; k=rsa; p={}", content(testdata!("rsa2048.public.pem"))));
    let key = PrivateKey::from_pem(testdata!("rsa1024.pem")).unwrap();
    assert!(key.dns_record().starts_with("v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ"));
    assert!(key.dns_record().ends_with("IDAQAB"));
    // RFC 8463 section 4: the last 32 of the 44 octets that openssl writes
    let key = PrivateKey::from_pem(testdata!("ed25519.pem")).unwrap();
    let whole = content(testdata!("ed25519.public.pem"));
    assert!(whole.ends_with(key.dns_record().strip_prefix("v=DKIM1; k=ed25519; p=").unwrap()));
    assert_eq!(key.public_key().len(), 32);
}

#[test]
fn what_openssl_tolerates() {
    let pem = String::from_utf8(testdata!("rsa2048.pkcs8.pem").to_vec()).unwrap();
    let plain = PrivateKey::from_pem(pem.as_bytes()).unwrap().public_key();
    for text in [
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " \n"),
        pem.replace('\n', "\r"),
        pem.trim_end().to_owned(),
        format!("\u{feff}{pem}"),
        format!("Private-Key: (2048 bit)\nmodulus:\n    00:aa\n{pem}"),
        format!("{pem}\n\ntrailing junk\n\0\0\0"),
        format!("{pem}{}", content(pem.as_bytes())),
        format!("{}{pem}", std::str::from_utf8(testdata!("certificate.pem")).unwrap()),
    ] {
        let key = PrivateKey::from_pem(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(key.public_key(), plain);
    }
}

#[test]
fn what_else_a_file_holds() {
    for (file, message) in [
        (&b""[..], "the file is empty"),
        (b" \r\n\n", "the file is empty"),
        (b"correct horse battery staple\n", "not a PEM private key: no line says -----BEGIN PRIVATE KEY-----"),
        (b"v=DKIM1; k=rsa; p=MIIB", "not a PEM private key: it holds a DNS record"),
        (testdata!("certificate.pem"), "not a PEM private key: it holds a certificate"),
        (testdata!("rsa2048.public.pem"), "not a PEM private key: it holds a public key"),
        (testdata!("rsa2048.rsapublic.pem"), "not a PEM private key: it holds a public key"),
        (b"-----BEGIN PGP MESSAGE-----\n", "not a PEM private key: it holds \"PGP MESSAGE\""),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
            "not a PEM private key: it holds an OpenSSH key; make one with `postseal keygen`",
        ),
        (
            b"\x30\x82\x04\xbd\x02",
            "not a PEM private key but DER; convert it with `openssl pkey -inform DER -in FILE -out FILE.pem`",
        ),
        (
            testdata!("rsa2048.encrypted.pkcs8.pem"),
            "the private key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`",
        ),
        (
            testdata!("rsa2048.encrypted.pkcs1.pem"),
            "the private key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`",
        ),
        (testdata!("ec.pkcs8.pem"), "the private key is an EC key, but DKIM signs with RSA or Ed25519"),
        (testdata!("ec.sec1.pem"), "the private key is an EC key, but DKIM signs with RSA or Ed25519"),
        (testdata!("ed448.pem"), "the private key is an Ed448 key, but DKIM signs with RSA or Ed25519"),
        (testdata!("rsapss.pem"), "the private key is restricted to RSA-PSS, but DKIM signs with RSA or Ed25519"),
        (testdata!("rsa768.pem"), "the RSA key has 768 bits; verifiers refuse less than 1024, and 2048 is what to use"),
        (
            testdata!("rsa4352.pem"),
            "the RSA key has 4352 bits; verifiers refuse more than 4096, and 2048 is what to use",
        ),
    ] {
        assert_eq!(error(file), message);
    }
}

#[test]
fn half_a_file_is_never_a_key() {
    for pem in [&testdata!("rsa2048.pkcs8.pem")[..], testdata!("rsa1024.pem"), testdata!("ed25519.pem")] {
        let end = pem.trim_ascii_end().len();
        for length in 0..end {
            assert!(PrivateKey::from_pem(&pem[..length]).is_err(), "{length} of {end} octets");
        }
        assert!(PrivateKey::from_pem(&pem[..end]).is_ok());
    }
    assert_eq!(error(&testdata!("rsa2048.pkcs8.pem")[..1000]), KeyError::Incomplete.to_string());
}

#[test]
fn damage_is_found() {
    let pem = String::from_utf8(testdata!("rsa1024.pem").to_vec()).unwrap();
    let lines: Vec<_> = pem.lines().collect();
    for drop in 1..lines.len() - 1 {
        let mut lines = lines.clone();
        lines.remove(drop);
        let error = PrivateKey::from_pem(lines.join("\n").as_bytes()).map(|key| key.bits()).unwrap_err();
        assert!(matches!(error, KeyError::Damaged(_) | KeyError::TooLong(_)), "line {drop}: {error}");
    }
    let star = pem.replacen('M', "*", 1);
    assert_eq!(error(star.as_bytes()), "the private key is damaged: its base64 can't be decoded");
    let other = pem.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    assert_eq!(error(other.as_bytes()), "the private key is damaged: it is not PKCS#1");
}

#[test]
fn keys_go_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<PrivateKey>();
}

#[test]
fn keys_in_base64_without_the_lines_of_pem() {
    let pem = testdata!("ed25519.pem");
    let plain = PrivateKey::from_pem(pem).unwrap();
    let (_, der) = pem::private_key(pem).unwrap();
    let seed = &der[der.len() - 32..];
    let both = [seed, &plain.public_key()].concat();
    for text in [
        base64(seed),
        format!("{}\n", base64(seed)),
        format!("\u{feff}{}\r\n", base64(seed)),
        base64(seed).trim_end_matches('=').to_owned(),
        base64(&both),
        base64(&both).replace(&base64(&both[..48]), &format!("{}\n", base64(&both[..48]))),
        content(pem),
    ] {
        let key = PrivateKey::from_pem(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(key.public_key(), plain.public_key(), "{text}");
        assert_eq!(base64(&key.sign(b"abc").unwrap()), base64(&plain.sign(b"abc").unwrap()));
    }
    for pem in [&testdata!("rsa2048.pkcs8.pem")[..], testdata!("rsa2048.pkcs1.pem")] {
        let plain = PrivateKey::from_pem(pem).unwrap();
        let key = PrivateKey::from_pem(content(pem).as_bytes()).unwrap();
        assert_eq!((key.bits(), key.public_key()), (2048, plain.public_key()));
    }

    let foreign = [seed, &[1; 32]].concat();
    let message = "the private key is damaged: its public half does not belong to its private half";
    assert_eq!(error(base64(&foreign).as_bytes()), message);
    let public = content(testdata!("rsa2048.public.pem"));
    for text in [base64(&seed[1..]), base64(&both[1..]), base64(&[0; 48]), public, "a".to_owned(), "====".to_owned()] {
        assert_eq!(error(text.as_bytes()), KeyError::NotPem.to_string(), "{text}");
    }
}
