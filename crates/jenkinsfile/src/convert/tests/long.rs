//! Short files in which names stand for long texts.

use super::{converted, running};

/// As many bytes as a short file may become.
const MOST: usize = 5 * 1024 * 1024;

fn with(environment: &str, steps: &str) -> String {
    let text = converted(&format!(
        "pipeline {{ agent any\nenvironment {{\n{environment}\n}}\nstages {{ stage('a') {{ steps \
         {{\n{steps}}} }} }} }}"
    ));
    assert!(text.len() < MOST, "{}", text.len());
    text
}

/// Variables that are all the first one, which is this.
fn variables(first: &str, count: usize) -> String {
    let others = (1..count).map(|number| format!("A{number} = \"${{A0}}\"\n"));
    [format!("A0 = \"{first}\"\n")].into_iter().chain(others).collect()
}

#[test]
fn a_script_is_no_longer_than_a_step_has_it_with_what_stands_before_it() {
    let long = "x".repeat(60_000);
    let text = with(&variables(&format!("{long}${{BUILD_NUMBER}}"), 12), &"sh 'true'\n".repeat(8));
    assert_eq!(running(&text).trim(), "", "{}", text.len());
    assert!(text.contains("sh: its script is too long, with what has to stand before it"));
    let text = with(&format!("A = \"${{BUILD_NUMBER}}-{}\"", &long[..9000]), "sh 'true'\n");
    assert!(running(&text).contains("export A="), "{}", text.len());
}

#[test]
fn all_scripts_are_together_no_longer_than_a_pipeline_has_them() {
    let long = "x".repeat(60_000);
    let text = with(&variables(&long, 12), &"sh 'true'\n".repeat(12));
    let why = "the scripts of the pipeline are too long, with the variables of each";
    assert!(text.contains(&format!("sh: {why}")), "{}", text.len());
    assert_eq!(running(&text).matches("run = ").count(), 5, "{}", text.len());
    let text = with(&variables(&long, 1), &"echo \"${A0}\"\n".repeat(90));
    assert!(text.contains(why), "{}", text.len());
    let text = with("A = 'b'", &"sh 'true'\n".repeat(90));
    assert_eq!(running(&text).matches("run = ").count(), 90, "{}", text.len());
}

#[test]
fn variables_are_together_no_longer_than_a_process_has_them() {
    let text = with(&variables(&"x".repeat(60_000), 30), "sh 'true'\n");
    assert!(text.contains("variable A29: the variables are too long together"), "{}", text.len());
    assert_eq!(running(&text).trim(), "", "{}", text.len());
    let all: Vec<_> = (0..30).map(|number| format!("\"V{number}=${{A0}}\"")).collect();
    let all = all.join(",");
    let text =
        with(&variables(&"x".repeat(60_000), 1), &format!("withEnv([{all}]) {{ sh 'true' }}"));
    assert!(text.contains("withEnv: the variables are too long together"), "{}", text.len());
}
