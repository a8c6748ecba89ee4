//! Buckets that keep every version of a name: the oldest is the one that counts.
//!
//! Whoever may put can put over a name, and with object lock nobody can remove what was there: it is the oldest version. Who
//! may delete leaves a mark, behind which nothing counts, and whoever may only put cannot make one. So a name is there if
//! its newest version is no mark, and what is read is the oldest one before any.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Mutex;

use super::BucketStore;
use super::limits::{BUCKET_PAGE_OBJECTS, BUCKET_VERSIONS_KNOWN_MAX};
use super::page::{Object, Page, decoded};
use super::xml;
use crate::{Result, locked};

/// Versions that were looked for, so that a pack that is read in parts is looked for once.
#[derive(Default)]
pub(super) struct Versions(Mutex<BTreeMap<String, Object>>);

impl BucketStore {
    /// The version of `name` that counts, or did when it was looked for last: it holds the same for good.
    pub(super) fn oldest_known(&self, name: &str) -> Result<Option<Object>> {
        if let Some(known) = locked(&self.versions.0).get(name) {
            return Ok(Some(known.clone()));
        }
        self.oldest(name)
    }

    /// The version of `name` that counts now: somebody else may have deleted it since it was looked for last.
    pub(super) fn oldest(&self, name: &str) -> Result<Option<Object>> {
        let (key, what) = (self.http.url().key(name), format!("look at {name}"));
        let (mut token, mut counts, mut found) = (None, Counts::default(), None);
        loop {
            let page = self.page_again(&what, &key, token.as_deref(), BUCKET_PAGE_OBJECTS)?;
            // Its own versions come before all other names that begin as it does.
            let is_last = page.next.is_none() || page.objects.last().is_some_and(|last| last.key != key);
            page.objects.into_iter().filter(|one| one.key == key).for_each(|one| counts.add(&mut found, one));
            if is_last {
                break;
            }
            if page.next == token {
                return Err(self.nonsense(&what, "a listing without an end"));
            }
            token = page.next;
        }
        let mut known = locked(&self.versions.0);
        known.remove(name);
        if let Some(found) = &found {
            if known.len() >= BUCKET_VERSIONS_KNOWN_MAX {
                known.clear();
            }
            known.insert(name.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// What was known of `name` does not hold any more.
    pub(super) fn forget_version(&self, name: &str) {
        locked(&self.versions.0).remove(name);
    }
}

/// Finds among the versions of one key, the newest first, the one that counts.
#[derive(Default)]
pub(super) struct Counts {
    is_over: bool,
}

impl Counts {
    pub(super) fn add(&mut self, found: &mut Option<Object>, one: Object) {
        self.is_over |= one.is_mark;
        if !self.is_over {
            *found = Some(one);
        }
    }
}

/// Between key and version in what the next page is asked for with; neither has it.
pub(super) const BETWEEN: char = '\n';

/// Reads a page (`ListObjectVersions`) that was asked for with `encoding-type=url`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(from: &mut dyn BufRead) -> std::result::Result<Page, String> {
    let mut page = Page::default();
    let (mut one, mut len) = (Object::default(), None);
    // When each was made, and whether it is the newest; servers there are that list marks behind all versions.
    let (mut made, mut latest, mut found) = (String::new(), false, Vec::new());
    let (mut more, mut next) = (false, [String::new(), String::new()]);
    xml::read(from, &mut |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["ListVersionsResult", "Version" | "DeleteMarker", "Key"] => one.key = decoded(text),
            ["ListVersionsResult", "Version" | "DeleteMarker", "VersionId"] => text.clone_into(&mut one.version),
            ["ListVersionsResult", "Version" | "DeleteMarker", "LastModified"] => text.clone_into(&mut made),
            ["ListVersionsResult", "Version" | "DeleteMarker", "IsLatest"] => latest = text.trim() == "true",
            ["ListVersionsResult", "Version", "Size"] => {
                len = Some(text.trim().parse().map_err(|_| "a length is no number".to_owned())?);
            }
            ["ListVersionsResult", kind @ ("Version" | "DeleteMarker")] => {
                one.is_mark = kind == "DeleteMarker";
                one.len = len.take().unwrap_or_default();
                if one.key.is_empty() || one.version.is_empty() {
                    return Err("a version has no key or no name".to_owned());
                }
                found.push((std::mem::take(&mut one), std::mem::take(&mut made), std::mem::take(&mut latest)));
            }
            ["ListVersionsResult", "IsTruncated"] => more = text.trim() == "true",
            ["ListVersionsResult", "NextKeyMarker"] => next[0] = decoded(text),
            ["ListVersionsResult", "NextVersionIdMarker"] => text.clone_into(&mut next[1]),
            ["ListVersionsResult"] => {}
            [other] => return Err(format!("it is a {other:?}")),
            _ => {}
        }
        Ok(())
    })?;
    // What is in its order stays so.
    found.sort_by(|(one, made, latest), (other, before, newest)| {
        (&one.key, before, newest).cmp(&(&other.key, made, latest))
    });
    page.objects = found.into_iter().map(|(one, ..)| one).collect();
    let [key, version] = next;
    page.next = more.then(|| if key.is_empty() { key } else { format!("{key}{BETWEEN}{version}") });
    page.checked()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> std::result::Result<Page, String> {
        read(&mut format!("<ListVersionsResult>{inside}</ListVersionsResult>").as_bytes())
    }

