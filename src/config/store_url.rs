//! Where limits are counted: `memory:`, `file:/path`, and the URLs of Redis and Valkey.
//!
//! `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `redis+unix:///path[?db=N]`,
//! `redis-sentinel://HOST,HOST/MASTER[/DATABASE]` and `redis-cluster://HOST,HOST`; over TLS `rediss://`,
//! `rediss-sentinel://` and `rediss-cluster://`. What is not plain in a user name or password is written `%XX`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use encodify::hex::PERCENT;

use super::suggest;

/// What begins the URL of Redis or Valkey.
const SCHEMES: [&str; 7] =
    ["redis", "rediss", "redis+unix", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster"];

/// The value of `store.url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// In the memory of the process.
    Memory,
    /// In a file of this machine.
    File(PathBuf),
    /// In Redis or Valkey.
    Redis(RedisUrl),
}

/// A Redis or Valkey server, or several.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    text: String,
    /// How they work together.
    pub topology: Topology,
    /// Whether they are spoken to over TLS.
    pub tls: bool,
    /// User name, if it is not `default`.
    pub user: Option<String>,
    /// Password, if it stands in the URL.
    pub password: Option<String>,
    /// Where to begin: the server, the sentinels, or some nodes of the cluster.
    pub servers: Vec<Endpoint>,
    /// Number of the database.
    pub database: u32,
}

/// How servers work together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// One master, which sentinels watch and know.
    Sentinel {
        /// Its name there.
        master: String,
    },
    /// Redis Cluster.
    Cluster,
}

/// Where a server waits for connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// TCP.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// Why a text is no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreUrlError {
    /// Nothing that is known stands before the colon.
    #[error("`{0}:` is no store; {1}")]
    Scheme(String, String),
    /// A file from nowhere.
    #[error("`{0}` is not an absolute path; write file:/var/lib/postseal/state.redb")]
    Path(String),
    /// No server.
    #[error("names no server; write {0}://HOST:PORT")]
    Host(String),
    /// Several servers where there is one.
    #[error("names several servers; write redis-cluster:// or redis-sentinel://, whichever they are")]
    Several,
    /// Something that is no port.
    #[error("`{0}` is not a port")]
    Port(String),
    /// Not the number of a database.
    #[error("`{0}` is not the number of a database")]
    Database(String),
    /// A cluster has one database.
    #[error("a cluster has no databases; leave `/{0}` out")]
    ClusterDatabase(String),
    /// No master.
    #[error("names no master; write {0}://SENTINEL:26379/MASTER, with its name in the sentinels' configuration")]
    Master(String),
    /// A percent sign without two digits.
    #[error("the user name or password has a % that is not followed by two hexadecimal digits; write %25 for %")]
    Escape,
    /// A parameter that is not known.
    #[error("`{0}` is no parameter; there is `db=N`")]
    Parameter(String),
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "file" => {
                let path = PathBuf::from(rest.strip_prefix("//").unwrap_or(rest));
                if path.is_absolute() { Ok(Self::File(path)) } else { Err(StoreUrlError::Path(rest.to_owned())) }
            }
            _ => RedisUrl::parse(scheme, text).map(Self::Redis),
        }
    }
}

