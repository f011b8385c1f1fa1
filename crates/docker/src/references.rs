//! The images that a Dockerfile builds on and copies from.
//!
//! Whatever an engine of any version takes for such a name is found here: where they differ, or
//! where it depends on what comes before, all readings are taken. So what is found may be more
//! than what is meant, and is never less. What cannot be read is refused.
//! <https://docs.docker.com/reference/dockerfile/>

mod expand;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::expand::expand;

/// The longest Dockerfile that is read, in bytes, and its lines.
const MOST: usize = 1 << 20;
const LINES: usize = 10_000;
/// The longest instruction that may name an image, in bytes.
const INSTRUCTION: usize = 64 << 10;
/// What no image is called: where it stands, nothing is built on.
const SCRATCH: &str = "scratch";

/// Values that variables may have.
type Values = BTreeMap<String, BTreeSet<String>>;

/// What a Dockerfile names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct References {
    /// The images that it builds on.
    pub(crate) from: BTreeSet<String>,
    /// What may be an image as well as a stage of its own.
    pub(crate) others: BTreeSet<String>,
    /// The platforms that it says it builds on.
    pub(crate) platforms: BTreeSet<String>,
}

impl References {
    /// Reads a Dockerfile.
    ///
    /// # Errors
    /// A sentence that says what cannot be read.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        if text.len() > MOST || text.lines().count() > LINES {
            return Err(format!("it has more than {MOST} bytes or {LINES} lines"));
        }
        let text = text.trim_start_matches('\u{feff}');
        if text.lines().any(is_other_escape) {
            return Err("it takes another character than \\ to escape".to_owned());
        }
        let lines: Vec<&str> = text.lines().collect();
        // Any line may begin an instruction: which ones do is not the same to every engine.
        let begins = (0..lines.len()).filter_map(|from| lines.get(from..));
        let both = begins.flat_map(|lines| [joined(lines, true), joined(lines, false)]);
        let instructions: BTreeSet<String> =
            both.filter(|one| !keyword(one).1.is_empty()).collect();
        let mut values = Values::new();
        for one in &instructions {
            arguments(one, &mut values)?;
        }
        let (mut found, mut stages) = (Self::default(), BTreeSet::new());
        for one in &instructions {
            found.add(one, &values, &mut stages)?;
        }
        // Before its own line a stage's name is that of an image, as by the beginning of an id.
        let is_stage = |name: &String| stages.contains(&name.to_lowercase());
        found.others.extend(found.from.extract_if(.., |name| is_stage(name)));
        found.from.remove(SCRATCH);
        found.others.retain(|name| !is_number(name));
        // A variable without a value names none.
        found.platforms.remove("");
        Ok(found)
    }

    fn add(
        &mut self,
        instruction: &str,
        values: &Values,
        stages: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        let (name, rest) = keyword(instruction);
        match name.as_str() {
            "from" => {
                let words: Vec<&str> = words(rest).collect();
                if words.iter().any(|word| word.starts_with("--") && is_quoted(word)) {
                    return Err(format!("an option is quoted in {:?}", shown(instruction)));
                }
                let (options, words): (Vec<&str>, Vec<&str>) =
                    words.into_iter().partition(|word| word.starts_with("--"));
                for option in options {
                    if let Some(platform) = option.strip_prefix("--platform=") {
                        self.platforms.extend(readings(platform, values, instruction)?);
                    }
                }
                let image = match words.as_slice() {
                    [image] => image,
                    [image, word, stage] if word.eq_ignore_ascii_case("as") => {
                        stages.insert(stage.to_lowercase());
                        image
                    }
                    // To every engine this is an error.
                    _ => return Ok(()),
                };
                self.from.extend(read(image, values, instruction)?);
            }
            "copy" => {
                for word in words(rest) {
                    if let Some(from) = word.strip_prefix("--from=") {
                        self.others.extend(read(from, values, instruction)?);
                    }
                }
            }
            // Docker fetches it as this machine, past every wall that a step has.
            "add" if fetches(rest) => {
                return Err(format!(
                    "{:?} may take from an address; write COPY, or let RUN fetch it",
                    shown(instruction)
                ));
            }
            "onbuild" => return self.add(rest, values, stages),
            _ => {}
        }
        Ok(())
    }
}