    #[test]
    fn pages() {
        let version = "<Version><Key>a%2Fb</Key><VersionId>v2</VersionId><Size>7</Size></Version>";
        let mark = "<DeleteMarker><Key>c</Key><VersionId>m</VersionId></DeleteMarker>";
        let next = "<NextKeyMarker>c</NextKeyMarker><NextVersionIdMarker>m</NextVersionIdMarker>";
        let page = of(&format!("<IsTruncated>true</IsTruncated>{version}{mark}{next}")).unwrap_or_default();
        let one = Object { key: "a/b".to_owned(), len: 7, version: "v2".to_owned(), is_mark: false };
        let other = Object { key: "c".to_owned(), len: 0, version: "m".to_owned(), is_mark: true };
        assert_eq!(page, Page { objects: vec![one, other], next: Some("c\nm".to_owned()) });
        // As moto has it: marks behind everything, and times in seconds.
        let at = |kind: &str, key: &str, name: &str, time: &str, latest: bool| {
            format!(
                "<{kind}><Key>{key}</Key><VersionId>{name}</VersionId><IsLatest>{latest}</IsLatest><LastModified>{time}</LastModified><Size>1</Size></{kind}>"
            )
        };
        let page = of(&[
            at("Version", "a", "2", "2026-01-02", true),
            at("Version", "a", "1", "2026-01-01", false),
            at("Version", "b", "1", "2026-01-01", false),
            at("DeleteMarker", "a", "m", "2026-01-01", false),
            at("DeleteMarker", "b", "m", "2026-01-01", true),
        ]
        .concat());
        let names: Vec<String> =
            page.unwrap_or_default().objects.into_iter().map(|one| one.key + &one.version).collect();
        assert_eq!(names, ["a2", "a1", "am", "bm", "b1"]);
        for bad in ["<IsTruncated>true</IsTruncated>", "<Version><Key>a</Key><Size>1</Size></Version>"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(read(&mut b"<ListBucketResult/>".as_slice()).is_err());
    }

    #[test]
    fn the_oldest_before_any_mark_counts() {
        for (versions, counts) in
            [("3 2 1", "1"), ("2", "2"), ("4 m 2 1", "4"), ("5 4 m 2", "4"), ("m 2 1", "-"), ("m", "-"), ("", "-")]
        {
            let (mut found, mut rule) = (None, Counts::default());
            for name in versions.split_whitespace() {
                rule.add(&mut found, Object { version: name.to_owned(), is_mark: name == "m", ..Object::default() });
            }
            assert_eq!(found.map_or("-".to_owned(), |one: Object| one.version), counts, "{versions}");
        }
    }
}
