//! Hears the alerts that the sidecar tells over MQTT.

use std::rc::Rc;
use std::time::Duration;

use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{Packet, SubscribeFilter};
use rumqttc::{AsyncClient, Event};

use crate::shared::Shared;

/// The rule that a failing disk breaks.
const RULE: &str = "disk-failing";

#[derive(serde::Deserialize)]
struct Alert {
    event_type: String,
    node: String,
    rule: String,
}

/// Notes when each node's alert came, for ever.
pub(crate) async fn listen(shared: Rc<Shared>, topic: String) {
    let options = shared.terms.options("atalaya-load-ears");
    let (client, mut events) = AsyncClient::builder(options).capacity(8).build();
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let _ = client.try_subscribe_many([SubscribeFilter::new(&topic, QoS::AtLeastOnce)]);
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let Ok(alert) = serde_json::from_slice::<Alert>(&publish.payload) else { continue };
                if alert.rule == RULE && alert.event_type == "firing" {
                    shared.heard.borrow_mut().entry(alert.node).or_insert_with(|| shared.now());
                }
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}
