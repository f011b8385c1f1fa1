//! What things cost by the hour, from a table of dated prices.
//!
//! Responsible for the price table, exact amounts, what an environment costs where it runs now,
//! and what the same shape would cost elsewhere. It asks nobody for a price: a price that the
//! table lacks is called unpriced and never counted as zero. What an amount leaves out (traffic,
//! tax, discounts, free tiers) is said beside it.

mod amount;
mod comparison;
mod ec2;
mod environment;
mod fargate;
mod price;

pub use amount::{MONTH_HOURS, NanoUsd, Quantity};
pub use comparison::{Line, Part, Shape, Total, comparison};
pub use environment::{EnvironmentCost, HERE, KindCost, ResourceKind, environment_cost};
pub use price::{Price, Region, price, prices};

#[cfg(test)]
mod tests;
