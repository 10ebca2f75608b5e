//! Dates in header fields (RFC 5322 section 3.3, with the obsolete forms of section 4.3), and dates as ISO 8601 has them.

use super::{day, rfc5322};
use crate::mail::cursor::TextCursor;

const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
const ZONES: [&[u8]; 10] = [b"ut", b"gmt", b"est", b"edt", b"cst", b"cdt", b"mst", b"mdt", b"pst", b"pdt"];
const NO_DATE: &str = "no date of RFC 5322";
const TEXT_BEHIND: &str = "text behind the date";

/// The first fault of a date: the octet, and a few words.
type DateFault = (usize, &'static str);

/// The first fault of the value of a Date field, which is not empty.
///
/// ```text
/// date-time   = [ day-of-week "," ] date time [CFWS]            ; RFC 5322 section 3.3
/// date        = day month year
/// time        = hour ":" minute [ ":" second ] zone
/// zone        = (FWS ( "+" / "-" ) 4DIGIT) / obs-zone
/// ```
pub(crate) fn fault(value: &[u8]) -> Option<DateFault> {
    read(&mut DateReader { cursor: TextCursor::new(value) }).err()
}

fn read(reader: &mut DateReader<'_>) -> Result<(), DateFault> {
    reader.skip()?;
    let start = reader.cursor.at();
    let named = reader.letters();
    let week_day = if named.is_empty() { None } else { Some(reader.index(named, &DAYS, start)?) };
    if week_day.is_some() {
        reader.special(b',')?;
    }
    let at = reader.cursor.at();
    let day_number = reader.number(1..=2)?;
    let month_at = reader.cursor.at();
    let month = reader.letters();
    let month = reader.index(month, &MONTHS, month_at)? + 1;
    let year = reader.year()?;
    let seconds = day(&format!("{year:04}-{month:02}-{day_number:02}"))
        .ok_or((at, "a day that does not exist, or one before 1970"))?;
    reader.time()?;
    reader.zone()?;
    // 1970 began on a Thursday.
    let real = usize::try_from((seconds / 86_400 + 3) % 7).unwrap_or_default();
    match week_day {
        Some(week_day) if week_day != real => Err((start, "not the day of the week of this date")),
        _ => Ok(()),
    }
}

/// Reads the pieces of a date. White space and comments may stand between any two of them.
struct DateReader<'a> {
    cursor: TextCursor<'a>,
}

impl<'a> DateReader<'a> {
    fn skip(&mut self) -> Result<(), DateFault> {
        let at = self.cursor.at();
        self.cursor.white_space_and_comments().ok_or((at, "a comment that does not end"))
    }

