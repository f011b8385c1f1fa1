//! The command-line form of what is selected.
//!
//! It will be pasted into a shell, and branch names are hostile: what is not plain is quoted.

use crate::model::{JobRef, Model, Subject};

/// The command that shows the selected thing.
pub(super) fn of_subject(model: &Model) -> String {
    let subject = model.subject();
    let template = if subject.instance.is_some()
        || matches!(model.ui.focus, crate::model::Pane::Jobs) && subject.job.is_some()
    {
        "pilothouse logs {job}"
    } else if subject.environment.is_some() {
        "pilothouse status {environment}"
    } else {
        "pilothouse status {project}"
    };
    fill(template, &subject)
}

/// Fills a command's `{…}` with what is selected.
pub(crate) fn fill(template: &str, subject: &Subject) -> String {
    let job = match (&subject.instance, subject.job) {
        (Some(id), _) => id.to_string(),
        (None, Some(JobRef::Run(id))) => id.0.to_string(),
        (None, Some(JobRef::Deployment(id))) => id.to_string(),
        (None, None) => "JOB".to_owned(),
    };
    let or = |text: Option<String>, word: &str| {
        text.map_or_else(|| word.to_owned(), |text| quoted(&text))
    };
    template
        .replace(
            "{environment}",
            &or(subject.environment.as_ref().map(ToString::to_string), "ENVIRONMENT"),
        )
        .replace("{project}", &or(subject.project.as_ref().map(ToString::to_string), "PROJECT"))
        .replace("{job}", &quoted(&job))
        .replace("{branch}", &or(subject.branch.as_ref().map(ToString::to_string), "BRANCH"))
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    // A control character could end the paste and run it, and no name has a use for one.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn hostile_names_stay_one_word() {
        assert_eq!(quoted("feature/a-1"), "feature/a-1");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted("a'b\n"), "'a'\\''b'");
        assert_eq!(quoted("-rf"), "'-rf'");
    }
}
