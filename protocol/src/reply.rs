//! SMTP replies chosen by the filter (`SMFIR_REPLYCODE`), valid by construction.
//!
//! Both MTAs punish a malformed reply: Sendmail turns any 4xx into its permanent default, Postfix closes the connection
//! to the filter (milter.c `MILTER_CHECK_REPLYCODE`, milter8.c "malformed reply"). Both accept every
//! [`Reply`] that can be made here.

use std::fmt;

/// A 4xx or 5xx reply with an enhanced status code of the same class (RFC 3463) and one to 32 lines of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: (u8, u16, u16),
    lines: Vec<String>,
}

/// Why a reply can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Not 400 to 599 with valid digits.
    #[error("reply code {0} is not a 4xx or 5xx code")]
    Code(u16),
    /// The enhanced code belongs to another class than the code.
    #[error("enhanced status code {class}.{subject}.{detail} does not fit reply code {code}")]
    EnhancedClass {
        /// The reply code.
        code: u16,
        /// Class of the enhanced code.
        class: u8,
        /// Subject of the enhanced code.
        subject: u16,
        /// Detail of the enhanced code.
        detail: u16,
    },
    /// No line, or more than 32.
    #[error("a reply has 1 to {max} lines, not {0}", max = Reply::MAX_LINES)]
    Lines(usize),
    /// A line that is too long, or has octets other than printable ASCII.
    #[error("reply line {0} is longer than {max} octets or not printable ASCII", max = Reply::MAX_LINE_OCTETS)]
    Text(usize),
}

impl Reply {
    /// Maximum number of lines that libmilter and both MTAs take.
    pub const MAX_LINES: usize = 32;
    /// Maximum octets of a line's text (RFC 5321 section 4.5.3.1.5 allows 512 with code and CRLF).
    pub const MAX_LINE_OCTETS: usize = 480;

    /// A reply of one line.
    ///
    /// # Errors
    /// If the code is not 4xx or 5xx, the enhanced code is of another class, or the text is not printable ASCII of at
    /// most [`Reply::MAX_LINE_OCTETS`] octets.
    pub fn new(code: u16, enhanced: (u8, u16, u16), text: impl Into<String>) -> Result<Self, ReplyError> {
        Self::multiline(code, enhanced, vec![text.into()])
    }

    /// A reply of several lines.
    ///
    /// # Errors
    /// As [`Reply::new`], and if there are no lines or more than [`Reply::MAX_LINES`].
    pub fn multiline(code: u16, enhanced: (u8, u16, u16), lines: Vec<String>) -> Result<Self, ReplyError> {
        if !(400..600).contains(&code) {
            return Err(ReplyError::Code(code));
        }
        let (class, subject, detail) = enhanced;
        if u16::from(class) != code / 100 || subject > 999 || detail > 999 {
            return Err(ReplyError::EnhancedClass { code, class, subject, detail });
        }
        if lines.is_empty() || lines.len() > Self::MAX_LINES {
            return Err(ReplyError::Lines(lines.len()));
        }
        let printable = |line: &String| {
            line.len() <= Self::MAX_LINE_OCTETS && line.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        match lines.iter().position(|line| !printable(line)) {
            Some(at) => Err(ReplyError::Text(at + 1)),
            None => Ok(Self { code, enhanced, lines }),
        }
    }

    /// The three-digit code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code.
    pub fn enhanced(&self) -> (u8, u16, u16) {
        self.enhanced
    }

    /// The lines of text.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// True for 4xx.
    pub fn is_temporary(&self) -> bool {
        self.code < 500
    }
}

impl fmt::Display for Reply {
    /// The reply on one line, for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, subject, detail) = self.enhanced;
        write!(f, "{} {class}.{subject}.{detail} {}", self.code, self.lines.join(" "))
    }
}

#[cfg(test)]
mod tests;
