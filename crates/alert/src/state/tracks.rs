//! What is remembered of an object's rules, sorted by rule. Of a fleet's tens of thousands of objects most have two or
//! three: a tree would give each the room of eleven.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::track::Track;
use crate::ids::RuleId;

/// See the module. Written as a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tracks(Vec<(RuleId, Track)>);

impl Tracks {
    fn find(&self, rule: &RuleId) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(rule))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, rule: &RuleId) -> Option<&Track> {
        self.find(rule).ok().and_then(|at| self.0.get(at)).map(|(_, track)| track)
    }

    pub(crate) fn get_mut(&mut self, rule: &RuleId) -> Option<&mut Track> {
        self.find(rule).ok().and_then(|at| self.0.get_mut(at)).map(|(_, track)| track)
    }

    /// The rule's track, a new one if there is none.
    pub(crate) fn begun(&mut self, rule: &RuleId) -> &mut Track {
        let at = self.find(rule).unwrap_or_else(|at| {
            // No room for more: most never have more.
            self.0.reserve_exact(1);
            self.0.insert(at, (rule.clone(), Track::default()));
            at
        });
        &mut self.0[at].1
    }

    pub(crate) fn remove(&mut self, rule: &RuleId) {
        self.retain(|known, _| known != rule);
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&RuleId, &mut Track) -> bool) {
        let before = self.0.len();
        self.0.retain_mut(|(rule, track)| stays(rule, track));
        if self.0.len() < before {
            self.0.shrink_to_fit();
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&RuleId, &Track)> {
        self.0.iter().map(|(rule, track)| (rule, track))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&RuleId, &mut Track)> {
        self.0.iter_mut().map(|(rule, track)| (&*rule, track))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Track> {
        self.0.iter_mut().map(|(_, track)| track)
    }
}

impl Serialize for Tracks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tracks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<RuleId, Track>::deserialize(deserializer)?;
        let mut tracks: Vec<_> = map.into_iter().collect();
        tracks.shrink_to_fit();
        Ok(Self(tracks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Phase;

    #[test]
    fn tracks_are_a_map_without_room_to_spare() {
        let mut tracks = Tracks::default();
        for name in ["c", "a", "b", "a"] {
            tracks.begun(&name.into()).flaps += 1;
            assert_eq!(tracks.0.capacity(), tracks.0.len());
        }
        let all: Vec<_> = tracks.iter().map(|(rule, track)| (rule.as_str(), track.flaps)).collect();
        assert_eq!(all, [("a", 2), ("b", 1), ("c", 1)]);
        tracks.values_mut().for_each(|track| track.phase = Phase::Pending);
        tracks.remove(&"b".into());
        assert_eq!((tracks.get(&"b".into()), tracks.0.capacity()), (None, 2));
        assert!(tracks.get_mut(&"c".into()).is_some_and(|track| track.phase == Phase::Pending));
        tracks.retain(|_, _| false);
        assert!(tracks.is_empty() && tracks.0.capacity() == 0);
    }

    #[test]
    fn tracks_are_written_as_a_map() {
        let mut tracks = Tracks::default();
        ["b", "a"].iter().for_each(|name| tracks.begun(&(*name).into()).flaps = 3);
        let text = serde_json::to_string(&tracks).unwrap();
        assert!(text.starts_with(r#"{"a":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Tracks>(&text).unwrap(), tracks);
    }
}
