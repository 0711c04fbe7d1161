//! Threads by number, and what each has for itself.

use parking_lot::Mutex;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A cache line of its own (two: processors fetch them in pairs).
#[repr(align(128))]
#[derive(Default)]
pub(crate) struct Padded<T>(pub(crate) Mutex<T>);

/// Numbers threads in the order in which they first ask.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) });
    NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}
