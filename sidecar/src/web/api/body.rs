//! What comes with a request: a path, a query, JSON. What is not as the document has it is refused with where and why.

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

use super::problem::Problem;
use super::query::Query;

/// A body of JSON. Types that it is read as deny unknown fields.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let (name, title) = ("unsupported-media-type", "The body is of no type that is read here");
            let detail = "send JSON, with Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, name, title, detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|why| unread(&why))?;
        json(&bytes).map(Self)
    }
}

fn unread(why: &BytesRejection) -> Problem {
    match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", why.body_text())
        }
        _ => Problem::field("body", why.body_text()),
    }
}

/// What is wrong: with what stands there, the field says where; with JSON itself, its line.
fn said(why: &serde_json::Error) -> String {
    let text = why.to_string();
    if why.is_data() { text.split(" at line ").next().unwrap_or_default().to_owned() } else { text }
}

/// Reads JSON; a refusal says which field.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|why| {
        let path = why.path().to_string();
        let field = if path == "." || path == "?" { "body" } else { &path };
        Problem::field(field, said(why.inner()))
    })?;
    reader.end().map_err(|why| Problem::field("body", why.to_string()))?;
    Ok(read)
}

/// What stands behind the question mark: the keys that `P` documents, and no others.
#[derive(Debug)]
pub(super) struct Asked<P> {
    pub(super) query: Query,
    _keys: PhantomData<P>,
}

impl<P: IntoParams + Send, S: Send + Sync> FromRequestParts<S> for Asked<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let pairs = pairs.map_err(|why| Problem::field("query", why.body_text()))?.0;
        let keys = P::into_params(|| None);
        let names = |lists: bool| -> Vec<&str> {
            let such = keys.iter().filter(|key| key.schema.as_ref().is_some_and(is_list) == lists);
            such.map(|key| key.name.as_str()).collect()
        };
        let query = Query::new(pairs, &names(false), &names(true))?;
        for key in &keys {
            let most = key.schema.as_ref().and_then(length_max).unwrap_or(usize::MAX);
            query.all(&key.name).try_for_each(|text| within(&key.name, text, &(0..=most)))?;
        }
        Ok(Self { query, _keys: PhantomData })
    }
}

/// Nothing may stand there.
#[derive(Debug, IntoParams)]
pub(super) struct Nothing {}

fn is_list(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Array(array)) if array.schema_type == SchemaType::Type(Type::Array))
}

/// As the document says it.
fn length_max(schema: &RefOr<Schema>) -> Option<usize> {
    match schema {
        RefOr::T(Schema::Object(text)) => text.max_length,
        _ => None,
    }
}

/// Parts of the path.
#[derive(Debug)]
pub(super) struct Place<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let place = axum::extract::Path::from_request_parts(parts, state).await;
        // What is no number, or no text, names nothing.
        place.map(|axum::extract::Path(place)| Self(place)).map_err(|why| Problem::missing(why.body_text()))
    }
}

/// Refuses a text that is shorter or longer; lengths are of characters.
pub(super) fn within(field: &str, text: &str, bounds: &RangeInclusive<usize>) -> Result<(), Problem> {
    if bounds.contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Problem::field(field, format!("must have {} to {} characters", bounds.start(), bounds.end())))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Wish {
        text: String,
        matcher: Option<Matcher>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Matcher {
        hours: u32,
    }

    #[test]
    fn a_body_is_refused_with_the_field_that_is_wrong() {
        assert!(json::<Wish>(br#"{"text":"x","matcher":{"hours":1}}"#).is_ok());
        for (body, field) in [
            ("", "body"),
            ("{", "body"),
            ("[]", "body"),
            ("null", "body"),
            ("{}", "body"),
            (r#"{"text":1}"#, "text"),
            (r#"{"text":"x","colour":"red"}"#, "colour"),
            (r#"{"text":"x","matcher":{"hours":-1}}"#, "matcher.hours"),
            (r#"{"text":"x"} {}"#, "body"),
        ] {
            let why = serde_json::to_value(json::<Wish>(body.as_bytes()).unwrap_err()).unwrap();
            assert_eq!(why["errors"][0]["field"], field, "{body}: {why}");
        }
    }
}
