//! The database as a whole: for who has the machine.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Acts, By, Refused};
use crate::db::{self, Row, Shrunk};
use crate::error::{Error, Kind};

impl Acts {
    /// Gives free space of the database back to the disk; takes as long as there is much of it.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn vacuum(&self, by: &By) -> Result<Shrunk, Refused> {
        by.has_machine("atalaya-sidecar db vacuum")?;
        if let Some(why) = self.desk.health().problem {
            // It goes on between batches, and none is written.
            return Err(Refused::new(Kind::Full, format!("nothing can be written now: {why}")));
        }
        let shrunk = self.vacuum.run().await?;
        let detail = format!("{} to {} bytes", shrunk.before, shrunk.after);
        self.note(by, "database.vacuum", String::new(), detail).await?;
        Ok(shrunk)
    }

    /// Copies the database to a file that is not there yet, by its whole path; gives its bytes.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn backup(&self, by: &By, to: PathBuf) -> Result<u64, Refused> {
        by.has_machine("atalaya-sidecar db backup FILE")?;
        let busy = |_| Refused::new(Kind::InUse, "a copy is being made already; wait until it is done");
        let place = Arc::clone(&self.copying).try_lock_owned().map_err(busy)?;
        let (folder, file) = (self.folder.clone(), to.clone());
        let made = tokio::task::spawn_blocking(move || {
            // Kept until it is done, even if nobody waits any more.
            let _place = place;
            db::backup(&folder, &file)
        });
        let bytes = made.await.map_err(|err| Error::new(Kind::Internal, format!("copying failed: {err}")))??;
        self.note(by, "database.backup", to.display().to_string(), format!("{bytes} bytes")).await?;
        Ok(bytes)
    }

    async fn note(&self, by: &By, what: &str, target: String, detail: String) -> Result<(), Refused> {
        let line = by.who().did(self.now().seconds(), what, target, detail);
        Ok(self.desk.write(vec![Row::Audit(line)]).await?)
    }
}
