//! The `[sender]` section of the configuration.
//!
//! Single values are checked as they are read. [`SenderSettings::plan`] checks how they fit together; the daemon
//! reads the table files for it.

use std::fmt;
use std::path::PathBuf;

use postseal_protocol::ActionFlags;
use serde::{Deserialize, Serialize};

use super::pattern::AddressPattern;
use super::target::Target;
use crate::mail::address::{AddrSpec, DomainName};
use crate::refuse_on::RefuseOn;
use crate::submitter::for_whom;

/// The `[sender]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SenderSettings {
    /// The domain of logins and addresses that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_domain: Option<DomainName>,
    /// Whether a user whose login is an address (with `default_domain` where it has no domain) may use that address.
    pub own_address: bool,
    /// Characters of which one separates a tag: a user of `alice@` may also use `alice+tag@`. Empty: no tags.
    pub tag_separators: String,
    /// The action when the submitter may not use the reverse-path.
    pub envelope_mismatch: EnvelopeAction,
    /// The action when the submitter may not use an address in From or Sender.
    pub header_mismatch: HeaderAction,
    /// The treatment of the Sender field in other cases.
    pub sender_field: SenderField,
    /// Let a message pass whose From is somebody else's if Resent-From has an address that the submitter may use in From.
    /// The message is not signed for From.
    pub accept_resent: bool,
    /// The names, beside its host name and `default_domain`, by which the MTA writes bounces and notices of its own.
    pub own_names: Vec<DomainName>,
    /// The most addresses that a message may have in From, Sender, Reply-To and similar fields together.
    pub max_addresses: usize,
    /// Refuse mail that would fail DMARC: neither a signature nor the reverse-path aligned with From.
    pub require_alignment: bool,
    /// The roles of listeners on which mail is refused. On other listeners such mail passes unsigned.
    pub refuse_on: RefuseOn,
    /// Decide and log, but change and refuse nothing, and let everything be signed.
    pub shadow: bool,
    /// `[[sender.owner]]`: submitters, and the addresses that they may use.
    pub owner: Vec<OwnerSettings>,
    /// `[[sender.table]]`: the same in files.
    pub table: Vec<TableSettings>,
    /// `[[sender.rewrite]]`: rules that change addresses. The first rule that fits an address counts.
    pub rewrite: Vec<RewriteSettings>,
    /// `[[sender.autoresponder]]`: accounts that answer for people who are away.
    pub autoresponder: Vec<AutoresponderSettings>,
}

impl Default for SenderSettings {
    fn default() -> Self {
        Self {
            default_domain: None,
            own_address: true,
            tag_separators: "+".to_owned(),
            envelope_mismatch: EnvelopeAction::Reject,
            header_mismatch: HeaderAction::Reject,
            sender_field: SenderField::Keep,
            accept_resent: false,
            own_names: Vec::new(),
            max_addresses: 1000,
            require_alignment: false,
            refuse_on: RefuseOn::default(),
            shadow: false,
            owner: Vec::new(),
            table: Vec::new(),
            rewrite: Vec::new(),
            autoresponder: Vec::new(),
        }
    }
}

impl SenderSettings {
    /// The edits that the filter may make.
    pub(super) fn edits(&self) -> ActionFlags {
        let mut edits = ActionFlags::empty();
        if self.shadow {
            return edits;
        }
        let rewrites = |wanted: fn(&AddressField) -> bool| {
            self.default_domain.is_some() || self.rewrite.iter().any(|rule| rule.fields.iter().any(wanted))
        };
        let answers = !self.autoresponder.is_empty();
        let fixes = self.sender_field == SenderField::Fix || answers;
        let replaces = matches!(self.header_mismatch, HeaderAction::Rewrite | HeaderAction::AddSender);
        let envelope = self.envelope_mismatch == EnvelopeAction::Rewrite || answers;
        edits.set(ActionFlags::CHANGE_SENDER, envelope || rewrites(|place| *place == AddressField::Envelope));
        edits.set(ActionFlags::CHANGE_HEADERS, fixes || replaces || rewrites(|place| *place != AddressField::Envelope));
        edits.set(ActionFlags::ADD_HEADERS, fixes || replaces);
        edits
    }
}