impl RedisUrl {
    fn parse(scheme: &str, text: &str) -> Result<Self, StoreUrlError> {
        let rest = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        let Some(rest) = rest.filter(|_| SCHEMES.contains(&scheme)) else {
            return Err(StoreUrlError::Scheme(scheme.to_owned(), advice(scheme)));
        };
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, rest),
        };
        let mut url = Self {
            text: text.to_owned(),
            topology: Topology::Single,
            tls: scheme.starts_with("rediss"),
            user: None,
            password: None,
            servers: Vec::new(),
            database: parameter(parameters)?,
        };
        url.set_login(login)?;
        if scheme == "redis+unix" {
            let path = PathBuf::from(rest);
            let known = path.is_absolute().then_some(Endpoint::Unix(path));
            url.servers = vec![known.ok_or_else(|| StoreUrlError::Path(rest.to_owned()))?];
            return Ok(url);
        }
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        url.set_topology(scheme, path.trim_end_matches('/'))?;
        let port = if matches!(url.topology, Topology::Sentinel { .. }) { 26379 } else { 6379 };
        let hosts = hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
        url.servers = hosts.map(|host| server(host, port)).collect::<Result<_, _>>()?;
        match url.servers.len() {
            0 => Err(StoreUrlError::Host(scheme.to_owned())),
            2.. if url.topology == Topology::Single => Err(StoreUrlError::Several),
            _ => Ok(url),
        }
    }

    fn set_login(&mut self, login: Option<&str>) -> Result<(), StoreUrlError> {
        let Some(login) = login else { return Ok(()) };
        // redis://secret@host has a password and no user, as with other clients.
        let (user, password) = login.split_once(':').unwrap_or(("", login));
        self.user = Some(unescaped(user)?).filter(|user| !user.is_empty());
        self.password = Some(unescaped(password)?).filter(|password| !password.is_empty());
        Ok(())
    }

    fn set_topology(&mut self, scheme: &str, path: &str) -> Result<(), StoreUrlError> {
        let database = if scheme.ends_with("-cluster") {
            self.topology = Topology::Cluster;
            if !path.is_empty() || self.database > 0 {
                return Err(StoreUrlError::ClusterDatabase(path.to_owned()));
            }
            ""
        } else if scheme.ends_with("-sentinel") {
            let (master, database) = path.split_once('/').unwrap_or((path, ""));
            if master.is_empty() {
                return Err(StoreUrlError::Master(scheme.to_owned()));
            }
            self.topology = Topology::Sentinel { master: master.to_owned() };
            database
        } else {
            path
        };
        if !database.is_empty() {
            self.database = number(database)?;
        }
        Ok(())
    }
}

/// Which scheme may have been meant.
fn advice(scheme: &str) -> String {
    let meant = match scheme {
        "valkey" => Some("redis"),
        "valkeys" => Some("rediss"),
        "unix" | "redis-unix" | "redis-socket" => Some("redis+unix"),
        _ => suggest::nearest_text(scheme, &[&["memory", "file"], &SCHEMES[..]].concat()),
    };
    match meant {
        Some(name @ ("memory" | "file")) => format!("did you mean `{name}:`?"),
        Some(name) => format!("did you mean `{name}://`?"),
        None => format!("there are memory:, file:/PATH, {}://", SCHEMES.join("://, ")),
    }
}

fn parameter(parameters: &str) -> Result<u32, StoreUrlError> {
    let mut database = 0;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("db", text)) => database = number(text)?,
            _ => return Err(StoreUrlError::Parameter(parameter.to_owned())),
        }
    }
    Ok(database)
}

fn number(text: &str) -> Result<u32, StoreUrlError> {
    text.parse().map_err(|_| StoreUrlError::Database(text.to_owned()))
}

fn server(text: &str, default: u16) -> Result<Endpoint, StoreUrlError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        Some(port) => {
            let number = port.parse().ok().filter(|port| *port != 0);
            number.ok_or_else(|| StoreUrlError::Port(port.to_owned()))?
        }
        None => default,
    };
    Ok(Endpoint::Tcp { host: host.to_owned(), port })
}

fn unescaped(text: &str) -> Result<String, StoreUrlError> {
    let bytes = PERCENT.decode(text).map_err(|_| StoreUrlError::Escape)?;
    String::from_utf8(bytes.into_owned()).map_err(|_| StoreUrlError::Escape)
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Redis(url) => f.write_str(&url.text),
        }
    }
}

/// Without the password: this ends up in logs.
impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.topology, self.servers)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

postseal_filters::text_serde!(StoreUrl);

#[cfg(test)]
mod tests;
