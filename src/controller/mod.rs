//! The active controller: what happens to topics, partitions and brokers, decided in one place and written to the
//! quorum's log.
//!
//! `machine` decides and applies, purely; the files named for what they decide (`create_topics`, `brokers`, `elections`
//! …) are its parts. `actor` drives it over the quorum. `requests` is what it is asked.

pub mod names;
pub mod placement;
pub mod random;
