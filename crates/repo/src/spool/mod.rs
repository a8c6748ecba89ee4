//! What does not fit in memory, in nameless files of the spool folder.

pub mod table;
