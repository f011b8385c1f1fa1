//! The load balancer beside nginx, which the edge's own crate measures.

use crate::Outcome;
use crate::table::Row;

/// Says where the figure is to be had.
#[expect(clippy::unnecessary_wraps, reason = "every row's measurement has this form")]
pub fn measure() -> Outcome<Vec<Row>> {
    let why = "apart, because it needs both cores: cargo run --release -p pilothouse-edge \
               --example versus_nginx";
    Ok(vec![Row::told("edge against nginx", "not here", "1.15x CPU").note(why)])
}
