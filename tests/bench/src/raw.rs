//! `raw`: what the cryptography alone costs.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use clap::Args;
use serde::Serialize;

use crate::report::cpu_time;

/// Tells the CPU time of one RSA signature, and of SHA-256 over 4 KiB and over 5 MiB
#[derive(Args, Debug)]
pub(crate) struct Raw {
    /// RSA key: PKCS#8, DER
    #[arg(long)]
    key: PathBuf,
    /// How many signatures
    #[arg(long, default_value_t = 2000)]
    signatures: u32,
}

/// CPU time in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Costs {
    rsa_us: f64,
    sha256_4k_us: f64,
    sha256_5m_us: f64,
}

impl Raw {
    pub(crate) fn run(&self) -> anyhow::Result<Costs> {
        let der = fs::read(&self.key).with_context(|| self.key.display().to_string())?;
        let key = RsaKeyPair::from_pkcs8(&der).map_err(|error| anyhow!("{}: {error}", self.key.display()))?;
        let random = SystemRandom::new();
        let mut signature = vec![0; key.public_modulus_len()];
        let text = [b'x'; 600]; // as long as the canonical header fields of an ordinary message
        let mut sign = || key.sign(&RSA_PKCS1_SHA256, &random, &text, &mut signature).map_err(|_| anyhow!("sign"));
        sign()?;
        let small = [b'x'; 4 << 10];
        let large = vec![b'x'; 5 << 20];
        let hash = |text: &[u8]| {
            black_box(digest::digest(&digest::SHA256, text));
            Ok(())
        };
        Ok(Costs {
            rsa_us: each(self.signatures, sign)?,
            sha256_4k_us: each(self.signatures, || hash(&small))?,
            sha256_5m_us: each(10, || hash(&large))?,
        })
    }
}

/// The mean CPU time of `work`, in microseconds.
fn each(times: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let begin = cpu_time()?;
    for _ in 0..times {
        work()?;
    }
    Ok((cpu_time()? - begin).as_secs_f64() * 1e6 / f64::from(times))
}
