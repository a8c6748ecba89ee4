//! A view as the flat JSON that is published.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::view::{Value, View};

/// A view and when it was told.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a, V> {
    /// Seconds since 1970, by the node's clock.
    pub ts: i64,
    /// Of this topic since the agent started: larger is newer.
    pub seq: u64,
    /// What is told.
    pub view: &'a V,
}

impl<V: View> Serialize for Json<'_, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(V::FIELDS.len() + 2))?;
        map.serialize_entry("ts", &self.ts)?;
        map.serialize_entry("seq", &self.seq)?;
        for (at, field) in V::FIELDS.iter().enumerate() {
            match self.view.value(at) {
                Value::Unknown => map.serialize_entry(field.key, &())?,
                Value::Number(x) => map.serialize_entry(field.key, &rounded(x))?,
                Value::Whole(x) => map.serialize_entry(field.key, &x)?,
                Value::Signed(x) => map.serialize_entry(field.key, &x)?,
                Value::Flag(x) => map.serialize_entry(field.key, &x)?,
                Value::Text(x) => map.serialize_entry(field.key, x)?,
            }
        }
        map.end()
    }
}

/// Five significant digits are more than any sensor has; the rest is noise on the wire and in people's databases.
fn rounded(x: f32) -> f64 {
    // By way of text: a logarithm would be all that the daemon needs of the mathematical library.
    format!("{x:.4e}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn numbers_have_five_digits() {
        for (x, text) in [(41.300_003, "41.3"), (0.0, "0.0"), (1_234_567.0, "1234600.0"), (0.000_123_456, "0.00012346")]
        {
            assert_eq!(serde_json::to_string(&rounded(x)).unwrap(), text);
        }
        assert!(rounded(f32::MAX).is_finite() && rounded(f32::MIN_POSITIVE).is_finite());
    }
}
