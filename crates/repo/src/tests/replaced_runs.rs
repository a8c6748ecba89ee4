//! Runs that a maintainer merged into one, and that may then be gone: no loss.

use super::lab::Lab;
use crate::backup::cover::{self, Cover};
use crate::index::IndexSet;
use crate::names::{self, BlobType};

const SNAPSHOT: [u8; 16] = [3; 16];

fn look(lab: &Lab, set: &IndexSet) -> Cover {
    cover::look(lab.repo.state(), set, "job", lab.state.path()).unwrap()
}

fn pack(lab: &Lab, n: u8) -> crate::tests::lab::Pack {
    lab.pack(BlobType::Data, &[vec![n; 100]])
}

/// Also where a copy of the merged run was merged further in the state folder, which happens once there are many.
#[test]
fn a_run_that_another_replaces_is_no_loss() {
    for later in [0, 40] {
        let lab = Lab::new();
        let keyring = &lab.repo.keyring;
        let old: Vec<_> = (0..3).map(|n| pack(&lab, n)).collect();
        let mut ids: Vec<[u8; 16]> = Vec::new();
        for pack in &old {
            let (id, bytes) = Lab::run(keyring, std::slice::from_ref(pack), &[]);
            lab.put_run(&id, &bytes);
            ids.push(id);
        }
        let set = lab.repo.index().unwrap();
        assert_eq!(look(&lab, &set), Cover::Unknown);
        cover::remember(lab.repo.state(), &set, "job", lab.state.path(), &SNAPSHOT).unwrap();
        assert_eq!(look(&lab, &set), Cover::Whole(SNAPSHOT));
        let (id, bytes) = Lab::run(keyring, &old[..2], &ids[..2]);
        lab.put_run(&id, &bytes);
        for n in 0..later {
            let (id, bytes) = Lab::run(keyring, &[pack(&lab, 10 + n)], &[]);
            lab.put_run(&id, &bytes);
        }
        assert_eq!(look(&lab, &lab.repo.index().unwrap()), Cover::Whole(SNAPSHOT), "{later}");
        ids[..2].iter().for_each(|id| lab.store.lose(&names::object(names::INDEX, id)).unwrap());
        for _ in 0..2 {
            let set = lab.repo.index().unwrap();
            assert!(later == 0 || set.runs.len() < 9, "some were merged");
            assert_eq!(look(&lab, &set), Cover::Whole(SNAPSHOT), "{later}");
        }
        // The third is replaced by nobody.
        lab.store.lose(&names::object(names::INDEX, &ids[2])).unwrap();
        assert_eq!(look(&lab, &lab.repo.index().unwrap()), Cover::Lacking(1), "{later}");
        // And with the run that replaced the others all are gone.
        lab.store.lose(&names::object(names::INDEX, &id)).unwrap();
        assert_eq!(look(&lab, &lab.repo.index().unwrap()), Cover::Lacking(3), "{later}");
    }
}
