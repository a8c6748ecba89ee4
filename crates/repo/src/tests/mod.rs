//! Tests that need the engine's insides: forged objects, hostile lengths, nonces, models.

mod false_claims;
mod forged_blobs;
mod forged_epochs;
mod forged_fences;
mod forged_runs;
mod forged_snapshots;
mod gone_packs;
mod hostile;
pub(crate) mod lab;
mod models;
mod nonces;
mod replaced_runs;
