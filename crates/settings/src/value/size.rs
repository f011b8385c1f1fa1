//! How much: bytes as `"512MiB"`, processors as `0.5` or `2`.

use pilothouse_core::spec::allowed::container::{MEMORY, MILLI_CPUS};
use toml::de::DeValue;

use super::quoted;
use crate::found::Found;
use crate::section::Field;

impl Field<'_> {
    /// Bytes of memory.
    pub(crate) fn bytes(&self, found: &mut Found<'_>) -> Option<u64> {
        let name = &self.name;
        let help = format!("write {name} = \"512MiB\", with KiB, MiB or GiB");
        let text = self.text(found, &help)?;
        let bytes = parse_bytes(text).filter(|bytes| MEMORY.contains(bytes));
        if bytes.is_none() {
            let message = format!("{} is not an amount of memory from 6MiB on", quoted(text));
            self.wrong(found, &message, &help);
        }
        bytes
    }

    /// Thousandths of a processor.
    pub(crate) fn milli_cpus(&self, found: &mut Found<'_>) -> Option<u32> {
        let name = &self.name;
        let help = format!("write {name} = 0.5 or {name} = 2");
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.wrong_type(found, "a number of processors", &help);
                return None;
            }
        };
        let milli = parse_milli(text).filter(|milli| MILLI_CPUS.contains(milli));
        if milli.is_none() {
            let message = format!("{} is not a number of processors", quoted(text));
            self.wrong(found, &message, &help);
        }
        milli
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" | "kb" => 10,
        "m" | "mib" | "mb" => 20,
        "g" | "gib" | "gb" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Reads thousandths without floating point.
fn parse_milli(text: &str) -> Option<u32> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 3 {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(format!("{fraction:0<3}").parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_docker_counts_them() {
        for (text, bytes) in [
            ("512MiB", Some(512 << 20)),
            ("512m", Some(512 << 20)),
            ("1 GiB", Some(1 << 30)),
            ("1024", Some(1024)),
            ("1.5GiB", None),
            ("-1m", None),
            ("m", None),
            ("결제", None),
            ("99999999999999999999g", None),
        ] {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
        for (text, milli) in [
            ("0.5", Some(500)),
            ("2", Some(2000)),
            ("1.125", Some(1125)),
            ("0.0001", None),
            ("-1", None),
        ] {
            assert_eq!(parse_milli(text), milli, "{text}");
        }
    }
}
