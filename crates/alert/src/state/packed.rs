//! A map that is a sorted list without room to spare. Of a fleet's tens of thousands of objects most have two or three rules
//! that something is remembered of: a tree would give each the room of eleven.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// See the module. Written as a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packed<K, V>(Vec<(K, V)>);

impl<K, V> Default for Packed<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Clone, V: Default> Packed<K, V> {
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().and_then(|at| self.0.get_mut(at)).map(|(_, value)| value)
    }

    /// What there is of `key`, begun anew if there is nothing.
    pub(crate) fn begun(&mut self, key: &K) -> &mut V {
        let at = self.find(key).unwrap_or_else(|at| {
            // No room for more: most never have more.
            self.0.reserve_exact(1);
            self.0.insert(at, (key.clone(), V::default()));
            at
        });
        &mut self.0[at].1
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.retain(|known, _| known != key);
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K, &mut V) -> bool) {
        let before = self.0.len();
        self.0.retain_mut(|(key, value)| stays(key, value));
        if self.0.len() < before {
            self.0.shrink_to_fit();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord + Clone + Serialize, V: Default + Serialize> Serialize for Packed<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Packed<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<K, V>::deserialize(deserializer)?;
        let mut list: Vec<_> = map.into_iter().collect();
        list.shrink_to_fit();
        Ok(Self(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_without_room_to_spare() {
        let mut map = Packed::<String, u32>::default();
        for name in ["c", "a", "b", "a"] {
            *map.begun(&name.to_owned()) += 1;
            assert_eq!(map.0.capacity(), map.0.len());
        }
        let all: Vec<_> = map.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(all, [("a", 2), ("b", 1), ("c", 1)]);
        map.values_mut().for_each(|count| *count += 10);
        map.remove(&"b".to_owned());
        assert_eq!((map.get(&"b".to_owned()), map.0.capacity()), (None, 2));
        assert_eq!(map.get_mut(&"c".to_owned()), Some(&mut 11));
        map.retain(|_, _| false);
        assert!(map.is_empty() && map.0.capacity() == 0);
    }

    #[test]
    fn it_is_written_as_a_map() {
        let mut map = Packed::<String, u32>::default();
        ["b", "a"].iter().for_each(|name| *map.begun(&(*name).to_owned()) = 3);
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(text, r#"{"a":3,"b":3}"#);
        assert_eq!(serde_json::from_str::<Packed<String, u32>>(&text).unwrap(), map);
    }
}
