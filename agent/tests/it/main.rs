//! Everything of the agent that is tested from outside, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cli;
mod cli_bad_input;
mod cli_commands;
mod cli_compare;
mod cli_copy;
mod cli_dump;
mod cli_json;
mod cli_kinds;
mod cli_prune;
mod cli_repair;
mod cli_safety;
#[cfg(feature = "sheet")]
mod cli_sheet;
mod cli_signals;
mod cli_state;
#[cfg(feature = "sftp")]
mod cli_store;
mod fake;
mod kill;
mod noip;
#[path = "../../src/noip/server.rs"]
#[expect(dead_code, reason = "the server of the unit tests, whose odd answers are not asked for here")]
mod noip_server;
mod noise;
mod probe_parts;
mod restore;
mod restore_replace;
mod restore_rights;
mod restore_traps;
mod setup;
mod setup_backup;
mod setup_broker;
mod smart_helper;
mod source;
mod source_open;
mod source_rights;
mod tower_server;
#[cfg(feature = "simulate")]
mod watch;
