//! Lengths of time: `50ms`, `15s`, `1m30s`, `20m`, `72h`, `7d`.

use std::ops::RangeInclusive;

use pilothouse_core::time::Millis;
use toml::de::DeValue;

use super::quoted;
use crate::found::Found;
use crate::section::Field;

/// The shortest time between two of anything that repeats.
pub(crate) const SHORTEST: Millis = Millis(50);
pub(crate) use pilothouse_core::spec::allowed::DAY;
/// An hour.
pub(crate) const HOUR: Millis = Millis::minutes(60);

impl Field<'_> {
    /// A length of time within a range; `example` is shown where it is not one.
    pub(crate) fn duration(
        &self,
        found: &mut Found<'_>,
        range: RangeInclusive<Millis>,
        example: &str,
    ) -> Option<Millis> {
        let name = &self.name;
        let help = format!("write a number with ms, s, m, h or d, as in {name} = \"{example}\"");
        let DeValue::String(text) = self.value else {
            let help = if let DeValue::Integer(number) = self.value {
                format!("say the unit: {name} = \"{}s\"", number.as_str())
            } else {
                help
            };
            self.wrong_type(found, "a length of time in quotes", &help);
            return None;
        };
        let Some(length) = parse(text) else {
            let message = format!("{} is not a length of time", quoted(text));
            self.wrong(found, &message, &help);
            return None;
        };
        if range.contains(&length) {
            return Some(length);
        }
        let (least, most) = (exact(*range.start()), exact(*range.end()));
        let message = format!("{} is not between {least} and {most}", quoted(text));
        self.wrong(found, &message, &help);
        None
    }
}

/// Reads `1h30m`; units are ms, s, m, h and d, each with a whole number before it.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let factor: u64 = match rest.get(..letters)? {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        rest = rest.get(letters..)?.trim_start();
        total = total.checked_add(number.checked_mul(factor)?)?;
    }
    Some(Millis(total))
}

/// Writes a length so that [`parse`] reads the same one.
pub(crate) fn exact(length: Millis) -> String {
    let ms = length.0;
    if ms == 0 {
        return "0s".to_owned();
    }
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if ms >= factor && ms.is_multiple_of(factor) {
            return format!("{}{unit}", ms / factor);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_exactly() {
        for (text, ms) in [
            ("50ms", Some(50)),
            ("15s", Some(15_000)),
            ("1m30s", Some(90_000)),
            ("1h 30m", Some(5_400_000)),
            ("72h", Some(259_200_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("15", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("15 s", None),
            ("15sec", None),
            ("", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(parse(text), ms.map(Millis), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for ms in [0, 1, 50, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 86_400_000] {
            assert_eq!(parse(&exact(Millis(ms))), Some(Millis(ms)));
        }
    }
}