    fn letters(&mut self) -> &'a [u8] {
        self.cursor.take_while(|octet| octet.is_ascii_alphabetic())
    }

    /// The place of a name among others.
    fn index(&mut self, name: &[u8], names: &[&[u8]], at: usize) -> Result<usize, DateFault> {
        let found = names.iter().position(|other| other.eq_ignore_ascii_case(name)).ok_or((at, NO_DATE))?;
        self.skip()?;
        Ok(found)
    }

    fn special(&mut self, wanted: u8) -> Result<(), DateFault> {
        if self.cursor.peek() != Some(wanted) {
            return Err((self.cursor.at(), NO_DATE));
        }
        self.cursor.bump();
        self.skip()
    }

    fn number(&mut self, length: std::ops::RangeInclusive<usize>) -> Result<u32, DateFault> {
        let at = self.cursor.at();
        let digits = self.cursor.take_while(|octet| octet.is_ascii_digit());
        self.skip()?;
        if !length.contains(&digits.len()) {
            return Err((at, NO_DATE));
        }
        Ok(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// `obs-year = [CFWS] 2*DIGIT [CFWS]              ; section 4.3: two and three digits count from 1900, below 50 from 2000`
    fn year(&mut self) -> Result<u32, DateFault> {
        let year = self.number(2..=4)?;
        Ok(match year {
            1000.. => year,
            ..50 => year + 2000,
            _ => year + 1900,
        })
    }

    fn time(&mut self) -> Result<(), DateFault> {
        let at = self.cursor.at();
        let hour = self.number(2..=2)?;
        self.special(b':')?;
        let minute = self.number(2..=2)?;
        let mut second = 0;
        if self.cursor.peek() == Some(b':') {
            self.special(b':')?;
            second = self.number(2..=2)?;
        }
        if hour > 23 || minute > 59 || second > 60 { Err((at, "a time that does not exist")) } else { Ok(()) }
    }

    /// ```text
    /// obs-zone = "UT" / "GMT" / "EST" / "EDT" / "CST" / "CDT" / "MST" / "MDT" / "PST" / "PDT" / ALPHA     ; shortened
    /// ```
    fn zone(&mut self) -> Result<(), DateFault> {
        let at = self.cursor.at();
        if matches!(self.cursor.peek(), Some(b'+' | b'-')) {
            self.cursor.bump();
            let zone = self.number(4..=4)?;
            if zone % 100 > 59 {
                return Err((at, "a zone that does not exist"));
            }
        } else {
            let name = self.letters();
            if !(matches!(name, [letter] if !letter.eq_ignore_ascii_case(&b'j'))) {
                self.index(name, &ZONES, at)?;
            }
            self.skip()?;
        }
        match self.cursor.peek() {
            Some(_) => Err((self.cursor.at(), TEXT_BEHIND)),
            None => Ok(()),
        }
    }
}

/// The value without the text behind a date with a zone in numbers. `None` if there is no such text, or no such zone.
pub(crate) fn cut_behind_zone(value: &[u8]) -> Option<&[u8]> {
    let (at, TEXT_BEHIND) = fault(value)? else { return None };
    let date = value.split_at_checked(at)?.0.trim_ascii_end();
    let [.., b'+' | b'-', a, b, c, d] = date else { return None };
    [a, b, c, d].iter().all(|octet| octet.is_ascii_digit()).then_some(date)
}

/// A date as RFC 5322 has it, made of one that ISO 8601 or RFC 3339 has, such as `2026-11-23T10:00:00+01:00`. `None` for
/// anything that does not name one point in time: the zone must be there.
///
/// ```text
/// date-time  = date ("T" / " ") time zone            ; RFC 3339 section 5.6, and without the hyphens and colons
/// date       = 4DIGIT "-" 2DIGIT "-" 2DIGIT
/// time       = 2DIGIT ":" 2DIGIT [":" 2DIGIT [("." / ",") 1*DIGIT]]
/// zone       = "Z" / "UTC" / "GMT" / (("+" / "-") 2DIGIT [[":"] 2DIGIT])
/// ```
pub(crate) fn from_iso(value: &[u8]) -> Option<String> {
    let mut text = IsoReader { cursor: TextCursor::new(value.trim_ascii()) };
    let year = text.digits(4)?;
    let extended = text.take(b"-");
    let month = text.digits(2)?;
    if extended && !text.take(b"-") {
        return None;
    }
    let day_number = text.digits(2)?;
    if !text.take(b"Tt") && text.blanks() == 0 {
        return None;
    }
    let hour = text.digits(2)?;
    let colons = text.take(b":");
    let minute = text.digits(2)?;
    let second = if colons == text.take(b":") && colons || !colons && text.at_digit() { text.digits(2)? } else { 0 };
    if text.take(b".,") && text.cursor.take_while(|octet| octet.is_ascii_digit()).is_empty() {
        return None;
    }
    text.blanks();
    let zone = text.zone()?;
    let midnight = rfc5322(day(&format!("{year:04}-{month:02}-{day_number:02}"))?);
    let date = midnight.strip_suffix(" 00:00:00 +0000")?;
    let exists = hour < 24 && minute < 60 && second < 61 && text.cursor.peek().is_none();
    exists.then(|| format!("{date} {hour:02}:{minute:02}:{second:02} {zone}"))
}

struct IsoReader<'a> {
    cursor: TextCursor<'a>,
}

impl IsoReader<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let mut left = count;
        let digits = self.cursor.take_while(|octet| {
            let fits = left > 0 && octet.is_ascii_digit();
            left = left.saturating_sub(1);
            fits
        });
        let value = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        (digits.len() == count).then_some(value)
    }

    fn at_digit(&self) -> bool {
        self.cursor.peek().is_some_and(|octet| octet.is_ascii_digit())
    }

    /// Takes the next octet if it is one of these.
    fn take(&mut self, wanted: &[u8]) -> bool {
        let fits = self.cursor.peek().is_some_and(|octet| wanted.contains(&octet));
        if fits {
            self.cursor.bump();
        }
        fits
    }

    fn blanks(&mut self) -> usize {
        self.cursor.take_while(|octet| octet == b' ').len()
    }

    fn zone(&mut self) -> Option<String> {
        let sign = self.cursor.peek()?;
        if !self.take(b"+-") {
            let name = self.cursor.take_while(|octet| octet.is_ascii_alphabetic());
            let is_utc = [&b"Z"[..], b"UTC", b"GMT"].iter().any(|other| other.eq_ignore_ascii_case(name));
            return is_utc.then(|| "+0000".to_owned());
        }
        let hours = self.digits(2)?;
        let colon = self.take(b":");
        let minutes = if colon || self.at_digit() { self.digits(2)? } else { 0 };
        (hours < 24 && minutes < 60).then(|| format!("{}{hours:02}{minutes:02}", char::from(sign)))
    }
}

#[cfg(test)]
mod tests;
