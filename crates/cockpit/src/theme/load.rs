//! Reads theme files.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::colour::{self, Depth, Paint};
use super::scope::{Mark, Scope};
use super::{BUILT_IN, Theme};
use crate::problem::{Problem, Source, closest};
use crate::width;

/// How many themes may inherit from each other in a row.
const GENERATIONS: usize = 4;

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

/// What a file says of a scope.
#[derive(Clone, Debug, Default)]
struct Look {
    fg: Option<Paint>,
    bg: Option<Paint>,
    modifiers: Modifier,
    glyph: Option<String>,
    ascii: Option<String>,
}

/// What a theme and those it inherits from say.
#[derive(Default)]
struct Sheet {
    name: String,
    palette: BTreeMap<String, Paint>,
    looks: BTreeMap<String, Look>,
}

/// Reads a theme and reduces it to the colours that a terminal has.
pub fn load(text: &str, file: &str, depth: Depth) -> Result<Theme, Vec<Problem>> {
    let source = Source { file, text };
    let mut problems = Vec::new();
    let sheet = read(source, 1, &mut problems);
    let mut styles = [Style::default(); Scope::ALL.len()];
    for (style, (_, name)) in styles.iter_mut().zip(Scope::ALL) {
        match find(&sheet, name, |_| true) {
            Some(look) => *style = reduced(look, depth),
            None if problems.is_empty() => {
                problems.push(source.problem(
                    0,
                    format!("nothing is said of \"{name}\": add it, or inherits = \"dark\""),
                ));
            }
            None => {}
        }
    }
    let mut glyph = |get: fn(&Look) -> &Option<String>, word: &str| {
        Mark::ALL.map(|(_, scope)| {
            let own = find(&sheet, scope.name(), |look| get(look).is_some())
                .and_then(|look| get(look).clone());
            if own.is_none() && problems.is_empty() {
                problems.push(source.problem(0, format!("\"{}\" has no {word}", scope.name())));
            }
            own.unwrap_or_default()
        })
    };
    let (glyphs, ascii) = (glyph(|look| &look.glyph, "glyph"), glyph(|look| &look.ascii, "ascii"));
    if problems.is_empty() {
        Ok(Theme { name: sheet.name, styles, glyphs, ascii, is_ascii: false })
    } else {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Err(problems)
    }
}

/// Finds the longest scope that covers a name and has what is asked for.
fn find<'a>(sheet: &'a Sheet, name: &str, has: impl Fn(&Look) -> bool) -> Option<&'a Look> {
    let mut name = name;
    loop {
        if let Some(look) = sheet.looks.get(name).filter(|look| has(look)) {
            return Some(look);
        }
        name = name.rsplit_once('.')?.0;
    }
}

fn reduced(look: &Look, depth: Depth) -> Style {
    let mut style = Style::default().add_modifier(look.modifiers);
    style.fg = look.fg.and_then(|paint| paint.at(depth));
    style.bg = look.bg.and_then(|paint| paint.at(depth));
    style
}

fn read(source: Source<'_>, generation: usize, problems: &mut Vec<Problem>) -> Sheet {
    let table = match DeTable::parse(source.text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            problems.push(source.syntax(&error));
            return Sheet::default();
        }
    };
    let mut sheet = match table.get("inherits") {
        Some(parent) => inherited(source, parent, generation, problems),
        None => Sheet::default(),
    };
    if let Some(palette) = table.get("palette") {
        read_palette(source, palette, &mut sheet, problems);
    }
    for (name, value) in &table {
        match name.get_ref().as_ref() {
            "inherits" | "palette" => {}
            "name" => value.get_ref().as_str().unwrap_or("").clone_into(&mut sheet.name),
            "variant" => {
                let text = value.get_ref().as_str().unwrap_or("");
                if !matches!(text, "dark" | "light" | "mono") {
                    problems.push(
                        source.problem(
                            value.span().start,
                            "variant is \"dark\", \"light\" or \"mono\"",
                        ),
                    );
                }
            }
            scope => match checked_scope(scope).and_then(|()| look(value, &sheet.palette)) {
                Ok(new) => merge(&mut sheet, scope, new),
                Err(what) => {
                    let at = if checked_scope(scope).is_err() { name.span() } else { value.span() };
                    problems.push(source.problem(at.start, what));
                }
            },
        }
    }
    sheet
}

/// A later file's look replaces an earlier one's, but keeps its glyphs.
fn merge(sheet: &mut Sheet, scope: &str, new: Look) {
    let old = sheet.looks.remove(scope).unwrap_or_default();
    let look = Look { glyph: new.glyph.or(old.glyph), ascii: new.ascii.or(old.ascii), ..new };
    sheet.looks.insert(scope.to_owned(), look);
}

fn inherited(
    source: Source<'_>,
    parent: &Spanned<DeValue<'_>>,
    generation: usize,
    problems: &mut Vec<Problem>,
) -> Sheet {
    let name = parent.get_ref().as_str().unwrap_or("");
    let found = BUILT_IN.iter().find(|(own, _)| *own == name);
    match found {
        Some((_, parent)) if generation < GENERATIONS => read(*parent, generation + 1, problems),
        _ => {
            let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let what = format!(
                "there is no theme \"{name}\" to inherit from: use one of {}",
                names.join(", ")
            );
            problems.push(source.problem(parent.span().start, what));
            Sheet::default()
        }
    }
}