/// Whether something that is added may come from an address rather than from the context. Quotes
/// and escapes change nothing of it, and a variable may be one, which ENV and base images set too.
fn fetches(rest: &str) -> bool {
    let bare: String = rest.chars().filter(|c| !"\\\"'[,".contains(*c)).collect();
    bare.contains("://") || bare.contains('$') || words(&bare).any(|word| word.starts_with("git@"))
}

/// What a word may mean. What no engine takes for a name of an image is left out.
fn read(word: &str, values: &Values, instruction: &str) -> Result<BTreeSet<String>, String> {
    let mut all = readings(word, values, instruction)?;
    let is_name = |name: &String| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
    };
    all.retain(is_name);
    Ok(all)
}

fn readings(word: &str, values: &Values, instruction: &str) -> Result<BTreeSet<String>, String> {
    expand(word, values)
        .map_err(|why| format!("{why} in {:?}; write the name itself", shown(instruction)))
}

/// Collects what an instruction gives variables to begin with.
fn arguments(instruction: &str, values: &mut Values) -> Result<(), String> {
    let (name, rest) = keyword(instruction);
    match name.as_str() {
        "onbuild" => arguments(rest, values),
        "arg" => {
            for word in words(rest) {
                let Some((name, value)) = word.split_once('=') else { continue };
                if value.contains('$') {
                    let why = format!("a variable is made of others in {:?}", shown(instruction));
                    return Err(format!("{why}; write its value"));
                }
                let plain = expand(value, &Values::new())?;
                values.entry(name.to_owned()).or_default().extend(plain);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The lines that make one instruction, from its first, as long as it may name an image.
fn joined(lines: &[&str], skips_indented_comments: bool) -> String {
    let mut whole = String::new();
    for (place, line) in lines.iter().enumerate() {
        let line = line.trim_end_matches('\r');
        let bare = line.trim_start();
        let is_comment = if skips_indented_comments { bare } else { line }.starts_with('#');
        if place > 0 && (is_comment || bare.is_empty()) {
            continue;
        }
        let line = if place == 0 { bare } else { line };
        let Some(more) = line.trim_end_matches([' ', '\t']).strip_suffix('\\') else {
            whole.push_str(line);
            break;
        };
        whole.push_str(more);
        if whole.len() > INSTRUCTION {
            break;
        }
    }
    whole
}

/// The first word of an instruction that may say something of images, in small letters, and what
/// follows it; nothing of others.
fn keyword(instruction: &str) -> (String, &str) {
    let begin = instruction.trim_start();
    let (word, rest) = begin.split_once(char::is_whitespace).unwrap_or((begin, ""));
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        "from" | "copy" | "add" | "onbuild" | "arg" => (word, rest.trim_start()),
        _ => (word, ""),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

/// Whether it counts stages, which it does before it names anything.
fn is_number(name: &str) -> bool {
    name.parse::<i64>().is_ok()
}

fn is_quoted(word: &str) -> bool {
    word.contains(['"', '\'', '\\'])
}

/// Whether a line sets a character to escape by that is not the usual one.
fn is_other_escape(line: &str) -> bool {
    let Some((name, value)) = line.trim_start().trim_start_matches('#').split_once('=') else {
        return false;
    };
    line.trim_start().starts_with('#')
        && name.trim().eq_ignore_ascii_case("escape")
        && value.trim_start().starts_with('`')
}

/// As much of an instruction as a message shows.
fn shown(instruction: &str) -> String {
    instruction.chars().take(80).collect()
}
