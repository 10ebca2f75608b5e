use super::*;

#[test]
fn sizes_are_read_and_shown() {
    for (text, bytes, shown) in [
        ("64KiB", 65_536, "64KiB"),
        ("1MiB", 1_048_576, "1MiB"),
        ("10MB", 10_000_000, "10MB"),
        ("10 mb", 10_000_000, "10MB"),
        ("1048577", 1_048_577, "1048577B"),
        ("7B", 7, "7B"),
        ("0", 0, "0B"),
    ] {
        let size: ByteSize = text.parse().unwrap();
        assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, shown));
        assert_eq!(shown.parse(), Ok(size));
    }
}

#[test]
fn mistakes_are_named() {
    let advice = "write a number and B, KB, MB, GB, KiB, MiB or GiB, such as 64KiB";
    for text in ["", "KiB", "1.5MiB", "-1", "1 k", "1M", "ä"] {
        let message = format!("`{text}` is not a size; {advice}");
        assert_eq!(text.parse::<ByteSize>().unwrap_err().to_string(), message);
    }
    let large = "99999999999999999999GiB";
    assert_eq!(large.parse(), Err::<ByteSize, _>(ByteSizeError::TooLarge(large.to_owned())));
}
