//! Operators.
//!
//! Responsible for precedence: assignment, the conditional operators, the binary ones by their
//! binding power (Pratt), and the unary ones. The table is Groovy 2.4's.

use super::{Parsed, Parser, Place};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Expression, ExpressionKind, Name, Operator};
use crate::token::{Kind, Mark, Word};

/// How strongly a binary operator binds; the first binds least.
const fn power(kind: Kind) -> Option<u8> {
    Some(match kind {
        Kind::Mark(mark) => match mark {
            Mark::Or => 1,
            Mark::And => 2,
            Mark::BitOr => 3,
            Mark::BitXor => 4,
            Mark::BitAnd => 5,
            Mark::FindRegex | Mark::MatchRegex => 6,
            Mark::Equal | Mark::NotEqual | Mark::Compare | Mark::Identical | Mark::NotIdentical => {
                7
            }
            Mark::Less | Mark::Greater | Mark::LessEqual | Mark::GreaterEqual => RELATION,
            Mark::Left | Mark::Right | Mark::UnsignedRight | Mark::Range | Mark::RangeExclusive => {
                9
            }
            Mark::Plus | Mark::Minus => 10,
            Mark::Star | Mark::Slash | Mark::Percent => 11,
            Mark::Power => 12,
            _ => return None,
        },
        Kind::Word(Word::In | Word::As | Word::InstanceOf) => RELATION,
        _ => return None,
    })
}

const fn is_assignment(mark: Mark) -> bool {
    matches!(
        mark,
        Mark::Assign
            | Mark::PlusAssign
            | Mark::MinusAssign
            | Mark::StarAssign
            | Mark::SlashAssign
            | Mark::PercentAssign
            | Mark::PowerAssign
            | Mark::LeftAssign
            | Mark::RightAssign
            | Mark::UnsignedRightAssign
            | Mark::AndAssign
            | Mark::OrAssign
            | Mark::XorAssign
    )
}

/// How strongly relations bind, which do not follow each other.
const RELATION: u8 = 8;

