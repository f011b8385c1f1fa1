//! A value without a name is meant for the only argument that is required, whatever its type.

use jenkinsfile::Report;
use jenkinsfile::table::Table;

fn told(triggers: &str, steps: &str) -> Vec<String> {
    let text = format!(
        "pipeline {{\nagent any\n{triggers}\nstages {{ stage('a') {{ steps {{\n{steps}\n}} }} }}\n}}"
    );
    let report = Report::of("Jenkinsfile", text.as_bytes(), &Table::built_in());
    report.problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_value_alone_is_meant_for_what_is_required() {
    for steps in ["waitForQualityGate true", "waitForQualityGate(true)"] {
        assert_eq!(told("", steps), [""; 0], "{steps}");
    }
    for upstream in ["upstream 'one,two'", "upstream(upstreamProjects: 'one', threshold: 'X')"] {
        let triggers = format!("triggers {{ {upstream} }}");
        assert_eq!(told(&triggers, "echo 'x'"), [""; 0], "{upstream}");
    }
    let missing = ["Missing required parameter: \"abortPipeline\""];
    assert_eq!(told("", "waitForQualityGate()"), missing);
    assert_eq!(told("", "waitForQualityGate credentialsId: 'x'"), missing);
}
