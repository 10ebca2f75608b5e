//! Fields that only this filter writes, and that a message has all the same: an earlier postseal or a forger has written
//! them. They are removed before anything else, so that nobody's words are signed as ours.

use postseal_protocol::{Reply, Verdict};

use super::plan::CheckPlan;
use crate::filter::Context;
use crate::message::{FieldId, Message};

/// The reason code of such fields.
pub(super) const FOREIGN_FIELD: &str = "foreign_field";

/// Removes the fields. Returns a refusal if the message has more of them than may be removed; it must then not be signed.
pub(super) fn remove(plan: &CheckPlan, cx: &mut Context<'_>, message: &mut Message) -> Option<Verdict> {
    let foreign: Vec<FieldId> = message
        .fields
        .iter()
        .filter(|(_, field)| plan.own_fields().any(|name| field.name.trim_ascii_end().eq_ignore_ascii_case(name)))
        .map(|(id, _)| id)
        .collect();
    if foreign.is_empty() {
        return None;
    }
    let (count, most) = (foreign.len(), plan.max_foreign_fields);
    if count > most {
        cx.note_with(FOREIGN_FIELD, format!("{count} fields, more than header_checks.max_foreign_fields = {most}"));
        if !plan.shadow {
            message.permit_signing_for(Vec::new());
        }
        let text = format!("The message has {count} fields that only this mail filter writes; remove them");
        return Some(Reply::new(550, (5, 6, 0), text).map_or(Verdict::Reject, Verdict::Reply));
    }
    cx.note_with(FOREIGN_FIELD, format!("{count} removed"));
    if !plan.shadow {
        foreign.into_iter().for_each(|id| message.fields.delete(id));
    }
    None
}
