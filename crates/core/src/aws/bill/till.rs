//! A bill while it is put together: the same price goes onto one line.

use std::collections::BTreeMap;

use super::super::book::{Book, Origin};
use super::super::watched::Part;
use super::Line;
use crate::cost::{NanoUsd, Quantity, Region, price};

/// Names that a line tells at most.
const NAMES: usize = 4;
/// Who is asked for prices that are not shipped.
const LIST: &str = "AWS's price list";

/// A bill while it is put together.
pub(super) struct Till<'a> {
    book: &'a Book,
    region: Option<Region>,
    name: String,
    lines: BTreeMap<(String, String), Line>,
    order: Vec<(String, String)>,
    /// What the next of what is bought is of, by its id.
    thing: String,
    /// What each thing costs by the hour, as far as that is known.
    things: BTreeMap<String, NanoUsd>,
}

impl<'a> Till<'a> {
    pub(super) fn new(region: &str, book: &'a Book) -> Self {
        Self {
            book,
            region: Region::named(region),
            name: region.to_owned(),
            lines: BTreeMap::new(),
            order: Vec::new(),
            thing: String::new(),
            things: BTreeMap::new(),
        }
    }

    /// Says what the next of what is bought is of: ids tell things apart that have one name.
    pub(super) fn of(&mut self, id: &str) {
        id.clone_into(&mut self.thing);
    }

    /// Something at a price; nobody knows what it costs where the price is not known.
    pub(super) fn buy(
        &mut self,
        what: &str,
        usage: &str,
        quantity: Quantity,
        whose: &str,
        note: &str,
    ) {
        let key = (what.to_owned(), usage.to_owned());
        if !self.lines.contains_key(&key) {
            let mut line = Line { what: what.to_owned(), ..self.priced(usage) };
            if line.unit_price.is_none() {
                line.note = format!("no price for it in {} is known here", self.name);
            }
            self.add(key.clone(), line);
        }
        if let Some(line) = self.lines.get_mut(&key) {
            line.quantity = Quantity(line.quantity.0.saturating_add(quantity.0));
            line.count = line.count.saturating_add(1);
            named(line, whose);
            noted(line, note);
            let hours = if line.unit.ends_with("month") { crate::cost::MONTH_HOURS } else { 1 };
            line.per_hour = line.unit_price.map(|usd| usd.times(line.quantity, hours));
            if let Some(usd) = line.unit_price {
                let sum = self.things.entry(self.thing.clone()).or_default();
                *sum = NanoUsd(sum.0.saturating_add(usd.times(quantity, hours).0));
            }
        }
    }

    /// The same, of which a part measured how much it is.
    pub(super) fn meter(
        &mut self,
        what: &str,
        usage: &str,
        quantity: Quantity,
        whose: &str,
        part: Part,
    ) {
        self.buy(what, usage, quantity, whose, "as lately measured");
        if let Some(line) = self.lines.get_mut(&(what.to_owned(), usage.to_owned())) {
            line.measured = Some(part);
        }
    }

    /// Says something more of what was bought.
    pub(super) fn note_on(&mut self, what: &str, usage: &str, note: &str) {
        if let Some(line) = self.lines.get_mut(&(what.to_owned(), usage.to_owned())) {
            noted(line, note);
        }
    }

    /// Something that is paid for and has no price here.
    pub(super) fn note(&mut self, what: &str, whose: &str, note: &str) {
        let key = (what.to_owned(), note.to_owned());
        if !self.lines.contains_key(&key) {
            let (what, note) = (what.to_owned(), note.to_owned());
            self.add(key.clone(), Line { what, note, ..Line::default() });
        }
        if let Some(line) = self.lines.get_mut(&key) {
            line.count = line.count.saturating_add(1);
            named(line, whose);
        }
    }

    /// A line with its price: that of AWS's list, or the one that is shipped.
    fn priced(&self, usage: &str) -> Line {
        let line = Line { usage: usage.to_owned(), ..Line::default() };
        if let Some(listed) = self.book.price(usage) {
            return Line {
                unit: listed.unit.clone(),
                unit_price: Some(listed.usd),
                origin: Origin::Listed,
                source: LIST.to_owned(),
                date: listed.date.clone(),
                ..line
            };
        }
        match self.region.and_then(|region| price(region, usage)) {
            Some(shipped) => Line {
                unit: shipped.unit.to_owned(),
                unit_price: Some(shipped.usd),
                origin: Origin::Shipped,
                source: shipped.source.to_owned(),
                date: shipped.date.to_owned(),
                ..line
            },
            None => line,
        }
    }

    fn add(&mut self, key: (String, String), line: Line) {
        self.order.push(key.clone());
        self.lines.insert(key, line);
    }

    /// What each thing costs by the hour, by its id.
    pub(super) fn things(&mut self) -> BTreeMap<String, NanoUsd> {
        std::mem::take(&mut self.things)
    }

    /// All lines, in the order in which they came.
    pub(super) fn lines(mut self) -> Vec<Line> {
        self.order.iter().filter_map(|key| self.lines.remove(key)).collect()
    }
}

/// Says what is true of some of the line, once.
fn noted(line: &mut Line, note: &str) {
    if line.unit_price.is_none() || line.note.contains(note) {
        return;
    }
    if !line.note.is_empty() {
        line.note.push_str("; ");
    }
    line.note.push_str(note);
}

fn named(line: &mut Line, whose: &str) {
    let is_new = !whose.is_empty() && line.whose.iter().all(|one| one != whose);
    if is_new && line.whose.len() < NAMES {
        line.whose.push(whose.to_owned());
    }
}
