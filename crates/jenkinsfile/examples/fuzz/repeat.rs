//! Words that follow each other again and again, as no person writes them.

use crate::mutate::{mutated, pieces};
use crate::random::Random;

/// The longest that some words of a text become where they are repeated, in bytes.
const REPEATED: usize = 100_000;

/// One of the texts, in which some words follow each other again and again.
pub fn repeated(texts: &[String], random: &mut Random) -> String {
    let mut pieces = pieces(&mutated(texts, random));
    let from = random.below(pieces.len().max(1));
    let to = (from + 1 + random.below(5)).min(pieces.len());
    let run = pieces.get(from..to).unwrap_or_default().concat();
    let again = run.repeat(REPEATED / run.len().max(1));
    pieces.insert(from, again);
    pieces.concat()
}
