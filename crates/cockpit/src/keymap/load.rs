//! Reads keymap files.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Context, Keymap, check};
use crate::action::{ACTIONS, Action};
use crate::key::Key;
use crate::problem::{Problem, Source, closest};

/// A row as a file has it, with the place of it to complain about.
pub(super) struct Row {
    pub context: Context,
    pub on: Vec<Key>,
    /// None takes a key away.
    pub action: Option<Action>,
    pub desc: Option<String>,
    pub span: Range<usize>,
}

/// What a file asks for, list by list.
#[derive(Default)]
pub(super) struct Lists {
    pub prepend: Vec<Row>,
    pub keymap: Vec<Row>,
    pub append: Vec<Row>,
}

/// Makes a keymap of layers, the base first, and tells what is wrong with them.
pub fn load(layers: &[Source<'_>]) -> (Keymap, Vec<Problem>) {
    let mut keymap = Keymap { bindings: Vec::new() };
    let mut problems = Vec::new();
    for source in layers {
        let before = problems.len();
        let lists = read(*source, &mut problems);
        let (first, last) = (lists.prepend, lists.keymap.into_iter().chain(lists.append));
        for row in first.iter().filter(|row| row.action.is_none()) {
            remove(&mut keymap, row);
        }
        let mut added = Vec::new();
        for row in first {
            check::admit(&keymap, &mut added, row, *source, &mut problems);
        }
        added.append(&mut keymap.bindings);
        keymap.bindings = added;
        for row in last {
            if row.action.is_none() {
                remove(&mut keymap, &row);
                continue;
            }
            let mut added = Vec::new();
            if check::is_new(&keymap, &row, *source, &mut problems) {
                check::admit(&keymap, &mut added, row, *source, &mut problems);
            }
            keymap.bindings.append(&mut added);
        }
        problems[before..].sort_by_key(|problem| (problem.line, problem.column));
    }
    (keymap, problems)
}

fn remove(keymap: &mut Keymap, row: &Row) {
    keymap.bindings.retain(|own| own.context != row.context || own.on != row.on);
}

fn read(source: Source<'_>, problems: &mut Vec<Problem>) -> Lists {
    let mut lists = Lists::default();
    let table = match DeTable::parse(source.text) {
        Ok(table) => table,
        Err(error) => {
            problems.push(source.syntax(&error));
            return lists;
        }
    };
    for (name, value) in table.get_ref() {
        if name.get_ref() == "pane"
            && let Some(panes) = value.get_ref().as_table()
        {
            for (pane, value) in panes {
                let name = Spanned::new(pane.span(), format!("pane.{}", pane.get_ref()));
                section(source, &name, value, &mut lists, problems);
            }
        } else {
            let name = Spanned::new(name.span(), name.get_ref().to_string());
            section(source, &name, value, &mut lists, problems);
        }
    }
    lists
}

fn section(
    source: Source<'_>,
    name: &Spanned<String>,
    value: &Spanned<DeValue<'_>>,
    lists: &mut Lists,
    problems: &mut Vec<Problem>,
) {
    let names = || Context::ALL.iter().map(|(_, name)| *name);
    let Some(context) = Context::named(name.get_ref()) else {
        let all: Vec<&str> = names().collect();
        let what =
            format!("there is no context \"{}\": use one of {}", name.get_ref(), all.join(", "));
        return problems.push(source.problem(name.span().start, what));
    };
    let Some(table) = value.get_ref().as_table() else {
        let what = format!("\"{}\" has to be a table, as in [{}]", name.get_ref(), name.get_ref());
        return problems.push(source.problem(value.span().start, what));
    };
    for (key, value) in table {
        let list = match key.get_ref().as_ref() {
            "prepend_keymap" => &mut lists.prepend,
            "keymap" => &mut lists.keymap,
            "append_keymap" => &mut lists.append,
            other => {
                let what = format!(
                    "there is no list \"{other}\": use keymap, prepend_keymap or append_keymap"
                );
                problems.push(source.problem(key.span().start, what));
                continue;
            }
        };
        let Some(rows) = value.get_ref().as_array() else {
            problems.push(source.problem(
                value.span().start,
                "a keymap is a list of rows like { on = \"j\", run = \"move.down\" }",
            ));
            continue;
        };
        for value in rows {
            match row(source, context, value) {
                Ok(row) => list.push(row),
                Err(problem) => problems.push(problem),
            }
        }
    }
}

fn row(source: Source<'_>, context: Context, value: &Spanned<DeValue<'_>>) -> Result<Row, Problem> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(source
            .problem(value.span().start, "a row is written { on = \"j\", run = \"move.down\" }"));
    };
    let mut row = Row { context, on: Vec::new(), action: None, desc: None, span: value.span() };
    let mut has_run = false;
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "on" => row.on = on(source, value)?,
            "run" => {
                row.action = run(source, value)?;
                has_run = true;
            }
            "desc" => row.desc = Some(text(source, value)?.to_owned()),
            other => {
                let what = format!("a row has no \"{other}\": it has on, run and desc");
                return Err(source.problem(key.span().start, what));
            }
        }
    }
    if row.on.is_empty() || !has_run {
        let what = if has_run {
            "this row has no \"on\": which key?"
        } else {
            "this row has no \"run\": which action?"
        };
        return Err(source.problem(value.span().start, what));
    }
    Ok(row)
}

fn on(source: Source<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<Key>, Problem> {
    let list = match value.get_ref().as_array() {
        Some(list) => list.iter().collect(),
        None => vec![value],
    };
    list.into_iter()
        .map(|value| {
            Key::parse(text(source, value)?)
                .map_err(|what| source.problem(value.span().start, what))
        })
        .collect()
}

fn run(source: Source<'_>, value: &Spanned<DeValue<'_>>) -> Result<Option<Action>, Problem> {
    let name = text(source, value)?;
    if name == "noop" {
        return Ok(None);
    }
    Action::named(name).map(Some).ok_or_else(|| {
        let near = closest(name, ACTIONS.iter().map(|row| row.name));
        let advice = near.map_or_else(
            || "`pilothouse keys --markdown` lists them".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        source.problem(value.span().start, format!("there is no action \"{name}\": {advice}"))
    })
}

fn text<'a>(source: Source<'_>, value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, Problem> {
    value
        .get_ref()
        .as_str()
        .ok_or_else(|| source.problem(value.span().start, "this has to be a text in quotes"))
}
