//! A secret as languages write it between quotes, in a page, or as a list of numbers.

use std::fmt::Write as _;

/// What writers of JSON escape besides what they must, and with which digits.
const JSON: [(&str, bool); 5] = [
    ("", false),
    // Go, Rails.
    ("<>&", false),
    // Gson.
    ("<>&='", false),
    // .NET.
    ("<>&'\"+`", true),
    ("<>&'\"+`", false),
];

/// Every form of a text.
pub(super) fn of_text(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for (besides, upper) in JSON {
        for ascii in [false, true] {
            let quoted = json(text, besides, ascii, upper);
            // PHP escapes slashes too.
            forms.push(quoted.replace('/', "\\/"));
            forms.push(quoted);
        }
    }
    forms.push(text.chars().fold(String::new(), |out, c| out + &unicode(c, false)));
    forms.push(text.chars().fold(String::new(), |out, c| out + &unicode(c, true)));
    let page = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for double in ["\"", "&quot;", "&#34;"] {
        for single in ["'", "&#39;", "&#x27;", "&apos;"] {
            let page = page.replace('"', double).replace('\'', single);
            forms.push(page.replace('+', "&#43;"));
            forms.push(references(&page, |c| !c.is_ascii(), false));
            forms.push(page);
        }
    }
    let is_odd = |c: char| !c.is_ascii_alphanumeric();
    for hex in [false, true] {
        forms.push(references(text, is_odd, hex));
        forms.push(references(text, |_| true, hex));
    }
    // What Python's repr writes, and what a shell that traces does.
    let slashed = text.replace('\\', "\\\\");
    forms.extend([slashed.replace('\'', "\\'"), slashed, text.replace('\'', "'\\''")]);
    forms
}

/// Every form of bytes.
pub(super) fn of_bytes(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for gap in [", ", ",", " "] {
        let listed = |write: fn(&u8) -> String| {
            value.iter().map(write).collect::<Vec<_>>().join(gap).into_bytes()
        };
        forms.push(listed(ToString::to_string));
        forms.push(listed(|byte| format!("0x{byte:02x}")));
        forms.push(listed(|byte| format!("0x{byte:02X}")));
    }
    // Shells, C and Perl write any byte as three digits; `echo` and Ruby want a zero before them.
    for zero in ["", "0"] {
        forms.push(octal(value, zero, |_| true));
        forms.push(octal(value, zero, |byte| !byte.is_ascii_alphanumeric()));
    }
    // What git and C quote, and PostgreSQL: a backslash is doubled.
    let slashed = |with_quotes: bool| -> Vec<u8> {
        let is_slashed = |byte: u8| byte == b'\\' || (with_quotes && byte == b'"');
        let doubled = value
            .iter()
            .flat_map(|&byte| is_slashed(byte).then_some(b'\\').into_iter().chain([byte]));
        doubled.collect()
    };
    for slashed in [slashed(false), slashed(true)] {
        forms.push(octal(&slashed, "", |byte| !(b' '..=b'~').contains(&byte)));
    }
    forms
}

/// Writes bytes as `\163`.
fn octal(value: &[u8], zero: &str, is_written: impl Fn(u8) -> bool) -> Vec<u8> {
    let written = value.iter().map(|&byte| {
        if is_written(byte) { format!("\\{zero}{byte:03o}").into_bytes() } else { vec![byte] }
    });
    written.collect::<Vec<_>>().concat()
}

/// What stands between the quotes of JSON (RFC 8259, section 7).
fn json(text: &str, besides: &str, ascii: bool, upper: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            _ if besides.contains(c) || (ascii && !c.is_ascii()) => out += &unicode(c, upper),
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            '\u{8}' => out += "\\b",
            '\u{c}' => out += "\\f",
            '\0'..'\u{20}' => out += &unicode(c, upper),
            _ => out.push(c),
        }
    }
    out
}

/// A character as `\u0041`, or two of these beyond the first plane.
fn unicode(c: char, upper: bool) -> String {
    let mut out = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
    }
    out
}

/// Writes characters as HTML's numeric references.
fn references(text: &str, is_written: impl Fn(char) -> bool, hex: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        let number = u32::from(c);
        match (is_written(c), hex) {
            (false, _) => out.push(c),
            (true, false) => drop(write!(out, "&#{number};")),
            (true, true) => drop(write!(out, "&#x{number:x};")),
        }
    }
    out
}
