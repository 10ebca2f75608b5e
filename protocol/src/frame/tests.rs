use bytes::{Bytes, BytesMut};

use super::{Frame, MAX_RECEIVED_OCTETS, cut, put};
use crate::frame::FrameError;

fn frame(code: u8, data: &'static [u8]) -> Frame {
    Frame { code, data: Bytes::from_static(data) }
}

#[test]
fn packets_are_cut_one_by_one_wherever_the_stream_was_split() {
    let mut stream = BytesMut::new();
    put(b'H', b"mx\0", &mut stream);
    put(b'T', b"", &mut stream);
    put(b'B', b"\0\r\n", &mut stream);
    let expected = [frame(b'H', b"mx\0"), frame(b'T', b""), frame(b'B', b"\0\r\n")];
    for split in 0..=stream.len() {
        let mut input = BytesMut::from(&stream[..split]);
        let mut cut_off = Vec::new();
        while let Some(frame) = cut(&mut input, 100).unwrap() {
            cut_off.push(frame);
        }
        input.extend_from_slice(&stream[split..]);
        while let Some(frame) = cut(&mut input, 100).unwrap() {
            cut_off.push(frame);
        }
        assert_eq!(cut_off, expected, "split at {split}");
        assert!(input.is_empty());
    }
}

#[test]
fn an_incomplete_packet_stays_and_reserves_nothing() {
    let mut stream = BytesMut::new();
    put(b'L', b"Subject\0 hi\0", &mut stream);
    for length in 0..stream.len() {
        let mut input = BytesMut::from(&stream[..length]);
        let capacity = input.capacity();
        assert_eq!(cut(&mut input, MAX_RECEIVED_OCTETS), Ok(None), "{length} octets");
        assert_eq!((&input[..], input.capacity()), (&stream[..length], capacity));
    }
    let mut large = BytesMut::from(&b"\0\x10\0\x01B"[..]);
    assert_eq!(cut(&mut large, MAX_RECEIVED_OCTETS), Ok(None));
    assert!(large.capacity() < 100);
}

#[test]
fn the_bound_holds_before_the_data_is_there() {
    let mut at_bound = BytesMut::from(&b"\0\0\0\x04Babc"[..]);
    assert_eq!(cut(&mut at_bound.clone(), 4), Ok(Some(frame(b'B', b"abc"))));
    let over = Err(FrameError::TooLong { length: 4, max: 3 });
    assert_eq!(cut(&mut at_bound, 3), over);
    assert_eq!(&at_bound[..], b"\0\0\0\x04Babc");
    let mut header_only = BytesMut::from(&b"\xff\xff\xff\xff"[..]);
    let over = Err(FrameError::TooLong { length: u32::MAX, max: MAX_RECEIVED_OCTETS });
    assert_eq!(cut(&mut header_only, MAX_RECEIVED_OCTETS), over);
}

#[test]
fn length_0_is_an_error() {
    let mut input = BytesMut::from(&b"\0\0\0\0A"[..]);
    assert_eq!(cut(&mut input, 100), Err(FrameError::Empty));
}

#[test]
fn data_is_not_copied() {
    let mut input = BytesMut::new();
    put(b'B', b"some text", &mut input);
    let place = input[5..].as_ptr();
    let frame = cut(&mut input, 100).unwrap().unwrap();
    assert_eq!(frame.data.as_ptr(), place);
}
