//! An instance looked at closely: what the container engine or the system says of it.

use pilothouse_core::id::InstanceId;
use pilothouse_core::instance::Instance;

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
            let ago = age::ago(model.now, close.at);
            let instance = model.replica.instances.get(&close.id);
            lines.push(if instance.is_none_or(Instance::is_gone) {
                // Nobody can be asked any more.
                Line::new(format!("it is gone; as it was {ago} ago"), Scope::StateError)
            } else {
                Line::new(format!("as it was {ago} ago; i asks again"), Scope::Dim)
            });
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
