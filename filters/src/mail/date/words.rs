//! Dates in which the month has a name, but that are not written as RFC 5322 section 3.3 wants them.

use super::at_zone;

/// The names of the months in English and in neighboring languages, in lower case and without octets over 127.
const MONTHS: [&[&str]; 12] = [
    &["jan", "january", "januar", "janv", "ene", "gen"],
    &["feb", "february", "februar", "fvr", "fv", "fev"],
    &["mar", "march", "mr", "mrz", "mars", "mrt"],
    &["apr", "april", "avr", "abr"],
    &["may", "mai", "mag", "mei"],
    &["jun", "june", "juni", "juin", "giu"],
    &["jul", "july", "juli", "juil", "lug"],
    &["aug", "august", "aot", "ago"],
    &["sep", "sept", "september", "set"],
    &["oct", "october", "okt", "oktober", "ott", "out"],
    &["nov", "november"],
    &["dec", "december", "dez", "dezember", "dc", "dic"],
];
const UTC: [&str; 4] = ["gmt", "utc", "ut", "z"];

/// A date as RFC 5322 has it, made of one with the same pieces in another order or spelling, such as
/// `Mo, 23. November 2026 9:00 +01:00` or `Mon Nov 23 2026 10:00:00 GMT+0100 (CET)`. `None` for anything that does not
/// name one point in time: each piece must be there once, and the zone must be a number or UTC.
pub(crate) fn from_words(value: &[u8]) -> Option<String> {
    let mut pieces = DatePieces::default();
    let words = value.split(|octet| octet.is_ascii_whitespace() || *octet == b',').filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if word.starts_with(b"(") {
            // A comment ends the date.
            break;
        }
        pieces.take(&readable(word), at == 0)?;
    }
    let DatePieces { day, month: Some(month), year, time, zone, week_day, .. } = pieces else { return None };
    let date = at_zone(year?, month, day?, time?, &zone?)?;
    // An English day of the week that is wrong makes the date doubtful; a name in another language is not read.
    let real = date.get(..3)?;
    let is_english = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().any(|day| week_day.starts_with(day));
    (!is_english || week_day.starts_with(real)).then_some(date)
}

#[derive(Default)]
struct DatePieces {
    week_day: String,
    day: Option<u32>,
    month: Option<u32>,
    year: Option<u32>,
    time: Option<(u32, u32, u32)>,
    zone: Option<String>,
    /// The zone is only the name of UTC so far, and a number may follow, as in `GMT+0100`.
    named_zone: bool,
}

impl DatePieces {
    /// Takes a word. `None` if the word is no piece of a date, or a piece that is there already.
    fn take(&mut self, word: &str, first: bool) -> Option<()> {
        let lower = word.trim_end_matches('.').to_ascii_lowercase();
        let month = || MONTHS.iter().zip(1..).find(|(names, _)| names.contains(&&*lower)).map(|(_, month)| month);
        if lower.contains(':') && !lower.starts_with(['+', '-']) && !lower.starts_with(char::is_alphabetic) {
            return put(&mut self.time, time(&lower)?);
        }
        if let Some(number) = number(&lower) {
            return if lower.len() == 4 {
                put(&mut self.year, number)
            } else {
                put(&mut self.day, number).filter(|()| lower.len() <= 2)
            };
        }
        if let Some(zone) = self.zone(&lower) {
            return put(&mut self.zone, zone);
        }
        match month() {
            Some(month) => put(&mut self.month, month),
            None if first => {
                word.clone_into(&mut self.week_day);
                word.chars().all(|c| c.is_alphabetic() || c == '.').then_some(())
            }
            None => None,
        }
    }

    fn zone(&mut self, word: &str) -> Option<String> {
        let letters = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (name, number) = word.split_at(letters);
        if !name.is_empty() && !UTC.contains(&name) {
            return None;
        }
        if number.is_empty() {
            self.named_zone = true;
            return Some("+0000".to_owned());
        }
        let (sign, digits) = number.split_at_checked(1)?;
        let digits: String = digits.split(':').collect();
        let fits = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()) && "+-".contains(sign);
        let zone = fits.then(|| format!("{sign}{digits}"))?;
        if std::mem::take(&mut self.named_zone) {
            self.zone = None;
        }
        Some(zone)
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.is_none().then(|| *place = Some(value))
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `time = 1*2DIGIT ":" 2DIGIT [":" 2DIGIT]`
fn time(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    let fits = (1..=2).contains(&hour.len()) && minute.len() == 2 && second.len() == 2 && parts.next().is_none();
    fits.then_some((number(hour)?, number(minute)?, number(second)?))
}

/// The word without octets over 127, which are letters in any charset.
fn readable(word: &[u8]) -> String {
    word.iter().filter(|octet| octet.is_ascii()).map(|octet| char::from(*octet)).collect()
}

#[cfg(test)]
mod tests;
