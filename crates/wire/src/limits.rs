//! What is bounded, and why at this number.

/// Of a text in a view: longer than any disk's model or serial, short enough that a whole view fits a page.
pub const TEXT_BYTES_MAX: usize = 128;
/// Of an id in a topic.
pub const ID_BYTES_MAX: usize = 64;
/// Of a frame or a record, and of what is taken in from anybody: what small brokers accept by default.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// Of a request for a certificate: one with eight long names has half of it.
pub const REQUEST_BYTES_MAX: usize = 4 << 10;
/// Of parts in one message.
pub const PARTS_MAX: usize = 512;
/// Of one view as a part: sixteen texts and as many numbers, and room.
pub const SAMPLE_BYTES_MAX: usize = 4 << 10;