/// The action for a reverse-path that the submitter may not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeAction {
    /// 550 at MAIL.
    Reject,
    /// The account's address takes its place; refused if the account has none.
    Rewrite,
    /// A reason in the log.
    Log,
}

/// The action for an address in the header section that the submitter may not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderAction {
    /// 550 at end of message.
    Reject,
    /// The account's address takes its place.
    Rewrite,
    /// From stays, and Sender names the account (RFC 6409 section 8.1).
    AddSender,
    /// A reason in the log.
    Log,
}

/// The treatment of the Sender field (RFC 5322 section 3.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderField {
    /// Nothing.
    Keep,
    /// A wrong Sender is removed. Sender is set if From and the account differ, and dropped if it only repeats From.
    /// Mail of lists and automatons is left alone.
    Fix,
}

/// A place in which an address is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(expecting = "enum Place", rename_all = "snake_case")]
pub enum AddressField {
    /// The reverse-path.
    Envelope,
    /// From.
    From,
    /// Sender.
    Sender,
    /// Reply-To; anybody may use any address there, but it can be rewritten.
    ReplyTo,
    /// Resent-From, Resent-Sender and Resent-Reply-To; likewise.
    Resent,
    /// Fields to which receipts, error messages or answers go, such as Disposition-Notification-To; likewise.
    Receipt,
}

impl AddressField {
    /// The places in which an address must be allowed.
    pub const OWNED: [Self; 3] = [Self::Envelope, Self::From, Self::Sender];
}

impl fmt::Display for AddressField {
    /// The name of the field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envelope => "envelope",
            Self::From => "From",
            Self::Sender => "Sender",
            Self::ReplyTo => "Reply-To",
            Self::Resent => "Resent",
            Self::Receipt => "receipt",
        })
    }
}

for_whom! {
    /// A `[[sender.owner]]`.
    pub struct OwnerSettings {
        /// Addresses that these submitters may use.
        #[serde(default)]
        pub may_use: Vec<AddressPattern>,
        /// The places where they may use them.
        #[serde(default = "owned_places", rename = "in")]
        pub places: Vec<AddressField>,
        /// The account's own address, which replaces an address that is not allowed. The submitter may use it too.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub address: Option<AddrSpec>,
    }
}

fn owned_places() -> Vec<AddressField> {
    AddressField::OWNED.to_vec()
}

fn all_places() -> Vec<AddressField> {
    use AddressField::{Envelope, From, Receipt, ReplyTo, Resent, Sender};
    vec![Envelope, From, Sender, ReplyTo, Resent, Receipt]
}

/// A `[[sender.table]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableSettings {
    /// The file.
    pub file: PathBuf,
    /// The format of the file.
    #[serde(default)]
    pub format: TableFormat,
    /// Where the addresses may be used.
    #[serde(default = "owned_places", rename = "in")]
    pub places: Vec<AddressField>,
}

/// The format of a table file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// User, white space, and the addresses that the user may use.
    #[default]
    Lines,
    /// The source of a `smtpd_sender_login_maps` table: address, white space, logins. The most specific entry counts.
    Postfix,
}

for_whom! {
    /// A `[[sender.rewrite]]`.
    pub struct RewriteSettings {
        /// The addresses that the rule is for.
        #[serde(rename = "match")]
        pub pattern: AddressPattern,
        /// The new address.
        pub to: Target,
        /// The places in which the rule changes addresses.
        #[serde(default = "all_places")]
        pub fields: Vec<AddressField>,
    }
}

for_whom! {
    /// A `[[sender.autoresponder]]`.
    pub struct AutoresponderSettings {
        /// The role account that Sender names.
        pub sender: AddrSpec,
    }
}
