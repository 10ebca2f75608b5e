//! Hexadecimal digits.

/// The value of a digit, in upper or lower case.
pub(crate) fn value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The two digits of an octet, in upper case.
pub(crate) fn digits(octet: u8) -> [u8; 2] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + value - 10 };
    [digit(octet >> 4), digit(octet & 15)]
}
