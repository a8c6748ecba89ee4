//! What somebody may tell a node to do.

use atalaya_wire::Sample;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Look;
use crate::acts::Command;
use crate::web::App;
use crate::web::guard::Reader;
use crate::web::pages::escape;
use crate::web::pages::frame::Frame;
use crate::web::pages::missing;
use crate::web::pages::said;
use crate::web::pages::settings::done;

/// What a node's forms offer.
pub(super) struct Offered {
    /// Its jobs.
    pub(super) jobs: Vec<String>,
    /// Hardware that is gone: view and id, and its name.
    pub(super) gone: Vec<(String, String)>,
}

impl Offered {
    /// `None` for who may not, and for a node that is not there to hear it.
    pub(super) fn new(look: &Look<'_>) -> Option<Self> {
        let is_there = look.node.presence == atalaya_alert::Presence::Online;
        if !look.frame.can_operate || !is_there {
            return None;
        }
        let job = |thing: super::Thing| match thing.sample {
            Sample::Backup(backup) => Some(backup.job.as_deref().map_or(thing.id, str::to_owned)),
            _ => None,
        };
        let mut gone = Vec::new();
        for kind in ["disk", "raid", "fs", "net", "ups"] {
            for thing in look.things(kind).filter(|thing| is_gone(&thing.sample)) {
                let name = said::label(look.frame, &thing.sample).unwrap_or_else(|| thing.id.clone());
                gone.push((format!("{kind}/{}", thing.id), name));
            }
        }
        Some(Self { jobs: look.things("backup").filter_map(job).collect(), gone })
    }
}

/// Whether it may be gone for good, by what an agent says of hardware that it misses. It forgets nothing that is there.
fn is_gone(sample: &Sample) -> bool {
    let (word, gone) = match sample {
        Sample::Disk(disk) => (disk.power.as_deref(), "missing"),
        Sample::FileSystem(fs) => (fs.state.as_deref(), "missing"),
        Sample::Raid(raid) => (raid.state.as_deref(), "inactive"),
        Sample::Ups(ups) => (ups.state.as_deref(), "silent"),
        Sample::Net(net) => return net.up == Some(false),
        _ => return false,
    };
    word == Some(gone)
}

#[derive(Debug, Deserialize)]
pub(in crate::web::pages) struct Told {
    command: String,
    #[serde(default)]
    job: String,
    #[serde(default)]
    object: String,
}

pub(in crate::web::pages) async fn tell(
    State(app): State<App>,
    Path(node): Path<String>,
    Extension(reader): Extension<Reader>,
    frame: Frame,
    Form(told): Form<Told>,
) -> Response {
    let said = |text: String| Some(text).filter(|text| !text.is_empty());
    let Ok(command) = Command::read(&told.command, said(told.job), said(told.object).as_deref()) else {
        return missing().await.into_response();
    };
    let back = format!("/nodes/{}", escape(&node));
    done(&frame, app.shared.acts.command(&reader.by(), &node, command).await, &back, "sent")
}
