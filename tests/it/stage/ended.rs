//! The engines of a test that are gone: what they left elsewhere than in their directories bears
//! their ids.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

thread_local! {
    /// Each test is a thread of its own.
    static ENDED: RefCell<BTreeSet<String>> = RefCell::default();
}

/// Notes the engine that had its state there, if one did.
pub(super) fn note(state_dir: &Path) {
    let id = std::fs::read_to_string(state_dir.join("engine-id"));
    ENDED.with_borrow_mut(|ended| ended.extend(id));
}

/// The ids of the engines that ran on stages of this test.
pub fn engines() -> BTreeSet<String> {
    ENDED.with_borrow(Clone::clone)
}
