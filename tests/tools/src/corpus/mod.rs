//! Trees to back up, the same for the same seed.

mod blocks;
mod evolve;
mod hostile;
mod ordinary;
mod tree;

use std::io;
use std::path::PathBuf;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder to make.
    pub dir: PathBuf,
    /// Bytes in all, where the kind goes by size.
    pub size: Option<u64>,
    /// Files or names, where the kind goes by number.
    pub count: Option<u64>,
    /// Everything follows from it.
    pub seed: u64,
}

/// One kind of corpus.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As on the command line.
    pub name: &'static str,
    /// For the help.
    pub about: &'static str,
    /// Makes it.
    pub make: fn(&Plan) -> io::Result<()>,
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "mixed",
        about: "a household: documents, sources, photos, databases, disk images (2G)",
        make: ordinary::mixed,
    },
    Kind { name: "tiny", about: "files of 100 bytes to 4 KB, 100 a folder (200,000)", make: ordinary::tiny },
    Kind { name: "text", about: "large logs and prose (1G)", make: ordinary::text },
    Kind { name: "media", about: "large files that do not compress (1G)", make: ordinary::media },
    Kind { name: "source", about: "a source tree, 12 KB a file (20,000)", make: ordinary::source },
    Kind { name: "flat", about: "one folder of empty and tiny files (1,000,000)", make: hostile::flat },
    Kind { name: "hardlinks", about: "names, two to a file, far apart (1,000,000)", make: hostile::hardlinks },
    Kind {
        name: "deep",
        about: "folders in each other; the path is longer than PATH_MAX (1,000)",
        make: hostile::deep,
    },
    Kind { name: "xattrs", about: "files with an attribute of 64 KB (2,000)", make: hostile::xattrs },
    Kind { name: "sparse", about: "one file of holes with few islands of data (100G)", make: hostile::sparse },
    Kind { name: "evolve", about: "changes 2 % of the files that are there", make: evolve::evolve },
];
