//! What a registry answers about a domain (RFC 9083, 5.3).

use atalaya_renew::limits::{DAY_SECONDS, short};
use atalaya_renew::{Ends, Found, Kind, Trouble};
use serde::Deserialize;
use serde_json::Value;

use crate::http::Answer;
use crate::{epp, names, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Domain {
    ldh_name: String,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_action: String,
    event_date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    #[serde(default)]
    roles: Vec<String>,
    /// jCard (RFC 7095): `["vcard", [[name, parameters, type, value], …]]`.
    #[serde(default)]
    vcard_array: Value,
}

/// What an answer says of the domain `name`.
pub(super) fn judge(answer: &Answer, name: &str) -> Result<Found, Trouble> {
    if let Some(odd) = answer.odd() {
        return Err(odd);
    }
    match answer.status {
        200 => read(answer.json()?, name),
        404 => {
            let why = "its registry knows no such domain: is it written right, or is it gone?";
            Ok(Found::new(Kind::Domain, name, Ends::Unknown(why.into())))
        }
        429 => Err(Trouble::Busy { after: answer.busy() }),
        401 | 403 => Err(Trouble::NotEntitled(format!("it answers not everybody ({})", answer.status))),
        status => Err(Trouble::Refused(format!("it refuses the question ({status})"))),
    }
}

/// Seconds for which a registry wants to be left alone.
pub(super) fn wait(answer: &Answer) -> i64 {
    if answer.status == 429 { answer.busy().into() } else { 0 }
}

fn read(domain: Domain, name: &str) -> Result<Found, Trouble> {
    if !domain.ldh_name.trim_end_matches('.').eq_ignore_ascii_case(name) {
        return Err(names::another());
    }
    let when = |action: &str| {
        let event = domain.events.iter().find(|event| event.event_action.eq_ignore_ascii_case(action))?;
        Some(time::seconds(&event.event_date))
    };
    let ends = match when("expiration") {
        Some(Ok(at)) => Ends::At(at),
        Some(Err(why)) => Ends::Unknown(format!("its registry's date cannot be read: {why}")),
        None => Ends::Unknown("its registry tells about it, but not when it ends; type the date by hand".into()),
    };
    // Whoever renewed it since does not show: a life is known to begin then only while it is the first.
    let registered = when("registration").and_then(Result::ok);
    let begun = registered.filter(|begun| matches!(ends, Ends::At(end) if end - begun <= 366 * DAY_SECONDS));
    let registrar = domain.entities.iter().find(|entity| entity.roles.iter().any(|role| role == "registrar"));
    let note = registrar.and_then(Entity::name).map_or_else(String::new, |name| format!("registrar {name}"));
    let flags = epp::flags(domain.status.iter().map(String::as_str));
    Ok(Found { begun, flags, note: short(&note), ..Found::new(Kind::Domain, name, ends) })
}

impl Entity {
    fn name(&self) -> Option<&str> {
        let properties = self.vcard_array.get(1)?.as_array()?;
        let full = properties.iter().find(|property| property.get(0).is_some_and(|name| name == "fn"))?;
        full.get(3)?.as_str()
    }
}
