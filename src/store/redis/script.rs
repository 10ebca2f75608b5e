//! The scripts: the server reads, changes and writes the value of a key in one step.

use aws_lc_rs::digest;

use super::connection::RedisConnection;

/// A script, which a server knows by its hash once it has seen it.
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

/// All scripts.
pub(super) struct Scripts {
    pub(super) admit: Script,
    pub(super) give_back: Script,
    pub(super) block: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            admit: Script::new(concat!(include_str!("lua/state.lua"), include_str!("lua/admit.lua"))),
            give_back: Script::new(concat!(include_str!("lua/state.lua"), include_str!("lua/give_back.lua"))),
            block: Script::new(concat!(include_str!("lua/state.lua"), include_str!("lua/block.lua"))),
        }
    }
}

impl Script {
    fn new(text: &'static str) -> Self {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        Self { text, hash: hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

/// A script with its keys and arguments.
pub(super) struct ScriptCall<'a> {
    pub(super) script: &'a Script,
    /// Names of keys that are all in one slot.
    pub(super) keys: Vec<String>,
    pub(super) arguments: Vec<Vec<u8>>,
}

impl ScriptCall<'_> {
    /// Says the call with the hash of the script, or with the `whole` script for a server that does not know it.
    pub(super) fn say(&self, connection: &mut RedisConnection, whole: bool) {
        let count = self.keys.len().to_string();
        let (word, script) = if whole { ("EVAL", self.script.text) } else { ("EVALSHA", &*self.script.hash) };
        let mut words = vec![word.as_bytes(), script.as_bytes(), count.as_bytes()];
        words.extend(self.keys.iter().map(String::as_bytes));
        words.extend(self.arguments.iter().map(Vec::as_slice));
        connection.say(words);
    }
}
