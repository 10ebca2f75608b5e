//! Which server a key is on.
//!
//! In a cluster every key is in one of 16,384 slots and every slot on one server; the text in braces in a key's name
//! decides on the slot. A single server, or one master, has every key.

use std::sync::Arc;

use super::server::RedisServer;
use crate::config::store::Endpoint;

const SLOTS: usize = 16_384;
/// So many numbers, written out, have one in every slot.
const TAGS: u32 = 300_000;

/// The servers, and which of them has which slot. Never changed, only replaced.
#[derive(Default)]
pub(super) struct Routes {
    servers: Vec<RoutedServer>,
    /// For each slot the index of its server. `None` if one server has every key.
    slots: Option<Box<[Option<u16>]>>,
}

/// A server and a text that lies in one of its slots, if it has one.
#[derive(Clone)]
struct RoutedServer {
    server: Arc<RedisServer>,
    tag: Option<String>,
}

/// A range of slots and the server that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotRange {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) endpoint: Endpoint,
}

impl Routes {
    /// Everything is on one server.
    pub(super) fn single(server: Arc<RedisServer>) -> Self {
        Self { servers: vec![RoutedServer { server, tag: Some("0".to_owned()) }], slots: None }
    }

    /// A cluster. `server` finds the server of an address; one that is known already keeps its connections.
    pub(super) fn cluster(ranges: &[SlotRange], mut server: impl FnMut(&Endpoint) -> Arc<RedisServer>) -> Self {
        let mut slots = vec![None; SLOTS].into_boxed_slice();
        let mut servers: Vec<Arc<RedisServer>> = Vec::new();
        for range in ranges {
            let known = servers.iter().position(|known| known.endpoint == range.endpoint);
            let index = known.unwrap_or_else(|| {
                servers.push(server(&range.endpoint));
                servers.len() - 1
            });
            for slot in range.first..=range.last {
                if let Some(owner) = slots.get_mut(usize::from(slot)) {
                    *owner = u16::try_from(index).ok();
                }
            }
        }
        let owner = |tag: &str| slots.get(usize::from(slot(tag))).copied().flatten().map(usize::from);
        let routed = servers.into_iter().enumerate().map(|(index, server)| {
            let mut tags = (0..TAGS).map(|number| number.to_string());
            RoutedServer { server, tag: tags.find(|tag| owner(tag) == Some(index)) }
        });
        Self { servers: routed.collect(), slots: Some(slots) }
    }

    /// The same, with one slot moved.
    pub(super) fn moved(&self, moved: u16, server: &Arc<RedisServer>) -> Self {
        let mut servers = self.servers.clone();
        let known = servers.iter().position(|routed| Arc::ptr_eq(&routed.server, server));
        let index = known.unwrap_or_else(|| {
            let tag = (0..TAGS).map(|number| number.to_string()).find(|tag| slot(tag) == moved);
            servers.push(RoutedServer { server: Arc::clone(server), tag });
            servers.len() - 1
        });
        let mut slots = self.slots.clone();
        if let Some(owner) = slots.as_mut().and_then(|slots| slots.get_mut(usize::from(moved))) {
            *owner = u16::try_from(index).ok();
        }
        Self { servers, slots }
    }

    /// The server of a slot.
    pub(super) fn server(&self, slot: u16) -> Option<&Arc<RedisServer>> {
        let index = match &self.slots {
            Some(slots) => usize::from((*slots.get(usize::from(slot))?)?),
            None => 0,
        };
        self.servers.get(index).map(|routed| &routed.server)
    }

    /// All servers that have a slot, each with a text that lies in one of its slots.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&Arc<RedisServer>, &str)> {
        self.servers.iter().filter_map(|routed| Some((&routed.server, routed.tag.as_deref()?)))
    }
}

/// The slot of a key: CRC16 of the text in its first braces, or of the whole name if there is none.
pub(super) fn slot(name: &str) -> u16 {
    let tag = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let text = tag.filter(|tag| !tag.is_empty()).unwrap_or(name);
    // CRC-16/XMODEM, as the cluster specification has it.
    let crc = text.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    });
    crc % SLOTS as u16
}

#[cfg(test)]
mod tests;
