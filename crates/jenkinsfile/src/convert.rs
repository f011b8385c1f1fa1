//! A pipeline of Pilothouse's own, as far as a Jenkinsfile says one.
//!
//! Responsible for the text of a `pilothouse.toml`: what the plan takes over, and a comment with
//! the line of the Jenkinsfile in the place of what it does not. Nothing is left out in silence.
//! What is taken over is decided by the plan, what the text means by its own reader.

mod toml;

use std::collections::{HashMap, HashSet};

use crate::model::Pipeline;
use crate::plan::{Comment, Line, Made, Plan, Script, StagePart};
use crate::source::Lines;
use crate::syntax;
use crate::table::Table;
use toml::Out;

/// The longest name of a stage or step, in characters.
const NAME: usize = 60;

/// What a pipeline becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The file.
    pub text: String,
    /// How many steps were taken over.
    pub steps: usize,
    /// How many parts stand as comments, because they cannot be said yet.
    pub left: usize,
}

/// Writes what can be taken over from a pipeline; `file` is what the Jenkinsfile is called, `text`
/// what it says, and `script` what that was parsed to.
pub fn convert(
    file: &str,
    text: &str,
    script: &syntax::Script<'_>,
    pipeline: &Pipeline<'_>,
    table: &Table,
) -> Converted {
    let plan = Plan::of(text, script, pipeline, table);
    let mut writer = Writer {
        lines: Lines::new(text),
        out: Out::default(),
        names: HashSet::new(),
        numbers: HashMap::new(),
        steps: 0,
        left: 0,
    };
    writer.head(file);
    if text.contains("GIT_BRANCH") {
        // That of a branch that is named in a job's configuration begins with its remote's name.
        writer.out.comment("GIT_BRANCH is the name of the branch alone, without origin/.");
    }
    for line in &plan.lines {
        match line {
            Line::Gap => writer.out.gap(),
            Line::Comment(comment) => writer.comment(comment),
            Line::Stage(made) => writer.stage(made),
        }
    }
    writer.out.service();
    Converted { text: writer.out.finish(), steps: writer.steps, left: writer.left }
}

struct Writer<'a> {
    lines: Lines<'a>,
    out: Out,
    /// Names of stages that are taken.
    names: HashSet<String>,
    /// The last number behind a name that several have.
    numbers: HashMap<String, usize>,
    steps: usize,
    left: usize,
}

impl Writer<'_> {
    fn head(&mut self, file: &str) {
        let from = format!("Made from {file} by pilothouse convert. What could not be taken over");
        for line in [
            from.as_str(),
            "stands as a comment where it belongs, with its line there. A step has 30 minutes",
            "unless it says a timeout. A script gets the variables of Jenkins that its own text",
            "names; a program that reads others itself finds PILOTHOUSE_RUN, _BRANCH and _COMMIT.",
        ] {
            self.out.comment(line);
        }
    }

    fn comment(&mut self, comment: &Comment) {
        let line = self.lines.position(comment.span.start).line;
        let Comment { what, why, is_left, .. } = comment;
        let mark = if *is_left { "not yet, " } else { "" };
        self.left += usize::from(*is_left);
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        self.out.comment(&format!("{mark}line {line}: {what}{why}"));
    }

    fn stage(&mut self, made: &Made) {
        let scripts: Vec<&Script> = made.parts.iter().filter_map(StagePart::script).collect();
        let is_off = scripts.iter().all(|script| script.is_off);
        if !scripts.is_empty() {
            let name = self.name(&made.path);
            self.out.is_off = is_off;
            self.out.table("stage");
            self.out.pair("name", &name);
            if let Some(image) = &made.image {
                self.out.pair("image", image);
            }
        }
        let mut count = 0;
        for part in &made.parts {
            match part {
                StagePart::Comment(comment) => self.comment(comment),
                StagePart::Script(script) => {
                    count += 1;
                    let name = format!("{count} {}", script.name);
                    let name = (scripts.len() > 1).then_some(name.as_str());
                    self.step(script, name, made.image.is_some());
                }
            }
        }
        self.out.is_off = false;
    }

    /// A step; a stage of one step has no other name for it.
    fn step(&mut self, script: &Script, name: Option<&str>, has_image: bool) {
        self.out.is_off = script.is_off;
        if let Some(name) = name {
            self.out.table("stage.step");
            self.out.pair("name", &named(name));
        }
        if let Some(seconds) = script.limit() {
            self.out.pair("timeout", &duration(seconds));
        }
        self.out.variables("env", script.env(has_image));
        self.out.script(&script.text());
        *(if script.is_off { &mut self.left } else { &mut self.steps }) += 1;
    }

    fn name(&mut self, path: &[String]) -> String {
        let line = named(&path.join(" / "));
        let short = |most: usize| line.chars().take(most).collect::<String>().trim().to_owned();
        let mut name = short(NAME);
        let first = short(NAME - 5);
        let mut count = self.numbers.get(&first).copied().unwrap_or(1);
        while name.is_empty() || self.names.contains(&name) {
            count += 1;
            name = named(&format!("{first} {count}"));
        }
        self.numbers.insert(first, count);
        self.names.insert(name.clone());
        name
    }
}

/// A name that a terminal shows as it is: letters, digits, signs, and pictures.
fn named(name: &str) -> String {
    let is_sign = |c: char| {
        matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' | '\u{2010}'..='\u{2027}')
            || matches!(c, '\u{2190}'..='\u{27ff}' | '\u{1f300}'..='\u{1faff}')
    };
    let is_blank = |c: char| matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    let is_shown = |c: char| is_sign(c) || (c.is_alphanumeric() && !is_blank(c));
    let line: String = name.chars().map(|c| if is_shown(c) { c } else { ' ' }).collect();
    line.trim().to_owned()
}

fn duration(seconds: u64) -> String {
    match seconds {
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests;
