//! What is bounded, and why at this number. What happens when a bound is met stands in `docs/tower.md`.

use std::time::Duration;

use atalaya_wire::limits::MESSAGE_BYTES_MAX;

/// Messages that wait for the tower. Whoever has one more waits.
pub const QUEUE_MESSAGES_MAX: usize = 1024;
/// Their bytes.
pub const QUEUE_BYTES_MAX: usize = 8 << 20;
/// So long the link waits for room; a third of its keep-alive, so that the broker does not end it meanwhile.
pub const HEAR_WAIT_MAX: Duration = Duration::from_secs(10);
/// So long another configuration waits for room; nothing else is looked at meanwhile but that the program is to end.
pub const RELOAD_WAIT_MAX: Duration = Duration::from_secs(5);
/// Between two looks for room.
pub const HEAR_LOOK: Duration = Duration::from_millis(5);
/// Messages that one node may have taken at once after a pause: a reconnection tells every view and what waited.
pub const NODE_BURST_MAX: u32 = 600;
/// Messages that one node may have taken a second.
pub const NODE_PER_SECOND_MAX: u32 = 60;
/// Rows of a batch that is not committed yet.
pub const BATCH_ROWS_MAX: usize = 4096;
/// Their bytes.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Bytes of frames that are committed before their time.
pub const BATCH_BYTES_SOON: usize = 1 << 20;
/// Parts of the alerts' state that wait to be written as they are then; of a node some kilobytes each.
pub const ALERT_PARTS_MAX: usize = 256;
/// Batches that are with the writer; the next one stays open and grows.
pub const BATCHES_UNDER_WAY_MAX: usize = 2;
/// What must be on the disk is there so soon: many of it share one sync.
pub const COMMIT_SOON: Duration = Duration::from_millis(50);
/// Nodes, so that a block's id has room for one.
pub const NODES_MAX: usize = 10_000;
/// Of a node's name, customer or site, each; as much as one that joins says of itself.
pub const NODE_WORDS_BYTES_MAX: usize = 128;
/// Nodes that nobody added and nobody accepted yet.
pub const NODES_NEW_MAX: usize = 64;
/// Objects of a node, as many as the alert engine watches.
pub const OBJECTS_PER_NODE_MAX: usize = atalaya_alert::limits::OBJECTS_PER_NODE_MAX;
/// Certificates that a node wants ordered, as many as its agent may have configured.
pub const REQUESTS_PER_NODE_MAX: usize = 8;
/// Ranges of frames that are known to be missing, as many as an acknowledgement may name.
pub const MISSING_MAX: usize = atalaya_wire::ack::MISSING_MAX;
/// After these waits what is missing is asked for; then it is given up.
pub const ASK_AFTER: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(1800)];
/// An acknowledgement of a node goes out so often at most.
pub const ACK_EVERY: Duration = Duration::from_millis(250);
/// A node that sends what it cannot be taken for yet hears so this often.
pub const ACK_AGAIN_EVERY: Duration = Duration::from_secs(5);
/// A node of which nothing is heard so long is silent, if its own interval is not longer.
pub const SILENT_AFTER: Duration = Duration::from_secs(300);
/// After a start, or with another connection, a node has so long to be heard, whatever it was before; or two of its own
/// intervals. All of a thousand nodes are back within a minute.
pub const SILENT_GRACE: Duration = Duration::from_secs(120);
/// What counts of the time that a node was quiet before a start: three of the longest intervals, beyond which it is silent.
pub const QUIET_BEFORE_MAX: Duration = Duration::from_secs(3 * 3600);
/// A thread that went round so long ago hangs; a sync on a disk that slept takes a third of it.
pub const HANGS_AFTER: Duration = Duration::from_secs(30);
/// The engine's clock goes on so often.
pub const TICK: Duration = Duration::from_secs(5);
/// A node's clock that differs by more is told.
pub const SKEW_SECONDS_MAX: i64 = 120;
/// The write-ahead log is written back after so many bytes, or after [`CHECKPOINT_EVERY`].
pub const WAL_BYTES_SOON: u64 = 4 << 20;
/// Readers are made to let go of the log beyond this.
pub const WAL_BYTES_MAX: u64 = 32 << 20;
/// With something in the log.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);
/// How long the writer waits before it tries again what failed.
pub const RETRY_EVERY: Duration = Duration::from_secs(5);
/// Kept aside so that there is room for a checkpoint when the disk is full.
pub const RESERVE_BYTES: u64 = 16 << 20;
/// A disk that was full has room again when it has so much more.
pub const ROOM_BYTES: u64 = 1 << 20;
/// A start after a clean stop looks through the database for so long; the rest is looked at behind everything else.
pub const START_LOOK_MAX: Duration = Duration::from_secs(2);
/// When that begins: what everybody waits for at a start comes first.
pub const LOOK_SOON: Duration = Duration::from_secs(60);
/// All of it is looked through so often while the program runs.
pub const LOOK_EVERY: Duration = Duration::from_secs(7 * 86_400);
/// After damage was met the program begins again by itself, at most so often.
pub const AGAIN_EVERY: Duration = Duration::from_secs(600);
/// Connections that read.
pub const READERS: usize = 4;
/// A read that takes longer is given up.
pub const READ_TIME_MAX: Duration = Duration::from_secs(30);
/// Of a request's body.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// Of a request from its head to its answer.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(15);
/// The same over the control socket, where somebody waits for a copy of the database.
pub const CONTROL_TIME_MAX: Duration = Duration::from_secs(3600);
/// Connections to the control socket at once.
pub const CONTROL_CONNECTIONS_MAX: usize = 16;
/// Files that are open beside connections: database, log, readers, listeners.
pub const FILES_OWN: u64 = 64;
/// HTTP connections at once.
pub const CONNECTIONS_MAX: usize = 256;
/// Deliveries whose notifications are read at once.
pub const OUTBOX_AT_ONCE: usize = 100;
/// The outbox looks at the clock at least so often.
pub const OUTBOX_LOOK: Duration = Duration::from_secs(60);
/// What is being sent when the program ends has so long: all that HTTP may take. Mail that takes longer is sent again.
pub const LAST_TRY_MAX: Duration = Duration::from_secs(11);
/// Everything has stopped by then.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(20);
/// A node's hour is made a block so many seconds after its end: what is asked for again has come by then.
pub const SEAL_AFTER_SECONDS: i64 = 600;
/// What comes late waits so many seconds for what comes with it.
pub const SEAL_LATE_SECONDS: i64 = 60;
/// Frames of a node that wait; with more the oldest hour becomes a block before its time.
pub const FRAMES_PER_NODE_MAX: usize = 512;
/// Points that one step of sealing takes out of frames, 40 bytes each; one frame more has at most 20,000.
pub const SEAL_POINTS_MAX: usize = 100_000;
/// Six hours and days are rolled so many seconds after their end: their last hour is a block by then.
pub const ROLL_AFTER_SECONDS: i64 = 1_200;
/// A month is closed so many seconds after its end: nothing that an agent still has is older.
pub const CLOSE_AFTER_SECONDS: i64 = 2 * 86_400;
/// Series whose month is in memory at once: 256 months of 744 hours are 8 MiB.
pub const CLOSE_SERIES_MAX: usize = 256;
/// A clock that is ahead of all that is known by so many seconds removes nothing by age for as long.
pub const CLOCK_JUMP_SECONDS: i64 = 86_400;
/// Rows that one step removes.
pub const REMOVE_ROWS_MAX: u32 = 256;
/// Notifications and what became of them, in seconds.
pub const NOTIFICATIONS_SECONDS: i64 = 400 * 86_400;
/// Series of one answer.
pub const QUERY_SERIES_MAX: usize = 20;
/// A forecast is made anew after so long.
pub const FORECAST_EVERY: Duration = Duration::from_secs(3600);

