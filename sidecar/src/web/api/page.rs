//! Lists, a page at a time. A page ends with a cursor that says behind what the next begins, by what the list is sorted by:
//! so nothing is left out or comes twice when something is added meanwhile.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::Problem;
use super::query::Query;

/// Without `limit`.
const ITEMS: usize = 100;
/// See `limit`.
pub(super) const ITEMS_MAX: usize = 500;
/// Of a cursor.
const CURSOR_BYTES_MAX: usize = 1024;

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// What is in it.
    items: Vec<T>,
    /// What to give as `cursor` for what follows; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice<K> {
    /// So many items.
    pub(super) limit: usize,
    /// What follows this.
    pub(super) after: Option<K>,
}

impl<K: DeserializeOwned> Slice<K> {
    /// What `limit` and `cursor` say.
    pub(super) fn of(query: &Query) -> Result<Self, Problem> {
        let limit = query.number("limit", &(1..=ITEMS_MAX))?.unwrap_or(ITEMS);
        let after =
            query.one("cursor").map(|text| read(text).ok_or_else(|| Problem::field("cursor", "is none of ours")));
        Ok(Self { limit, after: after.transpose()? })
    }
}

impl<K: Serialize> Slice<K> {
    /// How many to read: one more, to see whether something follows.
    pub(super) fn reads(&self) -> u32 {
        u32::try_from(self.limit).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The page of everything there is, in the order of its keys.
    pub(super) fn page_of<T, S>(
        &self,
        all: impl IntoIterator<Item = S>,
        key: impl Fn(&S) -> K,
        show: impl FnMut(S) -> T,
    ) -> Page<T>
    where
        K: PartialOrd,
    {
        let behind = |one: &S| self.after.as_ref().is_none_or(|after| key(one) > *after);
        let some = all.into_iter().filter(behind).take(self.limit + 1).collect();
        self.page(some, key, show)
    }

    /// The page, of what was read behind `after`, [`Self::reads`] of it or all there is.
    pub(super) fn page<T, S>(&self, mut read: Vec<S>, key: impl Fn(&S) -> K, show: impl FnMut(S) -> T) -> Page<T> {
        let more = read.len() > self.limit;
        read.truncate(self.limit);
        let next = read.last().filter(|_| more).map(|last| write(&key(last)));
        Page { items: read.into_iter().map(show).collect(), next }
    }
}

fn write(key: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read<K: DeserializeOwned>(text: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= CURSOR_BYTES_MAX)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(text: &str) -> Result<Slice<(i64, String)>, Problem> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Slice::of(&Query::new(pairs, &["limit", "cursor"], &[])?)
    }

    #[test]
    fn pages_follow_each_other_until_the_end() {
        let all: Vec<(i64, String)> = (0..7).map(|n| (n / 2, n.to_string())).collect();
        let (mut seen, mut asked) = (Vec::new(), "limit=3".to_owned());
        for expected in [3, 3, 1] {
            let slice = slice(&asked).unwrap();
            let page = slice.page_of(all.clone(), Clone::clone, |one| one);
            assert_eq!(page.items.len(), expected);
            seen.extend(page.items);
            asked = page.next.map_or_else(String::new, |next| format!("limit=3&cursor={next}"));
        }
        assert_eq!((seen, asked.as_str()), (all, ""));
    }

    #[test]
    fn what_is_no_cursor_of_ours_is_refused() {
        assert_eq!(slice("").unwrap(), Slice { limit: ITEMS, after: None });
        let long = format!("cursor={}", "A".repeat(CURSOR_BYTES_MAX + 1));
        for bad in ["limit=0", "limit=501", "limit=x", "cursor=", "cursor=%", "cursor=AAAA", &long] {
            assert!(slice(bad).is_err(), "{bad}");
        }
    }
}
