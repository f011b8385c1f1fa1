//! Hostile text made harmless: what a terminal, a directory name and a domain may carry.
//!
//! Branch names, commit messages, build output and server answers come from whoever can push.
//! They are kept as they came and pass through here on their way to a person or a path.

/// Replaces everything that could move a cursor, hide or reorder text, and cuts to `most` characters.
///
/// C0 and C1 controls, DEL, line and paragraph separators, the bidirectional controls of Unicode
/// TR 36, and what a terminal shows as nothing at all become `\u{FFFD}`; a tab becomes a space.
/// Joiners and variation selectors stay where scripts and emoji need them. More marks on one letter
/// than any script writes are left out, since they would reach over the lines above and below. A
/// blank that is no space becomes one. A cut text ends in `…`.
pub fn printable(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most * 4));
    let mut rest = text.chars().peekable();
    let (mut count, mut before, mut marks) = (0, None, 0);
    while let Some(c) = rest.next() {
        marks = if !c.is_ascii() && is_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS {
            continue;
        }
        if count == most {
            out.pop();
            out.push('…');
            break;
        }
        let shown = match c {
            '\t' | '\u{2800}' => ' ',
            _ if is_plain(c) || belongs(before, c, rest.peek().copied()) => c,
            _ => '\u{fffd}',
        };
        out.push(shown);
        before = Some(shown);
        count += 1;
    }
    out
}

/// The most marks in a row that are shown on one letter. Hebrew and Tibetan write up to five.
const MARKS: usize = 8;

/// Whether a character is written over or under the one before: the blocks of Unicode that hold
/// nothing but combining marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether a character shows as what it is: no control, nothing that reorders text, and nothing
/// that a terminal shows as nothing (`Default_Ignorable_Code_Point` of Unicode's
/// `DerivedCoreProperties.txt`, and the annotation controls beside it).
pub fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character that shows as nothing is part of what stands around it.
fn belongs(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        // Families and flags; Persian, and the scripts of India, join or part letters with these.
        '\u{200d}' if is_emoji(before) || before == '\u{fe0f}' => after.is_some_and(is_emoji),
        '\u{200c}' | '\u{200d}' => is_joining(before) && after.is_some_and(is_joining),
        // A text or an emoji; a digit only under a keycap.
        '\u{fe0e}' | '\u{fe0f}' => {
            let is_key = matches!(before, '0'..='9' | '#' | '*');
            is_emoji(before) || (is_key && after == Some('\u{20e3}'))
        }
        // The form of an ideograph.
        '\u{e0100}'..='\u{e01ef}' => matches!(before,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}'),
        _ => false,
    }
}

/// Whether a character can be an emoji, as Unicode's `emoji-data.txt` groups them.
fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}'
        | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}'
        | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a letter is of a script that is written joined: from Arabic to Sinhala.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}') && is_plain(c)
}

/// Quotes what somebody wrote, harmless and short.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text, 60))
}

/// The first line of a text, made printable.
pub fn first_line(text: &str, most: usize) -> String {
    printable(text.lines().next().unwrap_or(""), most)
}

/// Makes a name that is legal in a domain and a directory out of any text.
///
/// What is not `a-z` or `0-9` becomes `-`; eight hex digits of the text's FNV-1a hash keep two
/// texts apart that would otherwise meet, as `feature/a` and `feature-a` or two Korean names. It
/// has 29 characters at most. Somebody can find two texts that meet all the same.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if (c != '-' || !out.ends_with('-')) && out.len() < 20 {
            out.push(c);
        }
    }
    let out = out.trim_matches('-');
    let hash = fnv1a(text.as_bytes()) & 0xffff_ffff;
    if out.is_empty() { format!("b-{hash:08x}") } else { format!("{out}-{hash:08x}") }
}

/// One word of a command that somebody will paste into a shell, quoted for `sh` where it is not plain.
///
/// A control character could end the paste and run it, and what reorders or hides text would show
/// another command than the one that is pasted. No name has a use for either: they are left out.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = printable(&text, text.len()).replace('\u{fffd}', "");
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The 64-bit FNV-1a hash (draft-eastlake-fnv): stable over versions, not for secrets.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_lose_their_force() {
        let shown = printable("a\x1b]52;c;aGk=\x07b\u{202e}c\u{9b}31m\td", 80);
        assert_eq!(shown, "a\u{fffd}]52;c;aGk=\u{fffd}b\u{fffd}c\u{fffd}31m d");
    }

    #[test]
    fn no_letter_carries_more_marks_than_a_script_writes() {
        let heap = format!("a{}b\u{2800}c", "\u{302}".repeat(500));
        assert_eq!(printable(&heap, 80), format!("a{}b c", "\u{302}".repeat(MARKS)));
        let hebrew = "\u{5e9}\u{5bc}\u{5c1}\u{5b8}\u{591}";
        assert_eq!(printable(hebrew, 80), hebrew);
    }

    #[test]
    fn what_shows_as_nothing_is_replaced() {
        let hidden = [
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{2060}',
            '\u{2064}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{1bca0}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e0fff}',
        ];
        for c in hidden {
            assert!(!is_plain(c), "{c:?}");
            assert_eq!(printable(&format!("{c}a{c}b"), 80), "\u{fffd}a\u{fffd}b", "{c:?}");
        }
    }

    #[test]
    fn joiners_and_selectors_stay_where_they_belong() {
        let whole = [
            "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 👩🏽\u{200d}💻",
            "❤\u{fe0f} ☎\u{fe0e} 1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
            "결제 수정 \u{1100}\u{1161}\u{11a8} ㄱㅏ",
            "می\u{200c}خواهم क\u{94d}\u{200d}ष 葛\u{e0100}城",
            "e\u{301} ñ Ω ✓ ── █ ⠋",
        ];
        for text in whole {
            assert_eq!(printable(text, 80), text);
            assert_eq!(printable(&printable(text, 80), 80), text);
        }
        for (text, shown) in [
            ("👩\u{200d}", "👩\u{fffd}"),
            ("👩\u{200d}x", "👩\u{fffd}x"),
            ("👩\u{fe0f}\u{fe0f}", "👩\u{fe0f}\u{fffd}"),
            ("12\u{fe0f}", "12\u{fffd}"),
            ("葛\u{e0041}", "葛\u{fffd}"),
        ] {
            assert_eq!(printable(text, 80), shown);
        }
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(printable("결제 수정", 3), "결제…");
        assert_eq!(printable("결제", 2), "결제");
    }

    #[test]
    fn hostile_names_stay_one_word_of_a_shell() {
        assert_eq!(shell_word("shop:feature/a-1"), "shop:feature/a-1");
        assert_eq!(shell_word("$(reboot)"), "'$(reboot)'");
        assert_eq!(shell_word("a'b\n"), "'a'\\''b'");
        assert_eq!(shell_word("-rf"), "'-rf'");
        assert_eq!(shell_word("a\u{202e}b\u{200b}c\u{1b}[2Jd"), "'abc[2Jd'");
        assert_eq!(shell_word("결제 👩\u{200d}💻"), "'결제 👩\u{200d}💻'");
    }

    #[test]
    fn slugs_stay_apart_and_legal() {
        let slugs = ["feature/a", "feature-a", "결제", "../x", "$(reboot)", "-rf"].map(slug);
        for (i, one) in slugs.iter().enumerate() {
            assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{one}");
            assert!(!one.starts_with('-') && one.len() <= 29, "{one}");
            assert!(slugs.iter().skip(i + 1).all(|two| one != two), "{one}");
        }
    }
}
