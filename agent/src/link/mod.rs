//! The way to a broker, behind a trait: the daemon never waits for it, and tests need none.

mod mqtt;
mod talk;
mod trial;

use async_channel::Sender;

pub use mqtt::{Mqtt, Subscription, Terms, Will};
pub use trial::try_out;

/// Something to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Where.
    pub topic: String,
    /// What; empty and retained removes what was there.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// Given back in [`Heard::Delivered`] once the broker has it.
    pub token: Option<u64>,
}

/// What comes from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A connection was made; nothing that was offered before counts as sent.
    Up,
    /// There is none any more, or none could be made, and why.
    Down(String),
    /// A message on a topic that was subscribed to.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Vec<u8>,
        /// Whether the broker had kept it.
        retained: bool,
    },
    /// The broker has what was offered with this token.
    Delivered(u64),
    /// The broker does not want what was offered, and why: it is not there.
    Denied(String),
    /// There is room for more.
    Room,
}

/// One connection, kept up by itself.
pub trait Link {
    /// Takes a message, or hands it back when there is no connection or no room. Never waits.
    ///
    /// # Errors
    ///
    /// The message.
    fn offer(&self, out: Out) -> Result<(), Out>;

    /// Another client has our id, and we put each other out: from now on a lost connection is made anew ever more rarely.
    fn has_rival(&self);

    /// Takes nothing more, and says goodbye after what was taken has gone out.
    fn close(&self);

    /// Says goodbye, after what was taken has gone out or `deadline` has passed.
    fn stop(&mut self, deadline: std::time::Duration);
}

/// Where a link tells what it hears: its number and that.
pub type Ear = Sender<(usize, Heard)>;
