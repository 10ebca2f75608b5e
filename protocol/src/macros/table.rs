//! The macro values of one connection, each for as long as it holds.

use bytes::Bytes;

use super::stage::Stage;

/// Macro values by stage.
///
/// A packet of macros replaces the values of its stage and drops those of later stages. A command without such a packet
/// drops the values of its stage and of later ones. The end of a message drops all values from MAIL on, so that none reaches the next message; the values of
/// CONNECT and HELO stay.
///
/// Values are copies: the read buffer that they came in is free as soon as the packet is gone.
#[derive(Clone, Debug, Default)]
pub struct MacroTable {
    stages: [Box<[(Bytes, Bytes)]>; Stage::ALL.len()],
    /// Bit n: macros for stage n have come, their command has not.
    announced: u8,
}

impl MacroTable {
    /// The value of a macro, from the latest stage that has one. `i` and `{i}` are the same name.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        let name = plain(name.as_bytes());
        self.stages
            .iter()
            .rev()
            .flat_map(|values| values.iter())
            .find_map(|(key, value)| (plain(key) == name).then_some(value))
    }

    /// Sets one value, as a packet for `stage` would. For tests and tools that play the MTA.
    pub fn insert(&mut self, stage: Stage, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let name = name.into();
        let slot = self.slot(stage);
        let mut values = std::mem::take(slot).into_vec();
        values.retain(|(key, _)| plain(key) != plain(&name));
        values.push((name, value.into()));
        *slot = values.into_boxed_slice();
    }

    /// Keeps the macros of a packet for `stage`.
    pub(crate) fn announce(&mut self, stage: Stage, values: Vec<(Bytes, Bytes)>) {
        self.clear_from(stage);
        *self.slot(stage) = values.into_boxed_slice();
        self.announced |= bit(stage);
    }

    /// Notes the command of `stage`, and drops the values that do not belong to it.
    pub(crate) fn begin(&mut self, stage: Stage) {
        if self.announced & bit(stage) == 0 {
            self.clear_from(stage);
        } else if let Some(next) = Stage::ALL.get(stage as usize + 1) {
            self.clear_from(*next);
        }
        self.announced &= !bit(stage);
    }

    /// Drops the values of `first` and of all later stages.
    pub(crate) fn clear_from(&mut self, first: Stage) {
        for slot in self.stages.iter_mut().skip(first as usize) {
            *slot = Box::default();
        }
        self.announced &= bit(first) - 1;
    }

    #[expect(clippy::indexing_slicing, reason = "there is one slot for each stage")]
    fn slot(&mut self, stage: Stage) -> &mut Box<[(Bytes, Bytes)]> {
        &mut self.stages[stage as usize]
    }
}

/// The name without the braces around a single letter, which make no difference.
fn plain(name: &[u8]) -> &[u8] {
    match name {
        [b'{', letter @ .., b'}'] if letter.len() == 1 => letter,
        _ => name,
    }
}

fn bit(stage: Stage) -> u8 {
    1 << stage as u8
}
