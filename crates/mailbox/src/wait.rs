//! Waiting for a mail: by `IDLE` (RFC 2177), or by asking now and then.

use std::time::Duration;

use async_imap::imap_proto::{Response, Status};
use tokio::time::{Instant, sleep, timeout};

use crate::failed::Failed;
use crate::limits::{COMMAND, IDLE, POLL, TALK_BYTES_MAX};
use crate::mailbox::Mailbox;

/// Why the wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// There is a new mail.
    Mail,
    /// The time is over.
    Time,
}

impl Mailbox {
    /// Waits for a mail in the folder of the last round, for at most `time`. The connection is kept up meanwhile.
    ///
    /// # Errors
    ///
    /// See [`Failed`].
    pub async fn wait(&mut self, time: Duration) -> Result<Woken, Failed> {
        self.wait_by(time, IDLE, POLL).await
    }

    pub(crate) async fn wait_by(&mut self, time: Duration, idle: Duration, poll: Duration) -> Result<Woken, Failed> {
        let until = Instant::now() + time;
        // What came since the round began counts.
        while !self.seen.grew {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Woken::Time);
            }
            if self.idles {
                self.idle(left.min(idle)).await?;
            } else {
                sleep(left.min(poll)).await;
                self.ask("NOOP", TALK_BYTES_MAX, 0, |_| {}).await?;
            }
        }
        Ok(Woken::Mail)
    }

    /// One `IDLE`. It is ended by whoever it is that has something to say.
    async fn idle(&mut self, time: Duration) -> Result<(), Failed> {
        self.session.get_mut().allow(TALK_BYTES_MAX, 0);
        let asked = self.session.run_command("IDLE").await.map_err(|err| Failed::of(&err))?;
        let begun = timeout(
            COMMAND,
            self.until(|response| match response {
                Response::Continue(_) => Some(true),
                Response::Done { tag, .. } if *tag == asked => Some(false),
                _ => None,
            }),
        );
        if !begun.await.map_err(|_| Failed::slow())?? {
            // It offered it and refuses it: it is asked now and then instead.
            self.idles = false;
            return Ok(());
        }
        if !self.seen.grew {
            let quiet = timeout(time, self.until_grown()).await;
            quiet.unwrap_or(Ok(()))?;
        }
        self.session.run_command_untagged("DONE").await.map_err(|err| Failed::of(&err))?;
        let ended = timeout(
            COMMAND,
            self.until(|response| match response {
                Response::Done { tag, status, .. } if *tag == asked => Some(matches!(status, Status::Ok)),
                _ => None,
            }),
        );
        if ended.await.map_err(|_| Failed::slow())?? { Ok(()) } else { Err(self.hung_up()) }
    }

    async fn until_grown(&mut self) -> Result<(), Failed> {
        while !self.seen.grew {
            self.until(|_| Some(true)).await?;
        }
        Ok(())
    }

    /// Reads on until an answer is the one that is waited for. It can be stopped at any moment: what was read of the
    /// next answer is kept by the library.
    async fn until(&mut self, mut is_it: impl FnMut(&Response<'_>) -> Option<bool>) -> Result<bool, Failed> {
        loop {
            let response = self.session.read_response().await.map_err(|err| Failed::of_io(&err))?;
            let Some(response) = response else { return Err(self.hung_up()) };
            self.seen.note(response.parsed());
            if self.seen.bye {
                return Err(self.hung_up());
            }
            if let Some(found) = is_it(response.parsed()) {
                return Ok(found);
            }
        }
    }
}
