//! The stages of an SMTP session that macros belong to.

/// A stage of an SMTP session, in the order in which the stages happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// CONNECT.
    #[doc(alias = "SMFIM_CONNECT")]
    Connect,
    /// HELO or EHLO.
    #[doc(alias = "SMFIM_HELO")]
    Helo,
    /// MAIL FROM.
    #[doc(alias = "SMFIM_ENVFROM")]
    Mail,
    /// RCPT TO.
    #[doc(alias = "SMFIM_ENVRCPT")]
    Rcpt,
    /// DATA.
    #[doc(alias = "SMFIM_DATA")]
    Data,
    /// End of the header section.
    #[doc(alias = "SMFIM_EOH")]
    EndOfHeaders,
    /// End of the message.
    #[doc(alias = "SMFIM_EOM")]
    EndOfMessage,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] =
        [Self::Connect, Self::Helo, Self::Mail, Self::Rcpt, Self::Data, Self::EndOfHeaders, Self::EndOfMessage];

    /// The number that stands for the stage in a macro request. On the wire, EOM comes before EOH (mfapi.h `SMFIM_*`).
    pub fn wire_number(self) -> u32 {
        match self {
            Self::Connect => 0,
            Self::Helo => 1,
            Self::Mail => 2,
            Self::Rcpt => 3,
            Self::Data => 4,
            Self::EndOfMessage => 5,
            Self::EndOfHeaders => 6,
        }
    }

    /// The stage that a number in a macro request stands for.
    pub fn from_wire_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.wire_number() == number)
    }
}
