//! The operator's file that a proposed environment would stand in, beside what it has already.

use std::path::Path;

use color_eyre::Result;
use pilothouse_core::id::is_name;
use pilothouse_core::text::printable;
use pilothouse_settings::operator::{self, WatchDraft, write_watch};

use crate::exit::{Failure, failed};

/// What is there before anything is looked for.
pub struct Beside<'a> {
    /// The project.
    pub project: &'a str,
    /// Its operator's file, which may be there already.
    pub file: &'a Path,
    /// What would be written there if it is not.
    pub proposed: &'a str,
}

impl Beside<'_> {
    /// Refuses what would make a file of it that `apply` does not take, before anybody at AWS is
    /// asked.
    pub fn check(&self, draft: &WatchDraft) -> Result<()> {
        let name = printable(&draft.environment, 60);
        let refuse = |why: String| Err(failed(Failure::Usage, why));
        if !is_name(&draft.environment) {
            return refuse(format!(
                "`{name}` cannot name an environment: use 1 to 40 of a-z, 0-9 and -, beginning \
                 with a letter, as in --environment live"
            ));
        }
        // A file that cannot be read is told by whoever applies it.
        let known = std::fs::read_to_string(self.file);
        let known = known.as_deref().unwrap_or(self.proposed);
        let file = self.file.display().to_string();
        let Ok(spec) = operator::read(self.project, &file, known) else { return Ok(()) };
        if spec.environments.iter().any(|one| one.name.as_str() == draft.environment) {
            return refuse(format!(
                "{file} has an environment {name} already; say another with --environment"
            ));
        }
        let account = "123456789012".to_owned();
        let load_balancers = vec![("shop".to_owned(), Vec::new())];
        let whole = WatchDraft { account, load_balancers, ..draft.clone() };
        let text = format!("{known}{}", write_watch(&whole));
        match operator::read(self.project, &file, &text) {
            Ok(_) => Ok(()),
            Err(problems) => {
                let first = problems.first();
                let why =
                    first.map_or_else(String::new, |one| format!("{}; {}", one.message, one.help));
                refuse(format!("no environment {name} can be written into {file}: {why}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROPOSED: &str = "repository = \"/srv/git/shop.git\"\n\
                            [environment.production]\nbranch = \"main\"\n";

    fn draft(environment: &str) -> WatchDraft {
        WatchDraft {
            environment: environment.to_owned(),
            region: "us-east-1".to_owned(),
            ..WatchDraft::default()
        }
    }

    /// Why it is refused; empty where it is not.
    #[track_caller]
    fn refused(file: &Path, draft: &WatchDraft) -> String {
        let beside = Beside { project: "shop", file, proposed: PROPOSED };
        beside.check(draft).err().map_or_else(String::new, |why| why.to_string())
    }

    #[test]
    fn an_environment_is_proposed_only_where_the_file_takes_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shop.toml");
        assert_eq!(refused(&file, &draft("live")), "");
        for odd in ["", "pro d", "x\"y", "a.b", "x]\n[y", "Live", &"x".repeat(41)] {
            let why = refused(&file, &draft(odd));
            assert!(why.contains("cannot name an environment"), "{odd:?}: {why}");
        }
        assert!(refused(&file, &draft("production")).contains("has an environment production"));
        assert!(refused(&file, &draft("preview")).contains("preview is made and removed"));
        let role = Some("pilothouse-watch".to_owned());
        let why = refused(&file, &WatchDraft { role, ..draft("live") });
        assert!(why.contains("is no ARN of a role"), "{why}");
        let why = refused(&file, &WatchDraft { region: "US East".to_owned(), ..draft("live") });
        assert!(why.contains("is no region of AWS"), "{why}");
        // The file that is there counts, and not the one that would have been written.
        std::fs::write(&file, PROPOSED.replace("production", "live")).unwrap();
        assert!(refused(&file, &draft("live")).contains("has an environment live"));
        assert_eq!(refused(&file, &draft("production")), "");
    }
}
