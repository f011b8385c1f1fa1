//! Times of the clock, as `cron` and `pollSCM` name them.
//!
//! Responsible for what Jenkins refuses of them when a run begins, and for where that stands. The
//! grammar is that of `CrontabParser.g4`, the bounds are those of `BaseParser`, and lines are told apart
//! as in `CronTabList`, all in hudson.scheduler of jenkinsci/jenkins at b9b5d91010.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Directive, DirectiveValue, Value};
use crate::source::Span;

/// What the five fields are, and their bounds.
const FIELDS: [(&str, u32, u32); 5] = [
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
];
/// What stands for five fields.
const ALIASES: [&str; 7] =
    ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
const ADVICE: &str = "five fields: minute (0-59) hour (0-23) day of the month (1-31) month (1-12) day of the \
                      week (0-7), each *, N, N-M, H or H(N-M), with /N for steps and commas between several; \
                      or @hourly, @daily, @midnight, @weekly, @monthly, @annually, @yearly";

/// What is wrong with a time, and where in its text.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    at: usize,
    line: String,
    what: String,
}

impl Checker<'_> {
    /// The times of a trigger.
    pub(super) fn times(&mut self, trigger: &Directive<'_>) {
        let (Some(name), Some(argument)) = (&trigger.name, trigger.arguments.first()) else {
            return;
        };
        let own = match name.text.as_str() {
            "cron" => "spec",
            "pollSCM" => "scmpoll_spec",
            _ => return,
        };
        let named = trigger.arguments.iter();
        let mut named = named.filter(|one| one.key.as_ref().is_some_and(|key| key.text == own));
        let argument = named.next().unwrap_or(argument);
        let DirectiveValue::Value(value) = &argument.value else {
            return;
        };
        let is_own = argument.key.as_ref().is_none_or(|key| key.text == own);
        if let Some(wrong) = value.text().filter(|_| is_own).and_then(wrong) {
            let span = self.place(value, wrong.at);
            let message = format!("Invalid input: \"{}\": {}", wrong.line, wrong.what);
            self.note(Diagnostic::declarative(span, message).advise(ADVICE));
        }
    }

    /// Where a byte of a string's text stands, if the file says it letter by letter.
    fn place(&self, value: &Value<'_>, at: usize) -> Span {
        let source = value.span.of(self.text);
        let said = value.text().unwrap_or_default();
        match source.find(said).filter(|_| !said.is_empty()) {
            Some(before) => {
                let offset = u32::try_from(before + at).unwrap_or_default();
                let start = value.span.start.saturating_add(offset).min(value.span.end);
                Span::new(start, value.span.end)
            }
            None => value.span,
        }
    }
}

/// What Jenkins would say first of these lines.
fn wrong(text: &str) -> Option<Wrong> {
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let begin = at;
        at += line.len();
        let trimmed = line.trim_start_matches(is_blank);
        let begin = begin + line.len() - trimmed.len();
        let trimmed = trimmed.trim_end_matches(is_blank);
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let told = match (index, trimmed.strip_prefix("TZ=")) {
            (0, Some(zone)) => zone_of(zone),
            (_, Some(_)) => Err((0, "TZ= stands in the first line alone".to_owned())),
            (_, None) => Reader { rest: trimmed, at: 0 }.line(),
        };
        if let Err((inner, what)) = told {
            return Some(Wrong { at: begin + inner, line: trimmed.to_owned(), what });
        }
    }
    None
}

/// What Java's `trim` takes away.
const fn is_blank(c: char) -> bool {
    c <= ' '
}

type Read<T> = Result<T, (usize, String)>;

/// Whether it can be the name of a time zone; which there are is Java's affair.
fn zone_of(zone: &str) -> Read<()> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if !zone.is_empty() && zone.chars().all(is_part) {
        return Ok(());
    }
    Err((0, format!("Invalid or unsupported timezone '{zone}'")))
}

/// Reads one line.
struct Reader<'l> {
    rest: &'l str,
    at: usize,
}

