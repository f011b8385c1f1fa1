//! Matrices.

use super::Reader;
use super::call::{ArgumentView, CallView};
use crate::model::{Axis, Common, DirectiveValue, Matrix, Section};
use crate::syntax::Statement;

impl<'t> Reader<'t> {
    pub(super) fn matrix(&mut self, call: &CallView<'t>) -> Matrix<'t> {
        let mut matrix = Matrix {
            span: call.span,
            common: Common::default(),
            axes: None,
            excludes: None,
            stages: None,
        };
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for matrix");
            return matrix;
        };
        let mut seen = Vec::new();
        for statement in &block.body.statements {
            let Some(section) = CallView::of(statement) else {
                self.not_a_section(statement);
                continue;
            };
            let name = self.name_of(&section);
            self.once(&mut seen, name, statement.span);
            match name {
                "axes" => matrix.axes = Some(self.axes(&section, "axes", false)),
                "excludes" => matrix.excludes = Some(self.excludes(&section)),
                "stages" => matrix.stages = Some(self.stages(&section, "stages")),
                _ if self.common_section(&mut matrix.common, name, &section) => {}
                "" => {}
                _ => self.problem(section.name_span, format!("Undefined section \"{name}\"")),
            }
        }
        matrix
    }

    fn axes(&mut self, call: &CallView<'t>, name: &str, is_exclude: bool) -> Section<Axis<'t>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, format!("Expected a block for {name}"));
            return section;
        };
        for statement in &block.body.statements {
            section.entries.push(self.axis(statement, is_exclude));
        }
        section
    }

    fn excludes(&mut self, call: &CallView<'t>) -> Section<Section<Axis<'t>>> {
        let mut section = Section::new(call.span);
        let Some(block) = call.block() else {
            self.problem(call.span, "Expected a block for excludes");
            return section;
        };
        for statement in &block.body.statements {
            let exclude = if let Some(exclude) = CallView::of(statement) {
                self.axes(&exclude, "exclude", true)
            } else {
                self.problem(statement.span, "Expected a block for exclude");
                Section::new(statement.span)
            };
            section.entries.push(exclude);
        }
        section
    }

    fn axis(&mut self, statement: &'t Statement<'t>, is_exclude: bool) -> Axis<'t> {
        let span = statement.span;
        let mut axis = Axis { span, name: None, values: Vec::new(), is_inverse: false };
        let call = CallView::of(statement);
        let Some(block) = call.and_then(|call| call.block()) else {
            self.problem(span, "Expected a block for axis");
            return axis;
        };
        let mut seen = Vec::new();
        for inner in &block.body.statements {
            let Some(call) = CallView::of(inner) else {
                self.not_a_section(inner);
                continue;
            };
            let name = self.name_of(&call);
            self.once(&mut seen, name, inner.span);
            match name {
                "name" => self.axis_name(&mut axis, &call),
                "values" => self.axis_values(&mut axis, &call, &seen, "notValues"),
                "notValues" if is_exclude => {
                    axis.is_inverse = true;
                    self.axis_values(&mut axis, &call, &seen, "values");
                }
                "" => {}
                _ => self.problem(call.name_span, format!("Undefined section \"{name}\"")),
            }
        }
        axis
    }

    fn axis_name(&mut self, axis: &mut Axis<'t>, call: &CallView<'t>) {
        match call.arguments.as_slice() {
            [] => self.problem(call.span, "No argument for field \"name\""),
            [ArgumentView::Value(value)] => axis.name = Some(self.literal_or_empty(value)),
            _ => self.problem(call.span, "Too many arguments for field \"name\""),
        }
    }

    fn axis_values(
        &mut self,
        axis: &mut Axis<'t>,
        call: &CallView<'t>,
        seen: &[&str],
        other: &str,
    ) {
        if seen.contains(&other) {
            let message = "Exclude axis must contain either \"values\" or \"notValues\"";
            self.problem(call.span, message);
        }
        for argument in self.call(call).arguments {
            match argument.value {
                DirectiveValue::Value(value) => axis.values.push(value),
                DirectiveValue::Call(call) => {
                    let text = self.source(call.span);
                    let message = format!("Expected string literal but got ${{{text}}}");
                    self.problem(call.span, message);
                }
            }
        }
    }
}