/// Windows of maintenance that are announced; the engine has room for as many that hold, and for as many silences.
pub const WINDOWS_MAX: usize = 256;
/// Minutes of one that comes again: a day. What is longer is named by more days.
pub const WINDOW_MINUTES_MAX: u32 = 24 * 60;
/// Minutes of one that comes once: two weeks.
pub const WINDOW_MINUTES_ONCE_MAX: u32 = 14 * 24 * 60;
/// Seconds ahead that one may be announced: two years.
pub const WINDOW_AHEAD_SECONDS: i64 = 2 * 366 * 86_400;
/// One that is over is shown so long after it, by the program's own clock: a clock that leaps and comes back takes none away.
pub const WINDOW_OVER_KEPT: Duration = Duration::from_secs(86_400);

const _: () = assert!(2 * WINDOWS_MAX <= atalaya_alert::limits::QUIETS_MAX);
const _: () = assert!(LAST_TRY_MAX.as_secs() > atalaya_notify::limits::HTTP.as_secs());
const _: () = assert!(LAST_TRY_MAX.as_secs() + 5 < STOP_TIME_MAX.as_secs());
const _: () = assert!(BATCH_BYTES_MAX >= 2 * MESSAGE_BYTES_MAX && QUEUE_BYTES_MAX >= 100 * MESSAGE_BYTES_MAX / 8);
const _: () = assert!(BATCH_BYTES_MAX * (BATCHES_UNDER_WAY_MAX + 1) + QUEUE_BYTES_MAX <= 60 << 20);
