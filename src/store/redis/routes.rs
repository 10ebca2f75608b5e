//! Which server a key is on.
//!
//! In a cluster every key is in one of 16,384 slots and every slot on one server; what stands in braces in a key's name
//! decides on the slot. With a single server, or one master, everything is on it.

use std::sync::Arc;

use super::node::Node;
use crate::config::store::Endpoint;

/// The servers, and who has which slot. Never changed, only replaced.
#[derive(Default)]
pub(super) struct Routes {
    nodes: Vec<Shard>,
    /// For each slot the index of its server. `None` if there is but one for all.
    slots: Option<Box<[u16]>>,
}

/// A server and a text that lies in one of its slots.
struct Shard {
    node: Arc<Node>,
    tag: String,
}

/// A range of slots and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) endpoint: Endpoint,
}

impl Routes {
    /// Everything is on one server.
    pub(super) fn single(node: Arc<Node>) -> Self {
        Self { nodes: vec![Shard { node, tag: "0".to_owned() }], slots: None }
    }

    /// A cluster; servers that are known already stay the same objects, with their connections.
    pub(super) fn cluster(ranges: &[Range], mut node: impl FnMut(&Endpoint) -> Arc<Node>) -> Self {
        let mut slots = vec![NOBODY; SLOTS].into_boxed_slice();
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        for range in ranges {
            let known = nodes.iter().position(|known| known.endpoint == range.endpoint);
            let index = known.unwrap_or_else(|| {
                nodes.push(node(&range.endpoint));
                nodes.len() - 1
            });
            let index = u16::try_from(index).unwrap_or(NOBODY);
            for slot in range.first..=range.last {
                if let Some(owner) = slots.get_mut(usize::from(slot)) {
                    *owner = index;
                }
            }
        }
        let tag = |index: usize| {
            let on_it =
                |tag: &String| slots.get(usize::from(slot(tag))).copied().map(usize::from) == Some(index);
            (0..TAGS).map(|number| number.to_string()).find(on_it).unwrap_or_default()
        };
        let shards = nodes.into_iter().enumerate();
        let nodes = shards.map(|(index, node)| Shard { node, tag: tag(index) }).collect();
        Self { nodes, slots: Some(slots) }
    }

    /// The same, with one slot moved.
    pub(super) fn moved(&self, slot: u16, node: &Arc<Node>) -> Self {
        let mut nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|shard| Shard { node: Arc::clone(&shard.node), tag: shard.tag.clone() })
            .collect();
        let known = nodes.iter().position(|shard| Arc::ptr_eq(&shard.node, node));
        let index = known.unwrap_or_else(|| {
            nodes.push(Shard { node: Arc::clone(node), tag: tag_in(slot) });
            nodes.len() - 1
        });
        let mut slots = self.slots.clone();
        let owner = slots.as_mut().and_then(|slots| slots.get_mut(usize::from(slot)));
        if let (Some(owner), Ok(index)) = (owner, u16::try_from(index)) {
            *owner = index;
        }
        Self { nodes, slots }
    }

    /// The server of a slot.
    pub(super) fn node(&self, slot: u16) -> Option<&Arc<Node>> {
        let index = match &self.slots {
            Some(slots) => usize::from(*slots.get(usize::from(slot))?),
            None => 0,
        };
        self.nodes.get(index).map(|shard| &shard.node)
    }

    /// All servers, each with a text that lies in one of its slots.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&Arc<Node>, &str)> {
        self.nodes.iter().map(|shard| (&shard.node, shard.tag.as_str()))
    }
}

/// The slot of a key: CRC16 of what stands in its first braces, or of all of it.
pub(super) fn slot(name: &str) -> u16 {
    let tag = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    let text = tag.filter(|tag| !tag.is_empty()).unwrap_or(name);
    // CRC-16/XMODEM, as the cluster specification has it.
    let crc = text.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS as u16
}

fn tag_in(wanted: u16) -> String {
    let tags = (0..TAGS).map(|number| number.to_string());
    tags.into_iter().find(|tag| slot(tag) == wanted).unwrap_or_default()
}

const SLOTS: usize = 16_384;
const NOBODY: u16 = u16::MAX;
/// So many numbers, written out, have one in every slot.
const TAGS: u32 = 300_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        for (name, expected) in
            [("123456789", 0x31C3), ("foo", 12182), ("{foo}bar", 12182), ("a{foo}{bar}", 12182)]
        {
            assert_eq!(slot(name), expected, "{name}");
        }
        assert_eq!(slot("{}foo"), slot("{}foo"));
        assert_ne!(slot("{}foo"), slot("{}bar"), "nothing in braces: the whole name counts");
        assert_ne!(slot("{foo"), slot("foo"));
    }

    #[test]
    fn every_slot_has_a_tag() {
        let mut found = vec![false; SLOTS];
        (0..TAGS).for_each(|number| found[usize::from(slot(&number.to_string()))] = true);
        assert!(found.into_iter().all(|found| found));
    }

    fn node(endpoint: &Endpoint) -> Arc<Node> {
        Arc::new(Node::new(endpoint.clone(), Arc::default(), 1))
    }

    fn at(port: u16) -> Endpoint {
        Endpoint::Tcp { host: "127.0.0.1".to_owned(), port }
    }

    #[test]
    fn a_slot_that_has_moved_is_asked_for_where_it_is_now() {
        let range = |first, last, port| Range { first, last, endpoint: at(port) };
        let routes = Routes::cluster(&[range(0, 99, 1), range(200, 16_383, 2), range(100, 150, 1)], node);
        let owner = |routes: &Routes, slot| routes.node(slot).map(|node| node.endpoint.clone());
        let found = [0, 99, 100, 150, 151, 199, 200, 16_383].map(|slot| owner(&routes, slot));
        let [one, two] = [Some(at(1)), Some(at(2))];
        assert_eq!(found, [one.clone(), one.clone(), one.clone(), one, None, None, two.clone(), two]);
        for (node, tag) in routes.nodes() {
            assert_eq!(routes.node(slot(tag)).map(|owner| &owner.endpoint), Some(&node.endpoint));
        }
        let moved = routes.moved(7, &node(&at(3)));
        assert_eq!(owner(&moved, 7), Some(at(3)));
        assert_eq!(owner(&moved, 8), Some(at(1)));
        assert_eq!(moved.nodes().count(), 3);
    }
}
