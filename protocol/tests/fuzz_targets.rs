//! The fuzz targets on inputs that are the same in each run: random ones, and real packets with a few octets changed.
//! The fuzzer itself (`tests/fuzz`) goes further; these tests keep its targets working without it.
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use postseal_protocol::testing::{fuzz_parse, fuzz_round_trip, fuzz_session};

const CASES: u32 = 100_000;

/// Packets of both sides, without their lengths.
const PACKETS: [&[u8]; 24] = [
    b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff",
    b"O\0\0\0\x06\0\0\x01\x01\0\x10\0\x80\0\0\0\x06i\0\0\0\0\x05i {msg_id}\0",
    b"DMi\x004fXyZ1\0{auth_authen}\0\0",
    b"DR{rcpt_mailer}\0error\0",
    b"Cmx.example.com\x004\x27\x0f192.0.2.1\0",
    b"Cmx.example.com\x006\x27\x0fIPv6:2001:db8::1\0",
    b"Clocalhost\0L\0\0/run/smtp\0",
    b"Hclient.example.com\0",
    b"M<>\0BODY=8BITMIME\0SIZE=1000\0",
    b"R<to@example.com>\0",
    b"T",
    b"LSubject\0 a\n b\0",
    b"N",
    b"Btext\r\n",
    b"Erest\r\n",
    b"A",
    b"K",
    b"UFOOBAR x y\0",
    b"y550-5.7.0 100%% wrong\r\n550 5.7.0 bye\0",
    b"m\0\0\0\x01Subject\0 new\n value\0",
    b"e<a@b>\0RET=HDRS ENVID=1\0",
    b"2<a@b>\0NOTIFY=NEVER\0",
    b"bnew body\r\n",
    b"qreason\0",
];

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() >> 32).unwrap_or_default() % end
    }

    fn octet(&mut self) -> u8 {
        self.number().to_be_bytes()[0]
    }

    fn octets(&mut self, end: usize) -> Vec<u8> {
        (0..self.below(end)).map(|_| self.octet()).collect()
    }

    /// A few packets, framed, some octets changed.
    fn stream(&mut self) -> Vec<u8> {
        let mut stream = Vec::new();
        for _ in 0..=self.below(4) {
            let packet = PACKETS[self.below(PACKETS.len())];
            let length = u32::try_from(packet.len()).unwrap_or_default();
            stream.extend_from_slice(&length.to_be_bytes());
            stream.extend_from_slice(packet);
        }
        self.change(&mut stream);
        stream
    }

    fn change(&mut self, octets: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let at = self.below(octets.len());
            match self.below(4) {
                0 => octets.truncate(at.max(1)),
                1 => octets.insert(at, self.octet()),
                2 => drop(octets.remove(at)),
                _ => octets[at] = self.octet(),
            }
            if octets.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn parse() {
    let mut random = Random(1);
    for _ in 0..CASES {
        fuzz_parse(&random.stream());
        let mut packet = PACKETS[random.below(PACKETS.len())].to_vec();
        random.change(&mut packet);
        fuzz_parse(&packet);
        fuzz_parse(&random.octets(60));
    }
}

#[test]
fn round_trip() {
    let mut random = Random(2);
    for _ in 0..CASES {
        fuzz_round_trip(&random.octets(200));
    }
}

#[test]
fn session() {
    let mut random = Random(3);
    for _ in 0..CASES {
        fuzz_session(&random.octets(800));
    }
}
