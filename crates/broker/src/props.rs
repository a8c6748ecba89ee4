//! Properties of a retained message as JSON, and back.

use mqtt5::{Properties, PropertyId, PropertyValue};
use serde_json::{Map, Value, json};

/// Those that belong to the message; what belongs to a connection is left out.
pub(crate) fn to_json(properties: &Properties) -> String {
    let mut map = Map::new();
    let mut user = Vec::new();
    for (id, value) in properties.iter() {
        match (id, value) {
            (PropertyId::UserProperty, PropertyValue::Utf8StringPair(name, value)) => user.push(json!([name, value])),
            (PropertyId::ContentType, PropertyValue::Utf8String(text)) => {
                drop(map.insert("content_type".into(), json!(text)))
            }
            (PropertyId::ResponseTopic, PropertyValue::Utf8String(text)) => {
                drop(map.insert("response_topic".into(), json!(text)))
            }
            (PropertyId::CorrelationData, PropertyValue::BinaryData(data)) => {
                let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
                map.insert("correlation".into(), json!(hex));
            }
            (PropertyId::PayloadFormatIndicator, PropertyValue::Byte(format)) => {
                drop(map.insert("text".into(), json!(*format == 1)))
            }
            _ => {}
        }
    }
    if !user.is_empty() {
        map.insert("user".into(), Value::Array(user));
    }
    Value::Object(map).to_string()
}

/// What cannot be read is left out: a property less is better than a message less.
pub(crate) fn from_json(text: &str, properties: &mut Properties) {
    let Ok(Value::Object(map)) = serde_json::from_str(text) else { return };
    for pair in map.get("user").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1).and_then(Value::as_str)) {
            properties.add_user_property(name.to_owned(), value.to_owned());
        }
    }
    let string = |name| map.get(name).and_then(Value::as_str);
    if let Some(kind) = string("content_type") {
        properties.set_content_type(kind.to_owned());
    }
    if let Some(topic) = string("response_topic") {
        properties.set_response_topic(topic.to_owned());
    }
    if let Some(data) = string("correlation").and_then(unhex) {
        properties.set_correlation_data(data.into());
    }
    if let Some(text) = map.get("text").and_then(Value::as_bool) {
        properties.set_payload_format_indicator(text);
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .map(|byte| u8::try_from(byte).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_come_back_and_rubbish_is_left_out() {
        let text = r#"{"content_type":"a","correlation":"00ff","response_topic":"b","text":false,"user":[["k","v"],["k","w"]]}"#;
        let mut properties = Properties::new();
        from_json(text, &mut properties);
        assert_eq!(to_json(&properties), text);
        for bad in ["", "[]", "{", r#"{"user":[1,["a"],"x"],"correlation":"0g","text":3}"#] {
            let mut properties = Properties::new();
            from_json(bad, &mut properties);
            assert_eq!(to_json(&properties), "{}", "{bad}");
        }
    }
}
