//! Numbers.
//!
//! Responsible for where a number ends, and whether it is whole. Its value is the parser's
//! affair.

use super::{Lexer, begins_name};
use crate::token::Kind;

impl Lexer<'_> {
    pub(super) fn number(&mut self) {
        let start = self.at;
        let base = match (self.byte(0), self.byte(1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'b' | b'B') => 2,
            _ => 10,
        };
        if base != 10 {
            self.at += 2;
        }
        let first = self.at;
        self.digits(base);
        if self.at == first {
            self.problem(start, "this number has no digits", "write at least one digit");
        }
        let mut kind = Kind::Integer;
        if base == 10 {
            // `1.foo()` and `1..2` are no fractions.
            if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
                self.at += 1;
                self.digits(10);
                kind = Kind::Decimal;
            }
            if self.exponent() {
                kind = Kind::Decimal;
            }
        }
        match self.byte(0) {
            b'g' | b'G' | b'l' | b'L' | b'i' | b'I' => self.at += 1,
            b'd' | b'D' | b'f' | b'F' => {
                self.at += 1;
                kind = Kind::Decimal;
            }
            _ => {}
        }
        self.push(kind, start);
    }

    /// Takes digits with underscores between them; one at the end belongs to nothing.
    fn digits(&mut self, base: u32) {
        while char::from(self.byte(0)).is_digit(base) || self.byte(0) == b'_' {
            self.at += 1;
        }
        if self.text.as_bytes().get(self.at.wrapping_sub(1)) == Some(&b'_') {
            let start = self.at;
            let found = self.peek().unwrap_or('\n');
            if begins_name(found) {
                // What follows was meant as one word with it; it is not looked at again.
                let rest = self.rest();
                let length = rest.find(|c| !super::continues_name(c)).unwrap_or(rest.len());
                self.at += length;
            }
            let message = format!("expecting token in range: '0'..'9', found '{found}'");
            self.problem(
                start,
                message,
                "a number cannot end with _, and a name not begin with one",
            );
        }
    }

    fn exponent(&mut self) -> bool {
        if !matches!(self.byte(0), b'e' | b'E') {
            return false;
        }
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if !self.byte(1 + sign).is_ascii_digit() {
            let start = self.at;
            self.at += 1 + sign;
            self.problem(start, "this exponent has no digits", "write at least one digit");
            return true;
        }
        self.at += 1 + sign;
        self.digits(10);
        true
    }
}
