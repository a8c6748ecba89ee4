//! Clients that mean no good, byte by byte; what honest ones do is tried over SSH.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::serve;
use crate::Kind;
use crate::sftp::packet::{CREATE, EXCLUSIVE, Fields, READ, Request, Type, WRITE};

const TRUNCATE: u32 = 16;
const APPEND: u32 = 4;

/// A folder with an object, a link to what is outside, and something to steal.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("served/data")).unwrap();
    fs::write(place.path().join("served/data/old"), "old").unwrap();
    fs::write(place.path().join("secret"), "secret").unwrap();
    symlink("../secret", place.path().join("served/link")).unwrap();
    symlink("..", place.path().join("served/up")).unwrap();
    place
}

fn message(kind: u8, fields: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(fields.len() + 1).unwrap().to_be_bytes().to_vec();
    out.push(kind);
    out.extend_from_slice(fields);
    out
}

fn begin() -> Vec<u8> {
    message(1, &[0, 0, 0, 3])
}

/// What is answered to each request: the type, and the code where it is a status.
fn said(root: &Path, requests: &[Request]) -> Vec<(u8, u32)> {
    let mut asked = begin();
    for (number, request) in requests.iter().enumerate() {
        let fields = [&(number as u32).to_be_bytes(), &request.fields[..]].concat();
        asked.extend(message(request.kind as u8, &fields));
    }
    let mut heard = Vec::new();
    serve(root, &asked[..], &mut heard).unwrap();
    let mut replies = Vec::new();
    let mut fields = Fields::of(&heard);
    while let Some(reply) = fields.string() {
        let mut rest = Fields::of(&reply[1..]);
        rest.u32();
        replies.push((reply[0], rest.u32().unwrap_or(0)));
    }
    replies.remove(0);
    replies
}

fn open(path: &str, flags: u32) -> Request {
    Request::new(Type::Open).string(path.as_bytes()).u32(flags).u32(0)
}

fn write(handle: u64, bytes: &[u8]) -> Request {
    Request::new(Type::Write).string(&handle.to_be_bytes()).u64(0).string(bytes)
}

fn path(kind: Type, path: &str) -> Request {
    Request::new(kind).string(path.as_bytes())
}

fn rename(from: &str, to: &str) -> Request {
    path(Type::Rename, from).string(to.as_bytes())
}

const HANDLE: u8 = 102;
const OK: (u8, u32) = (101, 0);
const NOT_THERE: (u8, u32) = (101, 2);
const DENIED: (u8, u32) = (101, 3);

#[test]
fn nothing_that_is_there_is_changed() {
    let place = place();
    let root = place.path().join("served");
    let refused = [
        open("/data/old", WRITE),
        open("/data/old", WRITE | CREATE),
        open("/data/old", WRITE | CREATE | TRUNCATE),
        open("/data/old", WRITE | CREATE | APPEND),
        open("/data/old", READ | WRITE | CREATE | EXCLUSIVE),
        path(Type::Remove, "/data/old"),
        path(Type::RmDir, "/data"),
        rename("/data/old", "/data/new"),
        rename("/data/old", "/.tmp/put-1"),
        path(Type::Extended, "posix-rename@openssh.com").string(b"/data/old").string(b"/x"),
        path(Type::Extended, "hardlink@openssh.com").string(b"/data/old").string(b"/x"),
    ];
    for (request, reply) in refused.iter().zip(said(&root, &refused)) {
        assert!(reply == DENIED || reply == (101, 8), "{:?}: {reply:?}", request.kind);
    }
    // What has no message of its own in this program's client: modes, links.
    for kind in [9, 10, 19, 20] {
        let (mut asked, mut heard) = (begin(), Vec::new());
        asked.extend(message(kind, &[0, 0, 0, 1, 0, 0, 0, 0]));
        serve(&root, &asked[..], &mut heard).unwrap();
        assert!(heard.windows(12).any(|part| part == b"append-only:"), "{kind}");
    }
    assert_eq!(fs::read(root.join("data/old")).unwrap(), b"old");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 3);
}

#[test]
fn a_file_is_written_until_it_has_its_name() {
    let place = place();
    let root = place.path().join("served");
    let replies = said(
        &root,
        &[
            path(Type::MkDir, ".tmp").u32(0),
            open(".tmp/put-1", WRITE | CREATE | EXCLUSIVE),
            write(1, b"new"),
            rename(".tmp/put-1", "data/old"),
            write(1, b"after a refused name"),
            open(".tmp/put-2", WRITE | CREATE | EXCLUSIVE),
            write(2, b"new"),
            rename(".tmp/put-2", "data/new"),
            write(2, b"NEW"),
            path(Type::Remove, "data/new"),
            rename("data/new", "data/other"),
            path(Type::Remove, ".tmp/put-1"),
            rename(".tmp/put-1", "data/third"),
        ],
    );
    let failed = (101, 4);
    let handle = (HANDLE, 8);
    assert_eq!(replies, [OK, handle, OK, failed, DENIED, handle, OK, OK, DENIED, DENIED, DENIED, OK, DENIED]);
    assert_eq!(fs::read(root.join("data/new")).unwrap(), b"new");
    assert_eq!(fs::read(root.join("data/old")).unwrap(), b"old");
    assert_eq!(fs::read_dir(root.join(".tmp")).unwrap().count(), 0);
}

