//! The table that is printed: a value, its budget and their ratio.

use std::fmt;
use std::time::Duration;

/// The table's head.
pub const HEAD: &str = "what                                                             value       budget   of budget";

/// A measured value beside its budget.
pub struct Row {
    what: String,
    value: String,
    budget: String,
    ratio: Option<f64>,
    notes: Vec<String>,
}

impl Row {
    /// A time that must not be longer than its budget.
    pub fn time(what: &str, value: Duration, budget: Duration) -> Self {
        let ratio = value.as_secs_f64() / budget.as_secs_f64();
        Self::new(what, text(value), format!("< {}", text(budget)), Some(ratio))
    }

    /// An amount that must not be more than its budget.
    pub fn most(what: &str, value: f64, budget: f64, unit: &str) -> Self {
        let (value_text, budget_text) = (amount(value, unit), amount(budget, unit));
        Self::new(what, value_text, format!("< {budget_text}"), Some(value / budget))
    }

    /// An amount that must not be less than its budget.
    pub fn least(what: &str, value: f64, budget: f64, unit: &str) -> Self {
        let (value_text, budget_text) = (amount(value, unit), amount(budget, unit));
        Self::new(what, value_text, format!("> {budget_text}"), Some(budget / value))
    }

    /// Something that has no number to be held to.
    pub fn told(what: &str, value: &str, budget: &str) -> Self {
        Self::new(what, value.to_owned(), budget.to_owned(), None)
    }

    fn new(what: &str, value: String, budget: String, ratio: Option<f64>) -> Self {
        Self { what: what.to_owned(), value, budget, ratio, notes: Vec::new() }
    }

    /// Adds how the value came about.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = match self.ratio {
            Some(ratio) if ratio > 1.0 => format!("{ratio:.2}  MISSED"),
            Some(ratio) => format!("{ratio:.2}"),
            None => String::new(),
        };
        let (what, value, budget) = (&self.what, &self.value, &self.budget);
        writeln!(f, "{what:<58} {value:>11} {budget:>12}   {judged}")?;
        self.notes.iter().try_for_each(|note| writeln!(f, "    {note}"))
    }
}

/// A time with three digits.
pub fn text(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.1} ms", s * 1e3),
        s => format!("{:.0} us", s * 1e6),
    }
}

fn amount(value: f64, unit: &str) -> String {
    if value >= 10.0 { format!("{value:.0} {unit}") } else { format!("{value:.2} {unit}") }
}

/// The middle one.
pub fn median(times: &[Duration]) -> Duration {
    place(times, 50)
}

/// The time that so many of a hundred stay within.
pub fn place(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().unwrap_or_default()
}

/// All of them, for a note.
pub fn list(times: &[Duration]) -> String {
    let texts: Vec<String> = times.iter().map(|time| text(*time)).collect();
    texts.join(", ")
}
