//! Conditions of stages.

use super::Checker;
use crate::model::{Condition, When};
use crate::suggest::nearest;
use crate::table::Kind;

impl Checker<'_> {
    pub(super) fn when(&mut self, when: &When<'_>) {
        if when.conditions.is_empty() {
            let message = "Empty when closure, remove the property or add some content.";
            self.lack(when.span, message, when.span);
        }
        when.conditions.iter().for_each(|condition| self.condition(condition));
    }

    fn condition(&mut self, condition: &Condition<'_>) {
        condition.conditions.iter().for_each(|inner| self.condition(inner));
        let Some(name) = &condition.name else {
            return;
        };
        if condition.code.is_some() || name.text == "expression" {
            return;
        }
        let names: Vec<&str> = self.table.names(Kind::Condition).collect();
        let Some(entry) = self.table.get(Kind::Condition, &name.text) else {
            let message = format!(
                "Unknown conditional {}. Valid conditionals are: {}",
                name.text,
                names.join(", ")
            );
            let advice = match nearest(&name.text, names.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => "Groovy stands in expression { }".to_owned(),
            };
            self.problem_with(name.span, message, advice);
            return;
        };
        let Some(wanted) = entry.conditions else {
            if condition.conditions.is_empty() {
                if let Some(arguments) = &condition.arguments {
                    self.arguments(condition.span, entry, arguments);
                }
                if name.text == "changelog" {
                    self.pattern(condition);
                }
            } else {
                let message = format!(
                    "No children when conditions are allowed for when condition \"{}\".",
                    name.text
                );
                self.problem(condition.span, message);
            }
            return;
        };
        let count = condition.conditions.len();
        let what = format!("Nested when condition \"{}\"", name.text);
        match wanted {
            _ if condition.arguments.is_some() => {
                let message = format!(
                    "No additional arguments are allowed for children when condition \"{}\".",
                    name.text
                );
                self.problem(condition.span, message);
            }
            None if count == 0 => {
                let message = format!("{what} requires at least one child condition.");
                self.problem(condition.span, message);
            }
            Some(exact) if count != exact => {
                let message = format!("{what} requires exactly {exact} child condition(s).");
                self.problem(condition.span, message);
            }
            _ => {}
        }
    }

    /// A changelog's pattern is a regular expression. Only what no dialect accepts is told.
    fn pattern(&mut self, condition: &Condition<'_>) {
        let value = match &condition.arguments {
            Some(crate::model::Arguments::Single(value)) => Some(value),
            Some(crate::model::Arguments::Named(named)) => {
                named.iter().find(|(key, _)| key.text == "pattern").map(|(_, value)| value)
            }
            _ => None,
        };
        let Some((value, text)) = value.and_then(|value| Some((value, value.text()?))) else {
            return;
        };
        if let Some(why) = wrong_pattern(text) {
            let message = format!("\"{text}\" is not a valid regular expression. {why}");
            self.problem(value.span, message);
        }
    }
}

/// Why a text is no regular expression of Java, where a look at its brackets shows it.
fn wrong_pattern(pattern: &str) -> Option<&'static str> {
    let mut letters = pattern.chars().peekable();
    let (mut groups, mut class, mut has_atom) = (0_i32, 0_i32, false);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next()?;
                has_atom = true;
            }
            '[' => class += 1,
            ']' if class > 0 => {
                class -= 1;
                has_atom = true;
            }
            _ if class > 0 => {}
            '(' => {
                groups += 1;
                has_atom = false;
                if letters.peek() == Some(&'?') {
                    letters.next();
                }
            }
            ')' => {
                groups -= 1;
                has_atom = true;
            }
            '{' if !letters.peek().is_some_and(char::is_ascii_digit) => {
                return Some("Illegal repetition");
            }
            '*' | '+' | '?' if !has_atom => return Some("Dangling meta character"),
            '|' | '^' => has_atom = false,
            _ => has_atom = true,
        }
        if groups < 0 {
            return Some("Unmatched closing ')'");
        }
    }
    match (groups, class) {
        (0, 0) => None,
        (0, _) => Some("Unclosed character class"),
        _ => Some("Unclosed group"),
    }
}

#[cfg(test)]
mod tests {
    use super::wrong_pattern;

    #[test]
    fn brackets_of_a_pattern_must_match() {
        for right in ["a.*b", r"\(", "[a(]", "(?i)x|y", "a{2,3}", ".*^\\[DEPENDENCY\\] .+$"] {
            assert_eq!(wrong_pattern(right), None, "{right}");
        }
        for wrong in ["{\"a\": 1}", "(", ")", "[a", "*"] {
            assert!(wrong_pattern(wrong).is_some(), "{wrong}");
        }
    }
}