#[test]
fn no_path_leads_out_or_through_a_link() {
    let place = place();
    let root = place.path().join("served");
    let outside = place.path().join("secret").display().to_string();
    let paths =
        ["../secret", "/../secret", "data/../../secret", "link", "/link", "up/secret", "up", &outside, "/etc/passwd"];
    for bad in paths {
        let all = [
            open(bad, READ),
            open(bad, WRITE | CREATE | EXCLUSIVE),
            path(Type::OpenDir, bad),
            path(Type::Lstat, bad),
            path(Type::MkDir, bad).u32(0),
            path(Type::Remove, bad),
            path(Type::RmDir, bad),
        ];
        for (request, reply) in all.iter().zip(said(&root, &all)) {
            let (kind, code) = reply;
            assert!(kind == 101 && code != 0, "{bad}: {:?}: {reply:?}", request.kind);
        }
    }
    assert_eq!(fs::read(place.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    assert_eq!(said(&root, &[open("data/none", READ), open("data", READ), path(Type::Remove, "none")]), [NOT_THERE; 3]);
}

/// Files that a login shell, sshd or other programs would heed, should a home be served.
#[test]
fn nothing_is_made_that_other_programs_heed() {
    let place = place();
    let root = place.path().join("served");
    for name in [".ssh/rc", ".profile", ".tmp/other", "a b", "x\u{1b}[2J", ".tmp/put-1/x", ".atalaya-check-"] {
        assert_eq!(said(&root, &[open(name, WRITE | CREATE | EXCLUSIVE)])[0].0, 101, "{name}");
        assert_ne!(said(&root, &[path(Type::MkDir, name).u32(0)])[0], OK, "{name}");
    }
    assert_eq!(fs::read_dir(&root).unwrap().count(), 3);
}

#[test]
fn only_what_this_connection_made_to_try_the_place_is_removed() {
    let place = place();
    let root = place.path().join("served");
    let folder = ".atalaya-check-1";
    let make = || path(Type::MkDir, folder).u32(0);
    let inside = || open(".atalaya-check-1/a", WRITE | CREATE | EXCLUSIVE);
    let remove = || path(Type::Remove, ".atalaya-check-1/a");
    let replies = said(&root, &[make(), inside()]);
    assert_eq!(replies, [OK, (HANDLE, 8)]);
    // Another one's.
    assert_eq!(said(&root, &[remove(), path(Type::RmDir, folder), make()]), [DENIED, DENIED, (101, 4)]);
    fs::remove_dir_all(root.join(folder)).unwrap();
    let replies = said(&root, &[make(), inside(), remove(), path(Type::RmDir, folder), path(Type::Remove, "data/old")]);
    assert_eq!(replies, [OK, (HANDLE, 8), OK, OK, DENIED]);
}

#[test]
fn what_is_open_is_bounded() {
    let place = place();
    let root = place.path().join("served");
    let many: Vec<Request> = (0..1000).map(|_| open("data/old", READ)).collect();
    let opened = said(&root, &many).into_iter().filter(|(kind, _)| *kind == HANDLE).count();
    assert_eq!(opened, super::limits::SERVE_HANDLES_MAX);
    let mut many = vec![path(Type::MkDir, ".tmp").u32(0)];
    many.extend((0..1000).flat_map(|number: u64| {
        let name = format!(".tmp/put-{number}");
        [open(&name, WRITE | CREATE | EXCLUSIVE), Request::new(Type::Close).string(&(number + 1).to_be_bytes())]
    }));
    said(&root, &many);
    assert_eq!(fs::read_dir(root.join(".tmp")).unwrap().count(), super::limits::SERVE_UNFINISHED_MAX);
}

#[test]
fn what_is_no_sftp_ends_it_and_what_is_cut_short_is_refused() {
    let place = place();
    let root = place.path().join("served");
    let ends = |asked: &[u8]| serve(&root, asked, &mut Vec::new());
    assert!(ends(b"").is_ok() && ends(&begin()).is_ok());
    for asked in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), message(3, &[0; 8]), vec![0, 0, 0, 0], vec![255; 9], vec![0, 0]] {
        assert_eq!(ends(&asked).unwrap_err().kind, Kind::Io, "{asked:?}");
    }
    for kind in 0..=255 {
        for len in 0..40 {
            let mut asked = begin();
            asked.extend(message(kind, &vec![0; len]));
            asked.extend(message(kind, &[&[0, 0, 0, 1][..], &vec![255; len]].concat()));
            let _ = ends(&asked);
        }
    }
    assert_eq!(fs::read(root.join("data/old")).unwrap(), b"old");
    assert_eq!(serve(&root.join("none"), &[][..], &mut Vec::new()).unwrap_err().kind, Kind::NotFound);
}
