//! "Did you mean".
//!
//! Responsible for the known name that is nearest to what somebody wrote.

/// The longest name that is compared; a longer one is no slip of the finger.
const MOST_CHARACTERS: usize = 64;

/// The shortest name that lacks or has a letter by a slip, in bytes: shorter ones are near to too many.
const SHORTEST: usize = 5;

/// The nearest of the known names, if it is near enough to have been meant.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (distance, near) = closest(written, known)?;
    // A third of the letters may differ, and one always.
    let most = (written.chars().count() / 3).max(1);
    (distance <= most).then_some(near)
}

/// The known name that somebody meant who made one slip: a letter of another case, two neighbours
/// swapped, or, in names of some length, one letter too many, too few or wrong. Where others may have
/// given names as well, what is merely near is another's.
pub fn slip<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let sorted = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (mut same, mut near) = (None, None);
    for name in known {
        let is_long = name.len().min(written.len()) >= SHORTEST;
        if name.eq_ignore_ascii_case(written) {
            same = same.or(Some(name));
        } else if written.len() <= MOST_CHARACTERS
            && distance(written, name) == 1
            && (is_long || sorted(name) == sorted(written))
        {
            near = near.or(Some(name));
        }
    }
    same.or(near)
}

/// The nearest of the known names, however far away; the first of several.
pub fn closest<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<(usize, &'k str)> {
    if written.chars().count() > MOST_CHARACTERS {
        return None;
    }
    let all = known.into_iter().map(|name| (distance(written, name), name));
    all.min_by_key(|(distance, _)| *distance)
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = (0..=right.len()).collect();
    let mut earlier: Vec<usize> = Vec::new();
    let mut last = None;
    for (row, l) in left.chars().enumerate() {
        let mut now = vec![row + 1];
        for (column, r) in right.iter().enumerate() {
            let at = |list: &[usize], index: usize| list.get(index).copied().unwrap_or(usize::MAX);
            let changed = at(&before, column) + usize::from(l != *r);
            let mut best = changed.min(at(&before, column + 1) + 1).min(at(&now, column) + 1);
            let before_r = column.checked_sub(1).and_then(|index| right.get(index));
            if last == Some(*r) && before_r == Some(&l) {
                best = best.min(at(&earlier, column - 1).saturating_add(1));
            }
            now.push(best);
        }
        earlier = std::mem::replace(&mut before, now);
        last = Some(l);
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{nearest, slip};

    #[test]
    fn a_slip_of_the_finger_is_seen() {
        let known = ["agent", "stages", "post"];
        assert_eq!(nearest("agnet", known), Some("agent"));
        assert_eq!(nearest("stage", known), Some("stages"));
        assert_eq!(nearest("banana", known), None);
    }

    #[test]
    fn a_name_that_is_merely_near_is_no_slip() {
        let known = ["mail", "bat", "jdk", "gitLabConnection", "gitParameter", "timeout"];
        for written in ["Mail", "mial", "timeouts", "timeot", "Timeout", "gitParametr"] {
            assert!(slip(written, known).is_some(), "{written}");
        }
        for written in ["email", "bats", "mails", "ndk", "giteeConnection", "agentParameter"] {
            assert!(slip(written, known).is_none(), "{written}");
        }
    }
}
