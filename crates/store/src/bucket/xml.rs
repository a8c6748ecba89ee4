//! What servers say in XML, piece by piece and within bounds.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

/// Deepest element: those that are read are the third.
const DEPTH_MAX: usize = 16;

/// Is told of an element that ends: the names that lead to it, and its text.
type End<'a> = &'a mut dyn FnMut(&[String], &str) -> Result<(), String>;

/// Calls `end` at the end of each element with the names that lead to it and with its text. What `from` gives is bounded
/// by the caller, and so is what is held of it.
///
/// # Errors
/// It is no XML, ends too soon, or `end` says so.
pub(super) fn read(from: impl BufRead, end: End<'_>) -> Result<(), String> {
    let mut reader = Reader::from_reader(from);
    let mut buf = Vec::new();
    let (mut path, mut text): (Vec<String>, String) = (Vec::new(), String::new());
    loop {
        buf.clear();
        match reader.read_event_into(&mut buf).map_err(|err| err.to_string())? {
            Event::Start(start) => {
                text.clear();
                enter(&mut path, start.local_name().as_ref())?;
            }
            Event::Empty(start) => {
                enter(&mut path, start.local_name().as_ref())?;
                end(&path, "")?;
                path.pop();
            }
            Event::End(_) => {
                end(&path, &text)?;
                text.clear();
                path.pop();
                if path.is_empty() {
                    return Ok(());
                }
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::CData(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(part) => text.push_str(&meant(&part)?),
            Event::DocType(_) => return Err("it declares a type, which nobody asked for".to_owned()),
            Event::Eof => return Err("it ends too soon".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn enter(path: &mut Vec<String>, name: &str) -> Result<(), String> {
    if path.len() == DEPTH_MAX {
        return Err("its elements lie too deep in one another".to_owned());
    }
    path.push(name.to_owned());
    Ok(())
}

/// `&amp;` and the like.
fn meant(part: &BytesRef<'_>) -> Result<String, String> {
    if let Some(sign) = part.resolve_char_ref().map_err(|err| err.to_string())? {
        return Ok(sign.to_string());
    }
    let name = part.xml10_content();
    resolve_xml_entity(&name).map(str::to_owned).ok_or_else(|| "it names an entity that nobody knows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        read(text.as_bytes(), &mut |path, text| {
            found.push(format!("{}={text}", path.join("/")));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn what_is_read() {
        let text =
            "\u{feff}<?xml version=\"1.0\"?>\n<a xmlns=\"x\"><b>1 &amp; &#50;</b><n:c/><d><![CDATA[<]]></d></a> rest";
        assert_eq!(all(text), Ok(["a/b=1 & 2", "a/c=", "a/d=<", "a="].map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "no xml",
            "<a>",
            "<a><b></a>",
            "<a>&x;</a>",
            "<a>&#xD800;</a>",
            "<!DOCTYPE a []><a/>",
            "<a\u{0}",
            "<a><b>",
        ] {
            assert!(all(text).is_err(), "{text}");
        }
        assert!(all(&"<a>".repeat(1000)).is_err_and(|why| why.contains("too deep")));
    }
}
