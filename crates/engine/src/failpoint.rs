//! Named points at which a test can make the engine die as if by `kill -9`.
//!
//! `PILOTHOUSE_FAILPOINT=NAME` or `NAME:N` ends the process at the N-th passing of the point,
//! without unwinding, flushing or telling anybody. A simulation, whose engine is no process of
//! its own, puts a [`watch`] on its thread instead.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::executor::KINDS;

/// Before the events of a turn are appended to the journal.
pub const BEFORE_APPEND: &str = "before-append";
/// After they were appended and before anybody is told.
pub const AFTER_APPEND: &str = "after-append";
/// Before an effect begins; followed by its kind, as in `before-effect/start`.
pub const BEFORE_EFFECT: &str = "before-effect";
/// After an effect has ended and before its outcome is recorded.
pub const AFTER_EFFECT: &str = "after-effect";

struct Armed {
    name: String,
    left: AtomicU32,
}

type Hook = Rc<dyn Fn(&str)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Keeps a hook on its thread until it is dropped.
#[must_use = "the hook is taken off when this is dropped"]
#[derive(Debug)]
pub struct Watch(PhantomData<Rc<()>>);

impl Drop for Watch {
    fn drop(&mut self) {
        // A thread that is ending has lost its hook already.
        let _ = HOOK.try_with(|hook| hook.borrow_mut().take());
    }
}

/// Calls a hook at every point that this thread passes, in place of what the environment's
/// variable asks for. The hook may unwind, which stops whoever passes.
pub fn watch(hook: impl Fn(&str) + 'static) -> Watch {
    HOOK.with_borrow_mut(|place| *place = Some(Rc::new(hook)));
    Watch(PhantomData)
}

/// The names of all points.
pub fn all() -> Vec<String> {
    let mut names = vec![BEFORE_APPEND.to_owned(), AFTER_APPEND.to_owned()];
    for kind in KINDS {
        names.push(format!("{BEFORE_EFFECT}/{kind}"));
        names.push(format!("{AFTER_EFFECT}/{kind}"));
    }
    names
}

/// Passes a point; does not return if the engine is to die here.
pub fn pass(name: &str) {
    let hook = HOOK.try_with(|hook| hook.borrow().clone()).ok().flatten();
    match hook {
        Some(hook) => hook(name),
        None => pass_armed(name),
    }
}

fn pass_armed(name: &str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        let text = std::env::var("PILOTHOUSE_FAILPOINT").ok()?;
        let (name, count) = match text.rsplit_once(':') {
            Some((name, count)) => (name.to_owned(), count.parse().ok()?),
            None => (text, 1),
        };
        Some(Armed { name, left: AtomicU32::new(count) })
    });
    if let Some(armed) = armed.as_ref().filter(|armed| armed.name == name)
        && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
