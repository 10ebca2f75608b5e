//! The TLS settings of this process as a client.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::regular_file::{self, MAX_CERTIFICATE_FILE};

/// Trusts the certificates in the file, or those that the system trusts if there is no file.
///
/// # Errors
/// In words, why the certificates can't be used.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let Some(file) = ca_file else {
        let builder = builder.with_platform_verifier().map_err(|error| error.to_string())?;
        return Ok(Arc::new(builder.with_no_client_auth()));
    };
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let mut roots = RootCertStore::empty();
    let content = regular_file::read(file, MAX_CERTIFICATE_FILE).map_err(|error| wrong(&error))?;
    for certificate in CertificateDer::pem_slice_iter(&content.bytes) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"holds no certificate; expected PEM with -----BEGIN CERTIFICATE-----"));
    }
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
