//! An instance looked at closely: what the container engine or the system says of it.

use pilothouse_core::id::InstanceId;

use super::super::lines::{Line, sentence};
use super::Sheet;
use crate::age;
use crate::model::{Close, Model};
use crate::rows::inspection;
use crate::theme::Scope;
use crate::width;

pub(super) fn sheet(model: &Model, close: &Close, room: u16) -> Sheet {
    let title = title(&close.id);
    let mut lines = Vec::new();
    match &close.found {
        None => lines.push(Line::new("Asking the engine…", Scope::Dim)),
        Some(Err(why)) => lines.extend(sentence(&width::clean(why), room, Scope::StateError)),
        Some(Ok(found)) => {
            let asked = format!("as it was {} ago; i asks again", age::ago(model.now, close.at));
            lines.push(Line::new(asked, Scope::Dim));
            for (name, text) in inspection::facts(found, model.now) {
                let left = room.saturating_sub(12);
                let folded = width::fold(&text, usize::from(left.max(8)));
                for (name, part) in std::iter::once(name).chain(std::iter::repeat("")).zip(folded) {
                    lines.push(Line::fact(name, part));
                }
            }
        }
    }
    Sheet { title, lines, top: close.top, selected: None }
}

fn title(id: &InstanceId) -> String {
    format!("{} looked at closely", width::clean(id.as_str()))
}
