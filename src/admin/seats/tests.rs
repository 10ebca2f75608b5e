use std::net::Ipv4Addr;

use super::*;

fn address(last: u8) -> Option<IpAddr> {
    Some(Ipv4Addr::new(192, 0, 2, last).into())
}

fn is_taken(seat: &Seat) -> bool {
    seat.seats.table().taken.contains_key(&seat.number)
}

#[test]
fn the_address_with_the_most_seats_loses_the_oldest() {
    let seats = Seats::new(4);
    let alone = seats.take(address(1)).unwrap();
    let crowd: Vec<_> = (0..3).map(|_| seats.take(address(2)).unwrap()).collect();
    let _new = seats.take(address(3)).unwrap();
    assert!(is_taken(&alone) && !is_taken(&crowd[0]) && is_taken(&crowd[1]) && is_taken(&crowd[2]));
    let _of_the_crowd = seats.take(address(2)).unwrap();
    assert!(is_taken(&alone) && !is_taken(&crowd[1]) && is_taken(&crowd[2]));
}

#[test]
fn nobody_is_sent_away_while_an_answer_is_made() {
    let seats = Seats::new(2);
    let one = seats.take(address(1)).unwrap();
    let other = seats.take(address(1)).unwrap();
    one.set_working(true);
    let _third = seats.take(address(2)).unwrap();
    assert!(is_taken(&one) && !is_taken(&other));
    drop(_third);
    let fourth = seats.take(None).unwrap();
    fourth.set_working(true);
    assert!(seats.take(None).is_none());
    one.set_working(false);
    assert!(seats.take(None).is_some());
}

#[test]
fn a_seat_becomes_free() {
    let seats = Seats::new(1);
    for _ in 0..10 {
        let seat = seats.take(None).unwrap();
        seat.set_working(true);
    }
    assert!(seats.table().taken.is_empty());
}
