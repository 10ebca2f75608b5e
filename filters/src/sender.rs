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
//! A null reverse-path is never changed and always passes. A bounce or a notice that the MTA itself has made
//! (see `own_mail.rs`) passes as a whole. On listeners whose role is not in `refuse_on` a message passes
//! unsigned where it would be refused. In shadow mode nothing is changed, refused, or kept from being signed.
//!
//! [`AlignmentFilter`] stands behind the signer and judges the alignment that a receiver will find.

mod alignment;
mod envelope;
mod header;
mod notes;
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

use crate::connection::Directions;
use crate::filter::{Context, Filter, FilterError, FilterSession, Needs, Steps};
use crate::mail::address::{AddrSpec, Mailbox};
use crate::message::Message;
use crate::own_mail::OwnNames;
use crate::refusal::refusal;
use crate::refuse_on::RefuseOn;
use crate::submitter::{Submitter, Who};
use envelope::ReversePathChange;
use header::SenderHeader;
use notes::AddressNotes;
use owner::{OwnerRight, Owners};
use reason::Code;
use rewrite::Rules;

/// The characters of an address that are shown to people.
const MAX_SHOWN_CHARACTERS: usize = 200;

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
    accept_resent: bool,
    max_addresses: usize,
    own_names: OwnNames,
    refuse_on: RefuseOn,
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
        Box::new(SenderSession {
            policy: Arc::clone(&self.policy),
            envelope: ReversePathChange::default(),
            postponed: false,
        })
    }
}

struct SenderSession {
    policy: Arc<SenderPolicy>,
    envelope: ReversePathChange,
    /// The reverse-path is that of the MTA's own notices. Whether the message is one turns out at its end.
    postponed: bool,
}

#[async_trait]
impl FilterSession for SenderSession {
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        self.postponed = !sender.is_null() && self.policy.own_names.may_be_own(cx, sender);
        Ok(if self.postponed { Verdict::Continue } else { self.judge_envelope(cx, sender) })
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let policy = Arc::clone(&self.policy);
        if let Some(author) = policy.own_names.author(cx, message) {
            cx.explain(|| "mail that the MTA itself has made".to_owned());
            policy.permit(message, AddrSpec::of(author).into_iter().collect());
            return Ok(Verdict::Continue);
        }
        if let Some(sender) = message.envelope.received_sender().filter(|_| self.postponed) {
            let verdict = self.judge_envelope(cx, sender);
            if verdict.is_refusal() {
                return Ok(verdict);
            }
        }
        let mut header = SenderHeader::read(&policy, cx, message);
        if let Some(refused) = header.refuse_too_many(cx) {
            policy.permit(message, Vec::new());
            return Ok(policy.in_force(cx, Some(refused)));
        }
        header.rewrite(cx);
        let refused = header.judge(cx);
        policy.permit(message, header.permitted());
        if !policy.shadow {
            self.envelope.apply(cx, message);
            header.apply(message);
        }
        Ok(policy.in_force(cx, refused))
    }

    fn reset(&mut self) {
        self.envelope = ReversePathChange::default();
        self.postponed = false;
    }
}

impl SenderSession {
    fn judge_envelope(&mut self, cx: &mut Context<'_>, sender: &Address) -> Verdict {
        self.envelope = ReversePathChange::judge(&self.policy, cx, sender);
        self.policy.in_force(cx, self.envelope.refusal.take())
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
            accept_resent: settings.accept_resent,
            max_addresses: settings.max_addresses,
            own_names: OwnNames::new(settings.default_domain.iter().chain(&settings.own_names)),
            refuse_on: settings.refuse_on.clone(),
            macros: who.flat_map(|who| who.macros()).chain([OwnNames::wanted_macro()]).collect(),
            edits: settings.edits(),
        }
    }

    /// The new form of an address, with the default domain and by the rewrite rules; `None` if the address stays.
    fn rewritten(
        &self, cx: &mut Context<'_>, place: AddressField, mailbox: &Mailbox, notes: &mut AddressNotes,
    ) -> Option<AddrSpec> {
        let submitter = Submitter::new(cx.connection, cx.macros);
        let default = self.owners.default_domain();
        let completed = match (&mailbox.domain, default) {
            (None, Some(domain)) => AddrSpec::new(&*mailbox.local, domain.as_str()),
            _ => None,
        };
        if let Some(completed) = &completed {
            notes.add(cx, Code::Completed, || format!("{place}: {} -> {completed}", mailbox.local));
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
        notes.add(cx, Code::Rewritten, || format!("{place}: {address} -> {new} by sender.rewrite[{number}]"));
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

    /// A refusal, if this mail may be refused.
    fn in_force(&self, cx: &Context<'_>, refused: Option<Verdict>) -> Verdict {
        let refuses = !self.shadow && self.refuse_on.includes(cx.connection);
        refused.filter(|_| refuses).unwrap_or(Verdict::Continue)
    }

    fn permit(&self, message: &mut Message, from: Vec<AddrSpec>) {
        if !self.shadow {
            message.permit_signing_for(from);
        }
    }
}

/// An address as it is shown to people, who may have written a very long one.
fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARACTERS) {
        Some((end, _)) => text.split_at_checked(end).map_or_else(String::new, |(start, _)| format!("{start}...")),
        None => text.to_owned(),
    }
}

/// The submitter in words, for replies and reasons.
fn name(cx: &Context<'_>) -> String {
    let submitter = Submitter::new(cx.connection, cx.macros);
    let text = |octets| short(&String::from_utf8_lossy(octets));
    match (submitter.user, submitter.certificate, submitter.client.filter(|ip: &IpAddr| !ip.is_loopback())) {
        (Some(user), ..) => format!("user {}", text(user)),
        (None, Some(subject), _) => format!("certificate {}", text(subject)),
        (None, None, Some(client)) => format!("client {client} without a login"),
        (None, None, None) => format!("mail of listener {} without a login", submitter.listener),
    }
}

#[cfg(test)]
mod tests;
