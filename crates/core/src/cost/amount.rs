//! Amounts of money and of what is bought, as integers.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// The hours of a month, as AWS's own calculator counts them (365 × 24 / 12).
pub const MONTH_HOURS: u64 = 730;

const DOLLAR: u64 = 1_000_000_000;

/// An amount in billionths of a US dollar: small enough for the hourly part of a monthly price.
///
/// Sums and products end at the largest amount, which is about 18 billion dollars.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoUsd(pub u64);

/// How much of something, in thousandths of its unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(pub u64);

impl NanoUsd {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// Makes an amount from millionths of a dollar, in which budgets are kept.
    pub fn from_micro(micro: u64) -> Self {
        Self(micro.saturating_mul(1000))
    }

    /// Millionths of a dollar, rounded up, so that a cost is never shown below what it is.
    pub fn micro(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// Reads `0.0225`: digits, and at most nine behind a point.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let dollars: u64 = whole.parse().ok()?;
        let nano: u64 = format!("{fraction:0<9}").parse().ok()?;
        Some(Self(dollars.checked_mul(DOLLAR)?.checked_add(nano)?))
    }

    /// This price times a quantity, divided by `hours`, rounded half up to a billionth.
    #[must_use]
    pub fn times(self, quantity: Quantity, hours: u64) -> Self {
        let divisor = u128::from(hours.max(1)) * 1000;
        let product = u128::from(self.0) * u128::from(quantity.0) + divisor / 2;
        Self(u64::try_from(product / divisor).unwrap_or(u64::MAX))
    }

    /// The exact amount by the hour: `$0.0225/h`.
    pub fn hourly(self) -> String {
        format!("{self}/h")
    }

    /// What an hourly amount comes to in a month of 730 hours.
    #[must_use]
    pub fn by_month(self) -> Self {
        Self(self.0.saturating_mul(MONTH_HOURS))
    }

    /// The same for people: whole dollars from $100 on and cents below, rounded half up:
    /// `$154/month`, `$16.43/month`.
    pub fn monthly(self) -> String {
        let month = u128::from(self.0) * u128::from(MONTH_HOURS);
        let (dollar, cent) = (u128::from(DOLLAR), u128::from(DOLLAR / 100));
        let cents = (month + cent / 2) / cent;
        if cents >= 10_000 {
            return format!("${}/month", (month + dollar / 2) / dollar);
        }
        format!("${}.{:02}/month", cents / 100, cents % 100)
    }
}

impl fmt::Display for NanoUsd {
    /// Writes the exact amount with at least two decimals: `$0.0225`, `$2.00`; nothing is `$0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("$0");
        }
        let digits = format!("{:09}", self.0 % DOLLAR);
        let used = digits.trim_end_matches('0').len().max(2);
        let fraction = digits.get(..used).unwrap_or(&digits);
        f.pad(&format!("${}.{fraction}", self.0 / DOLLAR))
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Quantity {
    /// So many whole ones.
    pub fn whole(count: u32) -> Self {
        Self(u64::from(count) * 1000)
    }

    /// This quantity so many times.
    #[must_use]
    pub fn each(self, count: u32) -> Self {
        Self(self.0.saturating_mul(u64::from(count)))
    }
}

impl fmt::Display for Quantity {
    /// Writes the exact quantity: `2`, `0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:03}", self.0 % 1000);
        let digits = digits.trim_end_matches('0');
        let point = if digits.is_empty() { "" } else { "." };
        f.pad(&format!("{}{point}{digits}", self.0 / 1000))
    }
}
