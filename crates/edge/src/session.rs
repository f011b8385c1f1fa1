//! What all requests of one client connection share.
//!
//! Responsible for being cheap to share: a request clones one `Rc` instead of its parts.

use std::rc::Rc;
use std::sync::Arc;

use crate::link::Link;
use crate::plan::Entry;
use crate::worker::Worker;

/// One client connection.
pub(crate) struct Session {
    /// The thread that serves it.
    pub(crate) worker: Rc<Worker>,
    /// Its state, as the worker's sweep sees it.
    pub(crate) link: Arc<Link>,
    /// Where it came in.
    pub(crate) entry: Entry,
}
