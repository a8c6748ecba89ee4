//! One connection that is made and ended: whether a broker lets in whom the configuration names.

use std::time::Duration;

use rumqttc::mqttbytes::v5::Packet;
use rumqttc::{AsyncClient, Event};

use super::mqtt::options;
use super::talk::said;
use crate::config::Output;

/// Names, handshake and answer; people wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects once, says nothing, and leaves.
///
/// # Errors
///
/// Why there is no connection, in words.
pub fn try_out(output: &Output) -> Result<(), String> {
    // Not the node's own name: its daemon may be connected by it.
    let options = options(output, &format!("atalaya-setup-{}", std::process::id()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| format!("cannot start: {err}"))?;
    let (client, mut events) = AsyncClient::builder(options).capacity(1).build();
    let meet = async {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => break,
                Ok(_) => {}
                Err(err) => return Err(said(&err)),
            }
        }
        // Whether it is heard makes no difference.
        let _ = client.try_disconnect();
        let _ = tokio::time::timeout(Duration::from_secs(1), async { while events.poll().await.is_ok() {} }).await;
        Ok(())
    };
    let met = runtime.block_on(async { tokio::time::timeout(PATIENCE, meet).await });
    met.unwrap_or_else(|_| Err("it does not answer".into()))
}
