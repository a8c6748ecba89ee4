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
