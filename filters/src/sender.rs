//! Checks the addresses that a submitter sends with, and rewrites them, before the signer sees them.
//!
//! [`SenderFilter`] works on outgoing mail. Each address of the reverse-path, From, Sender and Reply-To gets the
//! default domain if it has none, and is rewritten by the first rule that fits it. Then each address in the
//! reverse-path, From and Sender must be one that the submitter may use. The facts that the MTA vouches for decide
//! ([`Submitter`]), never the message itself. A rewrite rule gives no right: the new address must be allowed like any
//! other.
//!
//! | action | reverse-path | From and Sender |
//! | --- | --- | --- |
//! | `reject` | 550 at MAIL | 550 at end of message |
//! | `rewrite` | the account's address | the account's address; the old From in X-Original-From and Reply-To |
//! | `add_sender` | | From stays, Sender names the account (RFC 6409 section 8.1) |
//! | `log` | a reason | a reason |
//!
//! In every case the message is told for which From addresses it may be signed ([`Message::permit_signing_for`]), and
//! the signer keeps to that. The administrator chooses which domain signs for an address; a submitter who may use the
//! address gets that signature.
//!
//! A null reverse-path is never changed and always passes. A bounce that the MTA itself has made passes as a whole.
//! Such a message has no login and a null reverse-path, comes by a listener of role `local` or `reinject`, and is
//! from MAILER-DAEMON or postmaster. In shadow mode nothing is changed, refused, or kept from being signed.
//!
//! [`AlignmentFilter`] stands behind the signer and judges the alignment that a receiver will find.

mod alignment;
mod envelope;
mod header;
mod owner;
mod pattern;
mod plan;
mod reason;
mod rewrite;
mod settings;
mod table;
mod target;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use postseal_protocol::{ActionFlags, Address, Stage, Verdict};

pub use alignment::AlignmentFilter;
pub use pattern::{AddressPattern, AddressPatternError};
pub use plan::{SenderPlan, TableText};
pub use settings::{
    AddressField, AutoresponderSettings, EnvelopeAction, HeaderAction, OwnerSettings, RewriteSettings, SenderField,
    SenderSettings, TableFormat, TableSettings,
};
pub use table::LineError;
pub use target::{Target, TargetError};

use crate::connection::{Directions, Role};
use crate::filter::{Context, Filter, FilterError, FilterSession, Needs, Steps};
use crate::mail::address::{AddrSpec, Mailbox};
use crate::message::Message;
use crate::refusal::refusal;
use crate::submitter::{Submitter, Who};
use envelope::ReversePathChange;
use header::SenderHeader;
use owner::{OwnerRight, Owners};
use reason::Code;
use rewrite::Rules;

/// The filter that checks and rewrites addresses.
pub struct SenderFilter {
    policy: Arc<SenderPolicy>,
}

/// The checked settings; [`SenderSettings::plan`] makes them.
pub struct SenderPolicy {
    owners: Owners,
    rules: Rules,
    /// Accounts that answer for other people, each with its role address.
    responders: Vec<(Who, AddrSpec)>,
    envelope_mismatch: EnvelopeAction,
    header_mismatch: HeaderAction,
    sender_field: SenderField,
    shadow: bool,
    macros: Vec<(Stage, String)>,
    edits: ActionFlags,
}

impl SenderFilter {
    /// A filter with these settings.
    pub fn new(policy: SenderPolicy) -> Self {
        Self { policy: Arc::new(policy) }
    }
}

impl Filter for SenderFilter {
    fn name(&self) -> &'static str {
        "sender"
    }

    fn needs(&self) -> Needs {
        let refuses = self.policy.envelope_mismatch == EnvelopeAction::Reject && !self.policy.shadow;
        Needs {
            directions: Directions::OUTGOING,
            sees: Steps::MAIL,
            answers: if refuses { Steps::MAIL } else { Steps::empty() },
            macros: self.policy.macros.clone(),
            edits: self.policy.edits,
            ..Needs::default()
        }
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        Code::SENDER.map(|code| code.as_str().into()).to_vec()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(SenderSession { policy: Arc::clone(&self.policy), envelope: ReversePathChange::default() })
    }
}

struct SenderSession {
    policy: Arc<SenderPolicy>,
    envelope: ReversePathChange,
}

