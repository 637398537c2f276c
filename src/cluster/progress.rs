//! What the work reports while it goes on; the display listens.

use std::time::Duration;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Writing begins: so many objects.
    Writing {
        /// How many.
        total: usize,
    },
    /// An object is dealt with.
    Object {
        /// `virtualmachine.kubevirt.io/virtwork-cpu-0`.
        object: String,
        /// `created`, `configured`, `unchanged`, …
        verb: &'static str,
    },
    /// All writes are done, or given up.
    Written,
    /// What is waited for, each time it changes and every second.
    Waiting {
        /// `machines ready` or what else is counted.
        what: &'static str,
        /// How many are there.
        done: usize,
        /// Of how many.
        total: usize,
        /// Since the beginning.
        elapsed: Duration,
        /// The laggards with their reasons.
        laggards: Vec<(String, String)>,
    },
    /// The wait is over.
    Waited,
    /// A sentence for the user that is no result.
    Note(String),
    /// A warning.
    Warning(String),
}

/// Who listens.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Sync);
