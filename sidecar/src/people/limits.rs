//! What is bounded here, and why at this number.

use std::time::Duration;

/// Of a name of an account or a token.
pub const NAME_BYTES_MAX: usize = 64;
/// Of a password: four words have more, and what is shorter is guessed.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Of a password: all of it is hashed.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Accounts.
pub const ACCOUNTS_MAX: usize = 1000;
/// Tokens.
pub const TOKENS_MAX: usize = 1000;
/// Sessions of one account; the one that was not used for longest makes room.
pub const SESSIONS_MAX: usize = 32;
/// Customers that one account or token may be limited to.
pub const CUSTOMERS_MAX: usize = 100;
/// Days that a token may last, if it ends at all.
pub const DAYS_MAX: u32 = 3650;
/// Passwords that wait while one is hashed, which takes 19 MiB and some tens of milliseconds.
pub const HASHES_WAITING_MAX: usize = 8;
/// Tries of one account before the first wait.
pub const TRIES_PER_ACCOUNT: u32 = 5;
/// Tries from one address before the first wait: people behind one router share it.
pub const TRIES_PER_ADDRESS: u32 = 20;
/// Tries are forgotten so long after the last one.
pub const TRIES_FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);
/// The first wait; each further one is twice as long.
pub const WAIT_FIRST: Duration = Duration::from_secs(5);
/// The longest wait.
pub const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Accounts and addresses whose tries are remembered.
pub const TRIED_MAX: usize = 4096;
/// The link for the first account is good for so long.
pub const LINK_SECONDS: i64 = 3600;
/// When somebody was last here is written so often at most.
pub const SEEN_EVERY_SECONDS: i64 = 300;
