//! Base64 (RFC 4648 section 4), piece by piece, and whether it is any.

/// Decodes what it is given, cut anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base64 {
    bits: u32,
    /// Characters of the open group of four, padding not counted.
    open: u8,
    padding: u8,
    /// Octets that are not base64 were seen, or something behind the end.
    broken: bool,
}

impl Base64 {
    /// Takes the next piece; line ends and white space are skipped.
    pub(crate) fn push(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        while let Some((first, rest)) = text.split_first() {
            if self.open == 0
                && self.padding == 0
                && let Some((four, rest)) = text.split_first_chunk::<4>()
                && let Some(bits) = group(*four)
            {
                let [_, decoded @ ..] = bits.to_be_bytes();
                out.extend_from_slice(&decoded);
                text = rest;
                continue;
            }
            self.one(*first, out);
            text = rest;
        }
    }

    /// Whether it was base64, now that it is complete.
    pub(crate) fn is_broken(&self) -> bool {
        let whole = match (self.open, self.padding) {
            (0, 0 | 4) => true,
            (open, padding) => open + padding == 4 && open > 1,
        };
        self.broken || !whole
    }

    fn one(&mut self, octet: u8, out: &mut Vec<u8>) {
        let value = value(octet);
        match octet {
            b'\r' | b'\n' | b' ' | b'\t' => {}
            b'=' if self.open > 1 && self.open + self.padding < 4 => self.padding += 1,
            _ if value == NONE || self.padding > 0 => self.broken = true,
            _ => {
                self.bits = self.bits << 6 | u32::from(value);
                self.open += 1;
                // Six bits of a group are nothing yet; each further character completes an octet.
                let rest = match self.open {
                    2 => 4,
                    3 => 2,
                    4 => 0,
                    _ => return,
                };
                out.extend((self.bits >> rest).to_be_bytes().last());
                if self.open == 4 {
                    self.open = 0;
                }
            }
        }
    }
}

/// What a text stands for, if it is base64.
pub(crate) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut base64 = Base64::default();
    let mut out = Vec::with_capacity(text.len());
    base64.push(text, &mut out);
    (!base64.is_broken()).then_some(out)
}

/// What the most lenient reader makes of a text: what is no base64 is skipped, padding may be missing, or be followed by
/// more.
pub(crate) fn decoded_leniently(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for run in text.split(|octet| *octet == b'=') {
        Base64::default().push(run, &mut out);
    }
    out
}

/// True if everything here is base64, its padding, or white space. For bodies that nobody decodes.
pub(crate) fn is_alphabet(text: &[u8]) -> bool {
    // No short circuits within a block: the compiler makes vector instructions of this.
    let fits = |octet: u8| {
        octet.is_ascii_uppercase()
            | octet.is_ascii_lowercase()
            | (b'/'..=b'9').contains(&octet)
            | (octet == b'+')
            | (octet == b'=')
            | (octet == b'\r')
            | (octet == b'\n')
            | (octet == b' ')
            | (octet == b'\t')
    };
    text.chunks(128).all(|block| block.iter().fold(true, |all, octet| all & fits(*octet)))
}

fn group(four: [u8; 4]) -> Option<u32> {
    let values = four.map(value);
    let [a, b, c, d] = values.map(u32::from);
    (values.iter().fold(0, |all, value| all | value) < NONE).then_some(a << 18 | b << 12 | c << 6 | d)
}

fn value(octet: u8) -> u8 {
    VALUES.get(usize::from(octet)).copied().unwrap_or(NONE)
}

const NONE: u8 = 0x80;
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while let Some(digit) = DIGITS.split_at(value as usize).1.first() {
        let (_, slots) = values.split_at_mut(*digit as usize);
        if let Some(slot) = slots.first_mut() {
            *slot = value;
        }
        value += 1;
    }
    values
};
/// The alphabet, in the order of the values.
pub(crate) const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests;
