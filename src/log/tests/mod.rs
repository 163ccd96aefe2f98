//! Whole logs: on memory, with faults, and beside a model.