impl Reader<'_> {
    fn line(mut self) -> Read<()> {
        if self.take('@') {
            // Whatever follows is not looked at.
            let is_known = ALIASES.iter().any(|alias| self.rest.starts_with(alias));
            let what = format!("there is no @{}", self.rest);
            return if is_known { Ok(()) } else { Err((0, what)) };
        }
        for (index, field) in FIELDS.into_iter().enumerate() {
            if index > 0 && !self.blanks() {
                return self.expected(field.0, index);
            }
            self.field(field, index)?;
        }
        if self.rest.is_empty() {
            return Ok(());
        }
        let what = match self.rest.chars().next() {
            Some(' ' | '\t') => "there are more than five fields".to_owned(),
            _ => format!("unexpected '{}' in the day of the week", self.found()),
        };
        Err((self.at, what))
    }

    fn expected(&self, name: &str, index: usize) -> Read<()> {
        let what = if self.rest.is_empty() {
            let fields = if index == 1 { "1 field".to_owned() } else { format!("{index} fields") };
            format!("{fields} instead of five: the {name} is missing")
        } else {
            let before = FIELDS.get(index - 1).map_or("", |field| field.0);
            format!("unexpected '{}' in the {before}", self.found())
        };
        Err((self.at, what))
    }

    fn found(&self) -> String {
        self.rest.chars().take_while(|c| !c.is_whitespace()).take(20).collect()
    }

    fn take(&mut self, wanted: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(wanted) else {
            return false;
        };
        self.at += wanted.len_utf8();
        self.rest = rest;
        true
    }

    fn blanks(&mut self) -> bool {
        let begin = self.at;
        while self.take(' ') || self.take('\t') {}
        self.at > begin
    }

    /// Terms with commas between them.
    fn field(&mut self, field: (&str, u32, u32), index: usize) -> Read<()> {
        loop {
            self.term(field, index)?;
            if !self.take(',') {
                return Ok(());
            }
        }
    }

    fn term(&mut self, field: (&str, u32, u32), index: usize) -> Read<()> {
        let (name, low, high) = field;
        let begin = self.at;
        if self.take('*') {
            return self.step(field, None);
        }
        if self.take('H') {
            if !self.take('(') {
                // A day that every month has, and one name for Sunday.
                let high = [59, 23, 28, 12, 6].get(index).copied().unwrap_or(high);
                return self.step(field, Some(high - low + 1));
            }
            let (from, to) = (self.number(field)?, self.range_end(field)?);
            if !self.take(')') {
                return Err((self.at, format!("H( without its ) in the {name}")));
            }
            let Some(length) = (to + 1).checked_sub(from).filter(|length| *length > 0) else {
                return Err((begin, format!("H({from}-{to}) in the {name} begins behind its end")));
            };
            return self.step(field, Some(length));
        }
        let from = self.number(field)?;
        if !self.rest.starts_with('-') {
            return Ok(());
        }
        let to = self.range_end(field)?;
        if from > to {
            return Err((begin, format!("{from}-{to} in the {name} begins behind its end")));
        }
        self.step(field, None)
    }

    fn range_end(&mut self, field: (&str, u32, u32)) -> Read<u32> {
        if !self.take('-') {
            return Err((self.at, format!("a range in the {} is N-M", field.0)));
        }
        self.number(field)
    }

    /// `/N`; of an H it has a largest value.
    fn step(&mut self, field: (&str, u32, u32), most: Option<u32>) -> Read<()> {
        if !self.take('/') {
            return Ok(());
        }
        let begin = self.at;
        let step = self.digits(field.0)?;
        match most {
            _ if step == 0 => Err((begin, format!("a step of 0 in the {}", field.0))),
            Some(most) if step > u64::from(most) => {
                let name = field.0;
                Err((begin, format!("{step} is out of range in the {name}: 1 to {most}")))
            }
            _ => Ok(()),
        }
    }

    fn number(&mut self, field: (&str, u32, u32)) -> Read<u32> {
        let (name, low, high) = field;
        let begin = self.at;
        let number = self.digits(name)?;
        match u32::try_from(number).ok().filter(|number| (low..=high).contains(number)) {
            Some(number) => Ok(number),
            None => {
                Err((begin, format!("{number} is out of range in the {name}: {low} to {high}")))
            }
        }
    }

    /// A number that fits one of Java.
    fn digits(&mut self, name: &str) -> Read<u64> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        if digits.is_empty() {
            let what = match self.found().as_str() {
                "" => format!("the {name} is missing"),
                found => format!("the {name} is no number: '{found}'"),
            };
            return Err((self.at, what));
        }
        let most = u64::from(u32::MAX >> 1);
        let Some(number) = digits.parse().ok().filter(|number| *number <= most) else {
            return Err((self.at, format!("a number in the {name} is too large")));
        };
        self.at += length;
        self.rest = rest;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn what_jenkins_takes_is_taken() {
        for text in [
            "",
            "H/15 * * * *",
            "H(0-29)/10 * * * *",
            "H 9-16/2 * * 1-5",
            "0,15,30-45/5 2 1,15 1-11 7",
            "H\tH(0-7)  H(1-31) * 0",
            "*/99 * * * *",
            "* * * * H/7",
            "H H H/28 * *",
            "@daily",
            "@midnight and more",
            "TZ=Europe/Berlin\nH 4 * * *",
            "  TZ=Etc/GMT+1  \n\n# a comment\n  @hourly\r\nH 4 * * *\n",
            "\n  H 4 * * *  \n",
        ] {
            assert_eq!(wrong(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_it_refuses_is_told_with_its_place() {
        for (text, at, what) in [
            ("nonsense", 0, "the minute is no number: 'nonsense'"),
            ("60 * * * *", 0, "60 is out of range in the minute: 0 to 59"),
            ("0 24 * * *", 2, "24 is out of range in the hour: 0 to 23"),
            ("0 0 0 * *", 4, "0 is out of range in the day of the month: 1 to 31"),
            ("0 0 * JAN *", 6, "the month is no number: 'JAN'"),
            ("0 0 * * MON-FRI", 8, "the day of the week is no number: 'MON-FRI'"),
            ("0 0 * * 8", 8, "8 is out of range in the day of the week: 0 to 7"),
            ("* * * *", 7, "4 fields instead of five: the day of the week is missing"),
            ("*", 1, "1 field instead of five: the hour is missing"),
            ("* * * * * *", 9, "there are more than five fields"),
            ("0 0 12 1/1 * ? *", 8, "unexpected '/1' in the month"),
            ("5-1 * * * *", 0, "5-1 in the minute begins behind its end"),
            ("H(5-1) * * * *", 0, "H(5-1) in the minute begins behind its end"),
            ("H(1) * * * *", 3, "a range in the minute is N-M"),
            ("H(1-5 * * * *", 5, "H( without its ) in the minute"),
            ("*/0 * * * *", 2, "a step of 0 in the minute"),
            ("H/61 * * * *", 2, "61 is out of range in the minute: 1 to 60"),
            ("H(0-9)/11 * * * *", 7, "11 is out of range in the minute: 1 to 10"),
            ("* * H/29 * *", 6, "29 is out of range in the day of the month: 1 to 28"),
            ("h * * * *", 0, "the minute is no number: 'h'"),
            ("*/9999999999 * * * *", 2, "a number in the minute is too large"),
            ("@Daily", 0, "there is no @Daily"),
            ("# a\n@nightly", 4, "there is no @nightly"),
            ("TZ=\n@daily", 0, "Invalid or unsupported timezone ''"),
            ("TZ=Europe Berlin", 0, "Invalid or unsupported timezone 'Europe Berlin'"),
            ("\nTZ=UTC\n@daily", 1, "TZ= stands in the first line alone"),
            ("@daily\n  x", 9, "the minute is no number: 'x'"),
        ] {
            let wrong = wrong(text).map(|wrong| (wrong.at, wrong.what));
            assert_eq!(wrong, Some((at, what.to_owned())), "{text:?}");
        }
    }
}
