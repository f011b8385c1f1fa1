//! The table of dated prices.
//!
//! Responsible for reading the embedded table. Each row names where its price was read and when;
//! prices are on demand, for Linux and shared hardware, without tax.

use super::{MONTH_HOURS, NanoUsd};

/// Where something runs. Only these regions have prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// Northern Virginia.
    UsEast1,
    /// Seoul.
    ApNortheast2,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Where it holds.
    pub region: Region,
    /// What is bought, as AWS's price list names it.
    pub sku: &'static str,
    /// The unit that the price is for, such as `hour` or `GB-month`.
    pub unit: &'static str,
    /// The price of one unit.
    pub usd: NanoUsd,
    /// Where the price was read.
    pub source: &'static str,
    /// When it was read or published there.
    pub date: &'static str,
}

const TABLE: &str = include_str!("prices.tsv");

impl Region {
    /// All regions that have prices.
    pub const ALL: [Self; 2] = [Self::UsEast1, Self::ApNortheast2];

    /// The name that AWS gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsEast1 => "us-east-1",
            Self::ApNortheast2 => "ap-northeast-2",
        }
    }

    /// Finds a region by AWS's name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.name() == name)
    }

    /// What the price list puts before a usage type of this region.
    const fn prefix(self) -> &'static str {
        match self {
            Self::UsEast1 => "",
            Self::ApNortheast2 => "APN2-",
        }
    }
}

impl Price {
    /// Over how many hours the price is spread.
    pub fn hours(&self) -> u64 {
        if self.unit.ends_with("month") { MONTH_HOURS } else { 1 }
    }
}

/// All prices, in the table's order.
pub fn prices() -> impl Iterator<Item = Price> {
    TABLE.lines().skip(1).filter_map(row)
}

/// The price of a usage type, named without its region's prefix.
pub fn price(region: Region, usage: &str) -> Option<Price> {
    prices().find(|price| {
        price.region == region && price.sku.strip_prefix(region.prefix()) == Some(usage)
    })
}

fn row(line: &'static str) -> Option<Price> {
    let mut fields = line.split('\t');
    let price = Price {
        region: Region::named(fields.next()?)?,
        sku: fields.next()?,
        unit: fields.next()?,
        usd: NanoUsd::parse(fields.next()?)?,
        source: fields.next()?,
        date: fields.next()?,
    };
    fields.next().is_none().then_some(price)
}
