//! Panics planted by tests, at named points of the actors. Compiled for tests alone, and never anywhere else.

use parking_lot::Mutex;

struct Planted {
    point: &'static str,
    name: String,
    left: usize,
}

static PLANTED: Mutex<Vec<Planted>> = Mutex::new(Vec::new());

/// The next `times` passes of `point` by who is called `name` panic.
pub(crate) fn plant(point: &'static str, name: impl Into<String>, times: usize) {
    PLANTED.lock().push(Planted { point, name: name.into(), left: times });
}

/// A point where a panic may be planted.
pub(crate) fn pass(point: &str, name: &str) {
    let found = PLANTED
        .lock()
        .iter_mut()
        .find(|planted| planted.point == point && planted.name == name && planted.left > 0)
        .map(|planted| planted.left -= 1);
    assert!(found.is_none(), "planted at {point} of {name}");
}
