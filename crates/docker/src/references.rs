//! The images that a Dockerfile builds on and copies from.
//!
//! Whatever an engine of any version takes for such a name is found here: where they differ, or
//! where it depends on what comes before, all readings are taken. So what is found may be more
//! than what is meant, and is never less. What cannot be read is refused.
//! <https://docs.docker.com/reference/dockerfile/>

mod expand;
mod instruction;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::expand::expand;
use self::instruction::{joined, keyword, options, quoted_words, shown, words};

/// The longest Dockerfile that is read, in bytes, and its lines.
const MOST: usize = 1 << 20;
const LINES: usize = 10_000;
/// What names of Pilothouse's own labels begin with.
const OWN: &str = "pilothouse.";
/// What no image is called: where it stands, nothing is built on.
const SCRATCH: &str = "scratch";

/// Values that variables may have.
type Values = BTreeMap<String, BTreeSet<String>>;

/// What a Dockerfile names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct References {
    /// The images that it builds on.
    pub(crate) from: BTreeSet<String>,
    /// What may be an image as well as a stage.
    pub(crate) others: BTreeSet<String>,
    /// The names of its stages, in small letters.
    pub(crate) stages: BTreeSet<String>,
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
        if lines.iter().any(|line| line.contains('\r')) {
            return Err("it has a carriage return within a line".to_owned());
        }
        // Any line may begin an instruction: which ones do is not the same to every engine.
        let begins = (0..lines.len()).filter_map(|from| lines.get(from..));
        let both = begins.flat_map(|lines| [joined(lines, true), joined(lines, false)]);
        let instructions: BTreeSet<String> = both.collect::<Result<_, _>>()?;
        let mut values = Values::new();
        for one in &instructions {
            arguments(one, &mut values)?;
        }
        let mut found = Self::default();
        for one in &instructions {
            found.add(one, &values)?;
        }
        if let Some(stage) = found.stages.iter().find(|stage| is_part_of_an_id(stage)) {
            let why = "may be the beginning of an image's id: give it another name";
            return Err(format!("the stage {stage:?} {why}"));
        }
        // Before its own line a stage's name is that of an image.
        let stages = &found.stages;
        let is_stage = |name: &String| stages.contains(&name.to_lowercase());
        found.others.extend(found.from.extract_if(.., |name| is_stage(name)));
        found.from.remove(SCRATCH);
        found.others.retain(|name| !is_number(name));
        // A variable without a value names none.
        found.platforms.remove("");
        Ok(found)
    }

    fn add(&mut self, instruction: &str, values: &Values) -> Result<(), String> {
        let (name, rest) = keyword(instruction);
        match name.as_str() {
            "from" => {
                let (options, rest) = options(rest, instruction)?;
                for option in options {
                    if let Some(platform) = option.strip_prefix("--platform=") {
                        self.platforms.extend(readings(platform, values, instruction)?);
                    }
                }
                let words: Vec<&str> = words(rest).collect();
                let image = match words.as_slice() {
                    [image] => image,
                    // As some engines compare it, without regard to the letters' size.
                    [image, word, stage] if word.to_uppercase() == "AS" => {
                        self.stages.insert(stage.to_lowercase());
                        image
                    }
                    // To every engine this is an error.
                    _ => return Ok(()),
                };
                self.from.extend(read(image, values, instruction)?);
            }
            "copy" => {
                for option in options(rest, instruction)?.0 {
                    if let Some(from) = option.strip_prefix("--from=") {
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
            "label" if claims(rest) => {
                return Err(format!("{:?} takes a label of Pilothouse's own", shown(instruction)));
            }
            "label" if varies(rest) => {
                let why =
                    format!("a label's name is made of variables in {:?}", shown(instruction));
                return Err(format!("{why}; write the name itself"));
            }
            "onbuild" => return self.add(rest, values),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a label's name is one that says whose a container or an image is.
fn claims(rest: &str) -> bool {
    let is_own = |word: &String| {
        let name = word.split('=').next().unwrap_or_default().replace(['"', '\'', '\\'], "");
        name.to_ascii_lowercase().starts_with(OWN)
    };
    quoted_words(rest).iter().any(is_own)
}

/// Whether a label's name is known only in the build, which gives variables their values: ENV, base
/// images and arguments may make one of our own of it.
fn varies(rest: &str) -> bool {
    let words = quoted_words(rest);
    let is_odd = |word: &String| word.split('=').next().is_some_and(|name| name.contains('$'));
    // A name without an equals sign has all the rest for its value.
    let is_one = words.first().is_some_and(|word| !word.contains('='));
    words.iter().take(if is_one { 1 } else { words.len() }).any(is_odd)
}

/// Whether something that is added may come from an address rather than from the context. Quotes
/// change nothing of it, an escape may be any character of one, and a variable all of it, which ENV
/// and base images set too.
fn fetches(rest: &str) -> bool {
    let bare: String = rest.chars().filter(|c| !"\"'[,".contains(*c)).collect();
    bare.contains("://")
        || bare.contains(['$', '\\'])
        || words(&bare).any(|word| word.starts_with("git@"))
}

/// What a word may mean. What no engine takes for a name of an image is left out.
fn read(word: &str, values: &Values, instruction: &str) -> Result<BTreeSet<String>, String> {
    let mut all = readings(word, values, instruction)?;
    all.retain(|name| {
        let last = name.rsplit('/').next().unwrap_or_default();
        let tag = last.split('@').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
            && tag.is_none_or(|tag| !tag.is_empty() && !tag.starts_with(['-', '.']))
    });
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
            for word in quoted_words(rest) {
                let Some((name, value)) = word.split_once('=') else { continue };
                if name.contains(['"', '\'', '\\', '$']) {
                    let why = format!("a variable's name is quoted in {:?}", shown(instruction));
                    return Err(format!("{why}; write the name itself"));
                }
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

/// Whether it counts stages, which it does before it names anything.
fn is_number(name: &str) -> bool {
    name.parse::<i64>().is_ok()
}

/// Whether an engine may take it for an image by the beginning of the image's id.
fn is_part_of_an_id(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_hexdigit())
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