impl<'s> Parser<'s> {
    /// An expression anywhere but at the beginning of a statement.
    pub(super) fn expression(&mut self) -> Parsed<Expression<'s>> {
        self.expression_at(Place::Inside)
    }

    /// The same where an assignment would be a mistake, as in the condition of an `if`.
    pub(super) fn assignment_less(&mut self) -> Parsed<Expression<'s>> {
        self.nested(|parser| parser.conditional(Place::Inside))
    }

    pub(super) fn expression_at(&mut self, place: Place) -> Parsed<Expression<'s>> {
        self.nested(|parser| parser.assignment(place))
    }

    fn assignment(&mut self, place: Place) -> Parsed<Expression<'s>> {
        let start = self.start();
        if let Some(names) = self.several_names() {
            self.skip_newline();
            let right = Box::new(self.assignment_less()?);
            return self.expression_node(ExpressionKind::AssignSeveral { names, right }, start);
        }
        let left = self.conditional(place)?;
        let Kind::Mark(mark) = self.kind() else {
            return Ok(left);
        };
        if !is_assignment(mark) {
            return Ok(left);
        }
        self.check_target(&left, mark)?;
        self.take();
        self.skip_newline();
        let right = Box::new(self.command_expression()?);
        let left = Box::new(left);
        self.expression_node(ExpressionKind::Assign { left, mark, right }, start)
    }

    /// What can be assigned to. Groovy says so when it has read the whole text; the place is the
    /// same.
    fn check_target(&mut self, left: &Expression<'s>, by: Mark) -> Parsed<()> {
        let text = self.text_of(left.span);
        let kind = match left.kind {
            ExpressionKind::Name(_)
            | ExpressionKind::Property { .. }
            | ExpressionKind::Index { .. } => return Ok(()),
            // An operation of its own for each target of another kind is what Groovy makes of it.
            ExpressionKind::Call(_) if by != Mark::Assign => return Ok(()),
            ExpressionKind::Parenthesized(_) if by != Mark::Assign => return Ok(()),
            ExpressionKind::Binary { ref left, operator: Operator::Mark(mark), ref right } => {
                let (left, right) = (self.text_of(left.span), self.text_of(right.span));
                format!("({left} {} {right}) is a binary expression", mark.text())
            }
            ExpressionKind::Text(ref text) => format!("[{text}] is a constant expression"),
            ExpressionKind::Null
            | ExpressionKind::Bool(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Decimal(_) => format!("[{text}] is a constant expression"),
            ExpressionKind::Call(_) => format!("({text}) is a method call expression"),
            _ => format!("({text}) is an expression of another kind"),
        };
        let message = format!("{kind}, but it should be a variable expression");
        let problem = Diagnostic::syntax(left.span, message);
        self.fail(problem.advise("a value is assigned to a name, a property or an element"))
    }

    /// `(a, b) =`
    fn several_names(&mut self) -> Option<Vec<Name<'s>>> {
        let mut at = self.at;
        if self.token(at).kind != Kind::Mark(Mark::LeftParen) {
            return None;
        }
        let mut names = Vec::new();
        loop {
            at += 1;
            let token = self.token(at);
            if token.kind != Kind::Name {
                return None;
            }
            names.push(self.name_of(token));
            at += 1;
            match self.token(at).kind {
                Kind::Mark(Mark::Comma) => {}
                Kind::Mark(Mark::RightParen) => break,
                _ => return None,
            }
        }
        if self.token(at + 1).kind != Kind::Mark(Mark::Assign) {
            return None;
        }
        self.at = at + 2;
        Some(names)
    }

    fn conditional(&mut self, place: Place) -> Parsed<Expression<'s>> {
        let start = self.start();
        let condition = self.binary(place, 1)?;
        match self.kind_behind_newline() {
            Kind::Mark(Mark::Elvis) => {
                self.skip_newline();
                self.take();
                self.skip_newline();
                let otherwise = Box::new(self.nested(|p| p.conditional(Place::Inside))?);
                let value = Box::new(condition);
                self.expression_node(ExpressionKind::Elvis { value, otherwise }, start)
            }
            Kind::Mark(Mark::Question) => {
                self.skip_newline();
                self.take();
                self.skip_newline();
                let then = Box::new(self.expression()?);
                self.skip_newline();
                self.expect(Mark::Colon)?;
                self.skip_newline();
                let otherwise = Box::new(self.nested(|p| p.conditional(Place::Inside))?);
                let condition = Box::new(condition);
                let kind = ExpressionKind::Ternary { condition, then, otherwise };
                self.expression_node(kind, start)
            }
            _ => Ok(condition),
        }
    }

    /// What a `for` goes over: nothing that binds less than a shift or a range.
    pub(super) fn ranged(&mut self) -> Parsed<Expression<'s>> {
        self.nested(|parser| parser.binary(Place::Inside, RELATION + 1))
    }

    fn binary(&mut self, place: Place, least: u8) -> Parsed<Expression<'s>> {
        let start = self.start();
        let mut left = self.unary(place)?;
        // `a < b < c` and `a as B as C` are none.
        let mut most = u8::MAX;
        let fits = |power: &u8, most: u8| *power >= least && *power <= most;
        while let Some(power) = power(self.kind()).filter(|power| fits(power, most)) {
            most = if power == RELATION { RELATION - 1 } else { power };
            let operator = self.take();
            let kind = if let Kind::Word(Word::As | Word::InstanceOf) = operator.kind {
                self.skip_newline();
                let type_name = self.type_name()?;
                let of = Box::new(left);
                if operator.kind == Kind::Word(Word::As) {
                    ExpressionKind::Cast { type_name, of }
                } else {
                    ExpressionKind::InstanceOf { of, type_name }
                }
            } else {
                self.skip_newline();
                let right = Box::new(self.nested(|p| p.binary(Place::Inside, power + 1))?);
                let left = Box::new(left);
                let operator = match operator.kind {
                    Kind::Mark(mark) => Operator::Mark(mark),
                    _ => Operator::In,
                };
                ExpressionKind::Binary { left, operator, right }
            };
            left = self.expression_node(kind, start)?;
        }
        Ok(left)
    }

    fn unary(&mut self, place: Place) -> Parsed<Expression<'s>> {
        let start = self.start();
        let Kind::Mark(mark) = self.kind() else {
            return self.postfix(place);
        };
        match mark {
            Mark::Minus
            | Mark::Plus
            | Mark::Not
            | Mark::Tilde
            | Mark::Increment
            | Mark::Decrement => {
                self.take();
                self.skip_newline();
                let is_sign = |mark| {
                    matches!(mark, Mark::Minus | Mark::Plus | Mark::Increment | Mark::Decrement)
                };
                if let Kind::Mark(next) = self.kind()
                    && is_sign(mark)
                    && is_sign(next)
                {
                    return self.unexpected();
                }
                let of = Box::new(self.nested(|p| p.unary(Place::Inside))?);
                self.expression_node(ExpressionKind::Unary { mark, of }, start)
            }
            Mark::LeftParen => match self.cast_type() {
                Some(type_name) => {
                    let of = Box::new(self.nested(|p| p.unary(Place::Inside))?);
                    self.expression_node(ExpressionKind::Cast { type_name, of }, start)
                }
                None => self.postfix(place),
            },
            _ => self.postfix(place),
        }
    }

    /// Takes `(T)` if a value follows it that it can be a cast of.
    fn cast_type(&mut self) -> Option<Name<'s>> {
        let first = self.at + 1;
        let after = self.after_type(first)?;
        if self.token(after).kind != Kind::Mark(Mark::RightParen) {
            return None;
        }
        let is_own = matches!(self.token(first).kind, Kind::Word(_));
        let begins = match self.token(after + 1).kind {
            Kind::Name
            | Kind::Text
            | Kind::TemplateStart
            | Kind::Integer
            | Kind::Decimal
            | Kind::Mark(
                Mark::LeftParen | Mark::LeftBracket | Mark::LeftBrace | Mark::Not | Mark::Tilde,
            ) => true,
            Kind::Mark(Mark::Minus | Mark::Plus) => is_own,
            Kind::Word(word) => {
                matches!(
                    word,
                    Word::New | Word::This | Word::Super | Word::Null | Word::True | Word::False
                ) || word.is_type()
            }
            _ => false,
        };
        // A call's arguments in parentheses are no cast's value.
        let is_call = !is_own && self.is_ambiguous_call(first, after);
        if !begins || is_call {
            return None;
        }
        let span = self.token(first).span.to(self.token(after - 1).span);
        self.at = after + 1;
        Some(Name { text: self.text_of(span), span })
    }

    /// `(a) (b)` and `(a) [b]` and `(a) { }` use the value of a variable unless its name begins
    /// with a capital letter.
    fn is_ambiguous_call(&self, first: usize, after: usize) -> bool {
        let last = self.name_of(self.token(after - 1));
        let is_capital = last.text.chars().next().is_some_and(char::is_uppercase)
            || self.token(first).span.of(self.text).starts_with(char::is_uppercase);
        let opens = matches!(
            self.token(after + 1).kind,
            Kind::Mark(Mark::LeftParen | Mark::LeftBracket | Mark::LeftBrace)
        );
        opens && !is_capital
    }

    fn postfix(&mut self, place: Place) -> Parsed<Expression<'s>> {
        let start = self.start();
        let path = self.path(place)?;
        match self.kind() {
            Kind::Mark(mark @ (Mark::Increment | Mark::Decrement)) => {
                self.take();
                let of = Box::new(path);
                self.expression_node(ExpressionKind::Postfix { mark, of }, start)
            }
            _ => Ok(path),
        }
    }
}
