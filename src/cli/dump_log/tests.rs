//! The tool on files of our own making.
