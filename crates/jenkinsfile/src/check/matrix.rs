//! Matrices.

use super::{Checker, is_identifier, repeated};
use crate::model::{Axis, Matrix, Section};
use crate::read::invalid_identifier;

impl Checker<'_> {
    pub(super) fn matrix(&mut self, matrix: &Matrix<'_>) {
        self.common(&matrix.common);
        match &matrix.axes {
            Some(axes) => self.axes(axes, "No axis directives specified"),
            None => self.problem(matrix.span, "Missing required section \"axes\""),
        }
        if let Some(excludes) = &matrix.excludes {
            if excludes.entries.is_empty() {
                self.problem(excludes.span, "No exclude directives specified");
            }
            for exclude in &excludes.entries {
                self.axes(exclude, "No axis directives specified");
            }
        }
        match &matrix.stages {
            Some(stages) => self.stages(stages, true),
            None => self.problem(matrix.span, "Missing required section \"stages\""),
        }
    }

    fn axes(&mut self, section: &Section<Axis<'_>>, empty: &str) {
        if section.entries.is_empty() {
            self.problem(section.span, empty);
        }
        let named = section.entries.iter().filter_map(|axis| axis.name.as_ref());
        let names = named.map(|name| (name.text.as_str(), name.span));
        for (name, span) in repeated(names.filter(|(name, _)| !name.is_empty())) {
            self.problem(span, format!("Duplicate axis name: \"{name}\""));
        }
        section.entries.iter().for_each(|axis| self.axis(axis));
    }

    fn axis(&mut self, axis: &Axis<'_>) {
        match &axis.name {
            None => self.problem(axis.span, "Missing required section \"name\""),
            Some(name) if !is_identifier(&name.text) => {
                self.problem(name.span, invalid_identifier(&name.text));
            }
            Some(_) => {}
        }
        if axis.values.is_empty() {
            self.problem(axis.span, "Missing required section \"values\"");
        }
        let shown: Vec<_> = axis.values.iter().map(|value| (value.shown(), value.span)).collect();
        for (value, span) in repeated(shown.iter().map(|(text, span)| (text.as_str(), *span))) {
            self.problem(span, format!("Duplicate axis value: \"{value}\""));
        }
        for value in &axis.values {
            if !value.is_literal() {
                let message = format!("Expected string literal but got {}", value.shown());
                self.problem(value.span, message);
            }
        }
    }
}
