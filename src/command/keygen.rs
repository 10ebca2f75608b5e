//! `postseal keygen`: makes a signing key and the DNS record for it.
//!
//! The file is `DIR/DOMAIN/SELECTOR.pem`, so that the directory can be used as `dkim.key_dir`. The file is complete when it
//! appears under its name, and never replaces another. Only its owner can read it, unless the directory is meant to be
//! shared: a directory with the setgid bit hands its group on to new files, and here the group may read them too. So the
//! service can read a key that root has made, but can't change it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use postseal_filters::dkim::{DomainName, PrivateKey, SelectorName};
use postseal_filters::mail::date;

use super::Exit;
use crate::clock::since_epoch;
use crate::keys::generate::{KeyType, generate, zone_record};

const FOLDER_MODE: u32 = 0o755;
const SETGID: u32 = 0o2000;

/// Makes a signing key, and shows the DNS record and the configuration for it.
#[derive(Args, Debug)]
pub struct Keygen {
    /// Domain to sign for.
    domain: String,
    /// Name of the key in DNS [default: s or e and the year, such as s2026].
    #[arg(long, value_name = "S")]
    selector: Option<String>,
    /// Kind of key.
    #[arg(long, value_enum, default_value_t = KeyType::Rsa2048)]
    algorithm: KeyType,
    /// Directory of keys; the file is DIR/DOMAIN/SELECTOR.pem.
    #[arg(long, value_name = "D", default_value = "/etc/postseal/keys")]
    dir: PathBuf,
}

impl Keygen {
    /// Writes the key file, prints the rest on `out`.
    ///
    /// # Errors
    /// If the names are wrong, or the key can't be made or written.
    pub fn execute(self, out: &mut dyn Write) -> anyhow::Result<Exit> {
        let domain = self.domain.trim_end_matches('.');
        let domain: DomainName = domain.parse().map_err(|error| anyhow!("the domain {error}"))?;
        let domain = domain.as_str();
        if !domain.contains('.') {
            bail!("`{domain}` is not a domain: it has no dot");
        }
        let selector = self
            .selector
            .unwrap_or_else(|| format!("{}{}", self.algorithm.letter(), date::year(since_epoch().as_secs())));
        let selector: SelectorName = selector.parse().map_err(|error| anyhow!("the selector {error}"))?;
        let selector = selector.as_str();

        let folder = self.dir.join(domain);
        let file = folder.join(format!("{selector}.pem"));
        if file.try_exists().unwrap_or(false) {
            bail!("{} exists and is kept; choose another name with --selector", file.display());
        }
        let pem = generate(self.algorithm)?;
        let record = PrivateKey::from_pem(pem.as_bytes())?.dns_record();
        make_folder(&self.dir, &folder)?;
        let shared = share(&self.dir, &folder).with_context(|| format!("can't share {}", folder.display()))?;
        let written = write_new(&folder, &file, pem.as_bytes(), shared);
        written.with_context(|| format!("can't write {}", file.display()))?;

        writeln!(out, "Private key: {}", file.display())?;
        let readers = if shared {
            "Its owner and the group of the directory can read it."
        } else {
            "Only its owner can read it: give it to the user that postseal runs as."
        };
        writeln!(out, "{readers}")?;
        writeln!(out, "\nDNS record for a zone file:\n")?;
        writeln!(out, "{}", zone_record(selector, domain, &record))?;
        writeln!(out, "\nThe same for a web form, name and text:\n")?;
        writeln!(out, "{selector}._domainkey.{domain}\n{record}")?;
        writeln!(out, "\nSign with it only when others can look the record up. With dkim.key_dir = {:?}", self.dir)?;
        writeln!(out, "a running service takes it up by itself, within seconds; else add to postseal.toml:\n")?;
        writeln!(out, "[[dkim.domain]]\ndomain = \"{domain}\"\nkeys = [")?;
        writeln!(out, "  {{ selector = \"{selector}\", file = {:?} }},\n]", absolute(&file))?;
        Ok(Exit::Fine)
    }
}

/// Makes the folders that are missing; only the owner may write in them, whatever the umask is. A link in the place of
/// the domain's folder is not followed, since whoever put it there would say where the key goes.
fn make_folder(directory: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(FOLDER_MODE).create(directory);
    made.with_context(|| format!("can't make {}", directory.display()))?;
    match builder.recursive(false).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.with_context(|| format!("can't make {}", folder.display())),
    }
    let found = fs::symlink_metadata(folder).with_context(|| format!("can't look at {}", folder.display()))?;
    if found.is_symlink() {
        bail!("{} is a link, which is not followed; put a folder there, or name another --dir", folder.display());
    }
    if !found.is_dir() {
        bail!("{} is not a folder; remove the file, or name another --dir", folder.display());
    }
    Ok(())
}

/// True if the directory hands its group on. The folder in it then does the same, whatever the umask is.
fn share(directory: &Path, folder: &Path) -> io::Result<bool> {
    let mode = fs::metadata(directory)?.permissions().mode();
    let shared = mode & SETGID != 0;
    if shared {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7777))?;
    }
    Ok(shared)
}

/// Writes the file under a hidden name first, so that no reader sees half a key.
fn write_new(folder: &Path, file: &Path, content: &[u8], shared: bool) -> io::Result<()> {
    let draft = folder.join(format!(".new-{}.pem", std::process::id()));
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let permissions = fs::Permissions::from_mode(if shared { 0o640 } else { 0o600 });
    let written = open.set_permissions(permissions).and_then(|()| open.write_all(content));
    let written = written.and_then(|()| open.sync_all());
    // Unlike a rename, a link never replaces a file.
    let linked = written.and_then(|()| fs::hard_link(&draft, file));
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    File::open(folder)?.sync_all()
}

fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}
