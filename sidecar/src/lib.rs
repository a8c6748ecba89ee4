//! The tower: gathers what agents tell, remembers, alerts and shows it.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
