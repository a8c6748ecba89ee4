//! The document and the routes say the same.

use super::*;

#[test]
fn the_document_is_whole() {
    let (_, document) = described();
    let text = serde_json::to_value(&document).unwrap();
    assert_eq!(text["openapi"], "3.1.0");
    let references = text.to_string();
    for reference in references.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(!text["components"]["schemas"][name].is_null(), "{name} is described nowhere");
    }
}

/// The document has one schema of a name: with two, whichever comes last would describe both.
#[test]
fn no_two_schemas_have_one_name() {
    let mut known = std::collections::BTreeMap::new();
    let begun = document::beginning().components.unwrap_or_default().schemas;
    let of_routes = all().into_iter().flat_map(|(schemas, ..)| schemas);
    for (name, schema) in begun.into_iter().chain(of_routes) {
        let text = serde_json::to_value(&schema).unwrap();
        let first = known.entry(name.clone()).or_insert_with(|| text.clone());
        assert_eq!(*first, text, "{name}");
    }
    assert!(known.len() > 20, "{known:?}");
}
