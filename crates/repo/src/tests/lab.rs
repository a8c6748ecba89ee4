//! A repository whose objects tests make by hand.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use atalaya_store::{Body, SimStore, Store};
use sha2::{Digest, Sha256};

use crate::check::{CheckOptions, CheckProgress, Sample};
use crate::crypto::{Cipher, Secret, Signer, random};
use crate::index::{Record, RunBuilder};
use crate::keys::{Keyring, Role};
use crate::model::Time;
use crate::names::{self, BlobType};
use crate::pack::{BlobRecord, Encoder, PackInfo, PackWriter};
use crate::snapshot::{self, Catalogue, Info, Private};
use crate::{InitOptions, Repository, Unlock};

const NOW: Time = Time { secs: 1_800_000_000, nanos: 0 };

pub(crate) struct Lab {
    pub(crate) store: Arc<SimStore>,
    pub(crate) state: tempfile::TempDir,
    pub(crate) repo: Repository,
}

/// A pack that is in the store, and its blobs.
pub(crate) type Pack = (PackInfo, Vec<BlobRecord>);

impl Lab {
    pub(crate) fn new() -> Self {
        let store = Arc::new(SimStore::new());
        let options = InitOptions { cipher: Cipher::Aes256Gcm, post_quantum: false, label: String::new(), now: NOW };
        Repository::init(&*store, b"secret", &options).unwrap();
        let state = tempfile::tempdir().unwrap();
        let opened = Arc::clone(&store) as Arc<dyn Store>;
        let repo = Repository::open(opened, Unlock::Passphrase(b"secret"), state.path()).unwrap();
        Self { store, state, repo }
    }

    /// The repository as another member opens it, with a state folder of its own.
    pub(crate) fn member(&mut self, role: Role) -> (Repository, tempfile::TempDir) {
        let (_, file) = self.repo.add_key(role, "member", None, NOW).unwrap();
        let state = tempfile::tempdir().unwrap();
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let repo = Repository::open(store, Unlock::KeyFile(&file.unwrap(), None), state.path()).unwrap();
        (repo, state)
    }

    /// The keyring of somebody who knows everything but the signing key.
    pub(crate) fn impostor(&self) -> Keyring {
        let mut material = self.repo.keyring.material.clone();
        material.sign_seed = Secret(random().unwrap());
        Keyring::new(material, self.repo.keyring.config.clone()).unwrap()
    }

    pub(crate) fn pack(&self, kind: BlobType, blobs: &[Vec<u8>]) -> Pack {
        let keyring = &self.repo.keyring;
        let mut encoder = Encoder::new(crate::pack::Decoder::verifier().unwrap()).unwrap();
        let mut writer = PackWriter::new(keyring, &*self.store, self.state.path(), kind);
        for plain in blobs {
            let id = keyring.blob_id(kind, plain);
            let full = writer.add(id, plain.len(), encoder.encode(plain).unwrap()).unwrap();
            assert!(full.is_none(), "one pack only");
        }
        let pack = writer.finish().unwrap().unwrap();
        self.store.put(&pack.info.name(), Body::File(&pack.spool)).unwrap();
        (pack.info, pack.records)
    }

    /// Bytes of an index run that names `packs`, and its id.
    pub(crate) fn run(keyring: &Keyring, packs: &[Pack], replaced: &[[u8; 16]]) -> ([u8; 16], Vec<u8>) {
        let mut builder = RunBuilder::new(keyring, Vec::new()).unwrap();
        let id = builder.id;
        let mut records: Vec<Record> = Vec::new();
        for (row, (_, blobs)) in packs.iter().enumerate() {
            records.extend(blobs.iter().map(|blob| Record { pack: row as u32, blob: *blob }));
        }
        records.sort_by_key(|record| record.blob.id);
        records.iter().for_each(|record| builder.record(record).unwrap());
        packs.iter().for_each(|(info, _)| builder.pack(info).unwrap());
        (id, builder.finish(replaced, true).unwrap())
    }

    pub(crate) fn put_run(&self, id: &[u8; 16], bytes: &[u8]) -> String {
        let name = names::object(names::INDEX, id);
        self.store.put(&name, Body::Bytes(bytes)).unwrap();
        name
    }

    /// Puts a snapshot that `keyring` signs. Its tree does not exist.
    pub(crate) fn snapshot(&self, keyring: &Keyring, started: i64) -> Info {
        Self::snapshot_of(&*self.store, keyring, started, [7; 32])
    }

    /// The same with a root that may exist.
    pub(crate) fn snapshot_of(store: &dyn Store, keyring: &Keyring, started: i64, root: [u8; 32]) -> Info {
        let catalogue = Catalogue {
            started: (started, 0),
            finished: (started, 0),
            job: "job".into(),
            session: [1; 16],
            predecessors: Vec::new(),
            entries: 1,
            bytes: 2,
            added_bytes: 3,
            problems: 0,
            full: false,
        };
        let private = Private { root, level: 0, sources: vec![b"/home".to_vec()], host: "box".into() };
        snapshot::store(store, keyring, random().unwrap(), &catalogue, &private).unwrap()
    }
}

/// The run with another signature under it.
pub(crate) fn signed_again(run: &[u8], by: &Signer) -> Vec<u8> {
    let body = &run[..run.len() - 64];
    let mut out = body.to_vec();
    out.extend_from_slice(&by.sign(&Sha256::digest(body)));
    out
}

/// What a check finds, harmless things too.
pub(crate) fn findings(repo: &Repository) -> Vec<String> {
    findings_reading(repo, 0.0)
}

/// The same with a share of the packs read.
pub(crate) fn findings_reading(repo: &Repository, read_percent: f64) -> Vec<String> {
    let (spool, all) = (tempfile::tempdir().unwrap(), Mutex::new(Vec::new()));
    let options = CheckOptions {
        sample: Sample::Percent(read_percent),
        now: &|| Time { secs: 1_800_000_000, nanos: 0 },
        threads: 1,
        spool: spool.path(),
        stop: &AtomicBool::new(false),
        finding: &|finding| all.lock().unwrap().push(format!("{finding:?}")),
        progress: &CheckProgress::default(),
    };
    repo.check(&options).unwrap();
    all.into_inner().unwrap()
}