#[async_trait]
impl FilterSession for SenderSession {
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        self.envelope = ReversePathChange::judge(&self.policy, cx, sender);
        Ok(self.policy.unless_shadow(self.envelope.refusal.take()))
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let mut header = SenderHeader::read(&self.policy, cx, message);
        if is_own_bounce(cx, message, &header) {
            cx.explain(|| "a bounce that the MTA has made".to_owned());
            return Ok(Verdict::Continue);
        }
        header.rewrite(cx);
        let refused = header.judge(cx);
        let permitted = header.permitted();
        if !self.policy.shadow {
            self.envelope.apply(cx, message);
            header.apply(message);
            message.permit_signing_for(permitted);
        }
        Ok(self.policy.unless_shadow(refused))
    }

    fn reset(&mut self) {
        self.envelope = ReversePathChange::default();
    }
}

impl SenderPolicy {
    /// The policy without the entries of tables, owners and rules.
    fn of(settings: &SenderSettings) -> Self {
        let who = settings.owner.iter().map(OwnerSettings::who);
        let who = who.chain(settings.rewrite.iter().map(RewriteSettings::who));
        let who = who.chain(settings.autoresponder.iter().map(AutoresponderSettings::who));
        Self {
            owners: Owners::default(),
            rules: Rules::default(),
            responders: Vec::new(),
            envelope_mismatch: settings.envelope_mismatch,
            header_mismatch: settings.header_mismatch,
            sender_field: settings.sender_field,
            shadow: settings.shadow,
            macros: who.flat_map(|who| who.macros()).collect(),
            edits: settings.edits(),
        }
    }

    /// The new form of an address, with the default domain and by the rewrite rules; `None` if the address stays.
    fn rewritten(&self, cx: &mut Context<'_>, place: AddressField, mailbox: &Mailbox) -> Option<AddrSpec> {
        let submitter = Submitter::new(cx.connection, cx.macros);
        let default = self.owners.default_domain();
        let completed = match (&mailbox.domain, default) {
            (None, Some(domain)) => AddrSpec::new(&*mailbox.local, domain.as_str()),
            _ => None,
        };
        if let Some(completed) = &completed {
            cx.note_with(Code::Completed.as_str(), format!("{place}: {} -> {completed}", mailbox.local));
        }
        let address = match &completed {
            Some(completed) => completed.clone(),
            None => AddrSpec::of(mailbox.clone())?,
        };
        let Some((number, new)) = self.rules.rewrite(&submitter, place, &address) else { return completed };
        if new == address {
            cx.explain(|| format!("{place}: {address} stays by sender.rewrite[{number}]"));
            return completed;
        }
        cx.note_with(Code::Rewritten.as_str(), format!("{place}: {address} -> {new} by sender.rewrite[{number}]"));
        Some(new)
    }

    /// The right by which the submitter uses the address in that place; `None` if there is no right. The error case
    /// is a mailbox without a domain, which is no address.
    fn right(
        &self, cx: &Context<'_>, place: AddressField, address: Result<&AddrSpec, &Mailbox>,
    ) -> Option<OwnerRight<'_>> {
        let submitter = Submitter::new(cx.connection, cx.macros);
        match address {
            Ok(address) => self.owners.right(&submitter, address, place),
            Err(mailbox) => self.owners.is_bare_login(&submitter, mailbox).then_some(OwnerRight::Own),
        }
    }

    fn account(&self, cx: &Context<'_>) -> Option<AddrSpec> {
        self.owners.account(&Submitter::new(cx.connection, cx.macros))
    }

    fn unless_shadow(&self, verdict: Option<Verdict>) -> Verdict {
        verdict.filter(|_| !self.shadow).unwrap_or(Verdict::Continue)
    }
}

/// True for a bounce or a notice that the MTA itself has made.
fn is_own_bounce(cx: &Context<'_>, message: &Message, header: &SenderHeader<'_>) -> bool {
    let made_here = matches!(cx.connection.role, Role::Local | Role::Reinject);
    let no_login = Submitter::new(cx.connection, cx.macros).user.is_none();
    let null = message.envelope.sender().is_none_or(Address::is_null);
    made_here && no_login && null && header.is_from_daemon()
}

/// The submitter in words, for replies and reasons.
fn name(cx: &Context<'_>) -> String {
    let submitter = Submitter::new(cx.connection, cx.macros);
    let text = String::from_utf8_lossy;
    match (submitter.user, submitter.certificate, submitter.client.filter(|ip: &IpAddr| !ip.is_loopback())) {
        (Some(user), ..) => format!("user {}", text(user)),
        (None, Some(subject), _) => format!("certificate {}", text(subject)),
        (None, None, Some(client)) => format!("client {client} without a login"),
        (None, None, None) => format!("mail of listener {} without a login", submitter.listener),
    }
}

#[cfg(test)]
mod tests;
