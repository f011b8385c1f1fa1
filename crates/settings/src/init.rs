//! Proposes both files for a repository that has none.
//!
//! Responsible for guessing, from a few facts, how a project is tested and run, and for saying
//! what was guessed. It looks at nothing itself, and whatever it proposes is a text that the
//! readers take and a person edits.

mod branches;
mod guess;

use crate::operator::{Draft, write};

/// What is known of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// The project's name.
    pub name: String,
    /// A path or anything that `git fetch` takes.
    pub repository: String,
    /// Whether the person said that whoever can push may act as the engine's own user.
    pub trusted: bool,
    /// The paths of its files, seen from its root. Those of the root matter most.
    pub files: Vec<String>,
    /// The names of `package.json`'s scripts.
    pub scripts: Vec<String>,
    /// `package.json`'s `main`, if it has one.
    pub main: Option<String>,
    /// The name of `Cargo.toml`'s package, or of its first binary.
    pub crate_name: Option<String>,
    /// The targets of its `Makefile`.
    pub make_targets: Vec<String>,
    /// What its Python requirements name, in lower case: `pytest`, `flask` and so on.
    pub python_packages: Vec<String>,
    /// Whether it has a pipeline already, and its service runs in an image.
    pub serves_from_image: bool,
    /// Its branches.
    pub branches: Vec<String>,
    /// The branch that a clone checks out.
    pub default_branch: Option<String>,
    /// Addresses to listen on; none means the usual ones.
    pub listen: Vec<String>,
}

/// What a repository looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Files that a web server hands out.
    Static,
    /// Python.
    Python,
    /// Node.js.
    Node,
    /// Rust.
    Rust,
    /// A `Makefile` says what there is.
    Make,
    /// Nothing that is known.
    Unknown,
}

/// First versions of both files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What the repository looks like.
    pub kind: Kind,
    /// The repository's `pilothouse.toml`.
    pub pipeline: Proposed,
    /// The operator's file.
    pub operator: Proposed,
}

/// The first version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What stands in it.
    pub text: String,
    /// Sentences that say what was guessed and what a person should look at.
    pub notes: Vec<String>,
}

/// Proposes both files.
pub fn propose(facts: &RepositoryFacts) -> Proposal {
    let mut notes = Vec::new();
    let kind = guess::kind(facts);
    let text = guess::pipeline(kind, facts, &mut notes);
    let pipeline = Proposed { text, notes };
    let mut notes = Vec::new();
    let environments = branches::environments(facts, &mut notes);
    let text = write(&Draft {
        name: facts.name.clone(),
        repository: facts.repository.clone(),
        trusted: facts.trusted,
        listen: facts.listen.clone(),
        serves_from_image: facts.serves_from_image,
        environments,
    });
    // As in `add`: what serves from an image is built in containers as a rule.
    if !facts.trusted && !facts.serves_from_image {
        notes.push(
            "trusted is false: steps run as the engine's own user, so that none runs on the host; \
             say true if whoever can push to the repository may run programs as that user"
                .to_owned(),
        );
    }
    Proposal { kind, pipeline, operator: Proposed { text, notes } }
}

/// The name that a project gets from its repository's last part: `Shop_Web.git` is `shop-web`.
///
/// None where that has no letter from a to z, of which names are made.
pub fn name_from(repository: &str) -> Option<String> {
    let last = repository.trim_end_matches('/').rsplit(['/', ':']).next();
    let last = last.unwrap_or_default().trim_end_matches(".git");
    let mut name = String::new();
    for c in last.chars().flat_map(char::to_lowercase) {
        let is_plain = c.is_ascii_lowercase() || (c.is_ascii_digit() && !name.is_empty());
        if is_plain {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(40);
    let name = name.trim_end_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}
