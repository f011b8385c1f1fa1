//! The text of a TOML file.
//!
//! Responsible for strings that mean what they should (TOML 1.0, "String"), and for comments that
//! stay comments whatever a Jenkinsfile says.

use std::fmt::Write as _;

/// Whether a character is not seen, or moves others (Unicode TR 36): it stands nowhere as it is.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c == '\u{feff}'
        || (c.is_control() && c != '\n' && c != '\t')
}

/// The text so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    text: String,
    /// Whether all that is written is a comment.
    pub is_off: bool,
}

impl Out {
    /// A comment; it is one line whatever the text is.
    pub(super) fn comment(&mut self, text: &str) {
        let line: String =
            text.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c }).collect();
        let line: String = line.chars().take(400).collect();
        let _ = writeln!(self.text, "# {line}");
    }

    /// Lines of the file, or of a comment.
    fn put(&mut self, lines: &str) {
        for line in lines.lines() {
            let mark = if self.is_off { "# " } else { "" };
            let _ = writeln!(self.text, "{mark}{line}");
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// `[[name]]`
    pub(super) fn table(&mut self, name: &str) {
        self.put(&format!("[[{name}]]"));
    }

    /// `key = "text"`
    pub(super) fn pair(&mut self, key: &str, value: &str) {
        self.put(&format!("{key} = {}", quoted(value)));
    }

    /// `key = { A = "b" }`
    pub(super) fn variables<'v>(
        &mut self,
        key: &str,
        variables: impl Iterator<Item = (&'v str, &'v str)>,
    ) {
        let all: Vec<String> =
            variables.map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        if !all.is_empty() {
            self.put(&format!("{key} = {{ {} }}", all.join(", ")));
        }
    }

    /// `run = '''…'''`: the script as it is, to the last blank.
    pub(super) fn script(&mut self, script: &str) {
        let is_literal =
            !script.chars().any(is_hidden) && !script.contains("'''") && !script.ends_with('\'');
        if !script.contains('\n') {
            self.pair("run", script);
        } else if is_literal {
            self.put(&format!("run = '''\n{script}'''"));
        } else {
            self.put(&format!("run = \"\"\"\n{}\"\"\"", escaped(script, true)));
        }
    }

    /// A Jenkinsfile says nothing of how the service is run.
    pub(super) fn service(&mut self) {
        self.gap();
        self.comment("How the service is run is in no Jenkinsfile. Until it is said here, each");
        self.comment(
            "deployment fails with this sentence; the service must listen on 127.0.0.1:$PORT.",
        );
        self.text.push_str("[service]\n");
        self.pair("run", "echo 'pilothouse.toml does not say yet how the service is run'; exit 1");
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, false))
}

fn escaped(text: &str, is_long: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quotes = 0;
    for c in text.chars() {
        quotes = if c == '"' { quotes + 1 } else { 0 };
        match c {
            // Three in a row would end a long string.
            '"' if is_long && quotes % 3 != 0 => out.push('"'),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' if is_long => out.push('\n'),
            '\t' if is_long => out.push('\t'),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
