//! Money per hour: `"$0.50/h"`, `"$200/month"`, in millionths of a US dollar. Per what is never left
//! to be guessed: two hundred by the month are not two hundred by the hour.

use pilothouse_core::spec::allowed::DOLLARS;
use toml::de::DeValue;

use super::quoted;
use crate::found::Found;
use crate::section::Field;

/// The hours of a month, as AWS's own calculator counts them.
const MONTH_HOURS: u64 = 730;

impl Field<'_> {
    /// US dollars per hour in millionths.
    pub(crate) fn micro_usd_per_hour(&self, found: &mut Found<'_>) -> Option<u64> {
        let name = &self.name;
        let help = format!("write {name} = \"$0.50/h\" or {name} = \"$200/month\"");
        let text = match self.value {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.wrong_type(found, "US dollars per hour", &help);
                return None;
            }
        };
        let micro = parse(text);
        if micro.is_none() {
            let message =
                format!("{} is not an amount of US dollars per hour or month", quoted(text));
            self.wrong(found, &message, &help);
        }
        micro
    }
}

/// Reads an amount by the hour or the month; less than a millionth of a dollar per hour cannot be said.
fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let (amount, hours) = match text.split_once('/') {
        Some((amount, "h" | "hour")) => (amount, 1),
        Some((amount, "month")) => (amount, MONTH_HOURS),
        None | Some(_) => return None,
    };
    let amount = amount.trim();
    let amount = amount.strip_prefix('$').unwrap_or(amount);
    let amount = amount.strip_suffix("USD").map_or(amount, str::trim_end);
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let dollars: u64 = whole.parse().ok().filter(|dollars| *dollars <= DOLLARS)?;
    let micro: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some((dollars * 1_000_000 + micro) / hours)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn amounts_are_read_without_floating_point() {
        for (text, micro) in [
            ("$0.50/h", Some(500_000)),
            ("0.1/h", Some(100_000)),
            // By the hour or by the month?
            ("0.1", None),
            ("200", None),
            ("$200", None),
            ("$0.000001/hour", Some(1)),
            // 200 / 730 = 0.273972602…
            ("$200/month", Some(273_972)),
            ("1.25 USD/h", Some(1_250_000)),
            ("-1", None),
            ("1e3", None),
            ("inf", None),
            ("$1/day", None),
            ("€1/h", None),
            ("$0.0000001/h", None),
            ("99999999999999999999", None),
            ("", None),
            ("$", None),
        ] {
            assert_eq!(parse(text), micro, "{text:?}");
        }
    }
}