fn read_palette(
    source: Source<'_>,
    value: &Spanned<DeValue<'_>>,
    sheet: &mut Sheet,
    problems: &mut Vec<Problem>,
) {
    let Some(table) = value.get_ref().as_table() else {
        return problems.push(
            source.problem(value.span().start, "palette has to be a table, as in [palette]"),
        );
    };
    for (name, value) in table {
        match paint(value.get_ref(), &BTreeMap::new()) {
            Ok(paint) => {
                sheet.palette.insert(name.get_ref().to_string(), paint);
            }
            Err(what) => problems.push(source.problem(value.span().start, what)),
        }
    }
}

fn checked_scope(scope: &str) -> Result<(), String> {
    let covers = |name: &str| {
        name == scope || name.strip_prefix(scope).is_some_and(|rest| rest.starts_with('.'))
    };
    if Scope::ALL.iter().any(|(_, name)| covers(name)) {
        return Ok(());
    }
    let near = closest(scope, Scope::ALL.iter().map(|(_, name)| *name));
    let advice = near.map_or_else(String::new, |near| format!(": did you mean \"{near}\"?"));
    Err(format!("there is no scope \"{scope}\"{advice}"))
}

fn look(value: &Spanned<DeValue<'_>>, palette: &BTreeMap<String, Paint>) -> Result<Look, String> {
    let Some(table) = value.get_ref().as_table() else {
        return Ok(Look { fg: Some(paint(value.get_ref(), palette)?), ..Look::default() });
    };
    let mut look = Look::default();
    for (name, value) in table {
        let value = value.get_ref();
        match name.get_ref().as_ref() {
            "fg" => look.fg = Some(paint(value, palette)?),
            "bg" => look.bg = Some(paint(value, palette)?),
            "modifiers" => look.modifiers = modifiers(value)?,
            "glyph" => look.glyph = Some(glyph(value, false)?),
            "ascii" => look.ascii = Some(glyph(value, true)?),
            other => {
                return Err(format!(
                    "a style has no \"{other}\": it has fg, bg, modifiers, glyph and ascii; a scope is written in quotes, as in \"ui.text\""
                ));
            }
        }
    }
    Ok(look)
}

fn paint(value: &DeValue<'_>, palette: &BTreeMap<String, Paint>) -> Result<Paint, String> {
    if let Some(text) = value.as_str() {
        let known = palette.get(text).copied();
        return known.or_else(|| colour::parse(text).map(Paint::plain)).ok_or_else(|| {
            format!("\"{text}\" is no colour: write a name of the palette, one of the 16 names, default, #rgb or #rrggbb")
        });
    }
    let Some(table) = value.as_table() else {
        return Err(
            "a colour is a text, or { rgb = \"#rrggbb\", c256 = 17, c16 = \"blue\" }".to_owned()
        );
    };
    let mut paint = Paint::plain(Color::Reset);
    for (name, value) in table {
        let value = value.get_ref();
        let colour = || value.as_str().and_then(colour::parse);
        let got = match name.get_ref().as_ref() {
            "rgb" => colour().map(|got| paint.best = got),
            "c16" => colour()
                .filter(|got| !matches!(got, Color::Rgb(..)))
                .map(|got| paint.sixteen = Some(got)),
            "c256" => value
                .as_integer()
                .and_then(|number| number.as_str().parse().ok())
                .map(Color::Indexed)
                .or_else(|| colour().filter(|got| *got == Color::Reset))
                .map(|got| paint.indexed = Some(got)),
            _ => None,
        };
        if got.is_none() {
            return Err(format!(
                "\"{}\" is not right here: a colour is {{ rgb = \"#rrggbb\", c256 = 17, c16 = \"blue\" }}",
                name.get_ref()
            ));
        }
    }
    Ok(paint)
}

fn modifiers(value: &DeValue<'_>) -> Result<Modifier, String> {
    let all: Vec<&str> = MODIFIERS.iter().map(|(name, _)| *name).collect();
    let wrong = || format!("modifiers is a list of {}", all.join(", "));
    let list = value.as_array().ok_or_else(wrong)?;
    let mut modifiers = Modifier::empty();
    for value in list {
        let text = value.get_ref().as_str().ok_or_else(wrong)?;
        let known = MODIFIERS.iter().find(|(name, _)| *name == text);
        modifiers |= known.ok_or_else(wrong)?.1;
    }
    Ok(modifiers)
}

fn glyph(value: &DeValue<'_>, is_ascii: bool) -> Result<String, String> {
    let text = value.as_str().unwrap_or("");
    let fits = width::of(text) == 1 && (!is_ascii || text.is_ascii()) && width::clean(text) == text;
    if fits {
        Ok(text.to_owned())
    } else if is_ascii {
        Err(format!("\"{text}\" is not one ASCII character"))
    } else {
        Err(format!("\"{text}\" is not one cell wide"))
    }
}
