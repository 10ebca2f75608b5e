//! The roles of listeners on which a refusal of a faulty message takes effect.
//!
//! Mail that was made on the machine itself, or that a content filter hands back, has been accepted already. The MTA would
//! answer a refusal with a bounce to a reverse-path that somebody may have forged, or drop a message with a null
//! reverse-path. So by default only mail of a submission listener is refused. Elsewhere the refusal is only noted, and the
//! message passes unsigned.

use serde::{Deserialize, Serialize};

use crate::connection::{ClientConnection, Role};

/// The value of a setting `refuse_on`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RefuseOn(Vec<Role>);

impl Default for RefuseOn {
    fn default() -> Self {
        Self(vec![Role::Submission])
    }
}

impl RefuseOn {
    /// True if mail of this connection may be refused.
    pub fn includes(&self, connection: &ClientConnection) -> bool {
        self.0.contains(&connection.role)
    }
}
