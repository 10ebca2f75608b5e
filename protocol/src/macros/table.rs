//! The macro values of one connection, each for as long as it is true.

use bytes::Bytes;

use super::Stage;

/// Macro values by stage.
///
/// A packet of macros replaces those of its stage and drops those of later stages; so does a command that comes without
/// one. The end of a message drops everything from MAIL on, so nothing gets from one message to the next; what CONNECT
/// and HELO brought stays.
///
/// Values are copies: the buffer that they were read from is free as soon as the packet is gone.
#[derive(Clone, Debug, Default)]
pub struct MacroTable {
    stages: [Box<[(Bytes, Bytes)]>; 7],
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

    /// Sets one value, as a packet for `stage` would: for those who play the MTA.
    pub fn insert(&mut self, stage: Stage, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        if let Some(slot) = self.stages.get_mut(stage as usize) {
            let name = name.into();
            let mut values = std::mem::take(slot).into_vec();
            values.retain(|(key, _)| plain(key) != plain(&name));
            values.push((name, value.into()));
            *slot = values.into_boxed_slice();
        }
    }

    /// A packet of macros for `stage` has come.
    pub(crate) fn announce(&mut self, stage: Stage, values: Vec<(Bytes, Bytes)>) {
        self.clear_from(stage);
        if let Some(slot) = self.stages.get_mut(stage as usize) {
            *slot = values.into_boxed_slice();
        }
        self.announced |= bit(stage);
    }

    /// The command of `stage` has come: values that are not its own are over.
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
}

/// A name without the braces that make no difference: those around a single letter.
fn plain(name: &[u8]) -> &[u8] {
    match name {
        [b'{', letter @ .., b'}'] if letter.len() == 1 => letter,
        _ => name,
    }
}

fn bit(stage: Stage) -> u8 {
    1 << stage as u8
}
