//! Writes the keys in force as a page of documentation.

use std::fmt::Write as _;

use super::{Context, Keymap, shown};

/// Writes a keymap as Markdown, a table for each context.
pub fn markdown(keymap: &Keymap) -> String {
    let mut page = String::from("# Keys\n");
    for (context, name) in Context::ALL {
        let mut actions: Vec<_> =
            keymap.bindings().iter().filter(|row| row.context == context).collect();
        actions.sort_by_key(|row| row.action);
        if actions.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## {name}\n\n| Keys | Action | What it does | Command line |\n| --- | --- | --- | --- |"
        );
        for same in actions.chunk_by(|one, two| one.action == two.action) {
            let keys: Vec<String> =
                same.iter().map(|row| format!("`{}`", shown(&row.on))).collect();
            let Some(first) = same.first() else { continue };
            let row = first.action.row();
            let cli = if row.cli.is_empty() { String::new() } else { format!("`{}`", row.cli) };
            let doc = first.desc.as_deref().unwrap_or(row.doc);
            let _ = writeln!(page, "| {} | `{}` | {doc} | {cli} |", keys.join(" "), row.name);
        }
    }
    page
}
