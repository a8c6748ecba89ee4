//! Files and folders on standard output.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use super::cli::{Bench, files};

/// What tar(1) makes of an archive.
fn untar(archive: &[u8], folder: &std::path::Path) -> String {
    fs::create_dir(folder).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--verbose", "--file", "-", "--directory"]).arg(folder);
    let mut child = tar.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(archive).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_file_comes_as_it_is() {
    let bench = Bench::new();
    // Longer than a window, and not compressible to nothing.
    let content: Vec<u8> =
        (0..9_000_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[..1].to_vec()).collect();
    fs::write(bench.path("src/large"), &content).unwrap();
    fs::write(bench.path("src/empty"), "").unwrap();
    let sparse = fs::File::create(bench.path("src/sparse")).unwrap();
    sparse.set_len(20_000_000).unwrap();
    bench.backup();
    assert!(bench.ok(["dump", &bench.latest("large")]).raw == content);
    assert_eq!(bench.ok(["dump", &bench.latest("hello.txt")]).out, "hello\n");
    assert_eq!(bench.ok(["dump", &bench.latest("empty")]).raw, b"");
    let zeros = bench.ok(["dump", &bench.latest("sparse")]).raw;
    assert!(zeros.len() == 20_000_000 && zeros.iter().all(|byte| *byte == 0));
}

#[test]
fn a_folder_comes_as_an_archive() {
    let bench = Bench::new();
    let src = bench.path("src");
    let deep = src.join("x".repeat(200)).join("y".repeat(200));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("z".repeat(200)), "deep").unwrap();
    fs::write(src.join(std::ffi::OsStr::from_bytes(b"odd\xff\nname")), "odd").unwrap();
    fs::write(src.join("big"), vec![3; 3_000_000]).unwrap();
    fs::hard_link(src.join("big"), src.join("folder/big-too")).unwrap();
    fs::hard_link(src.join("hello.txt"), src.join("hello-too.txt")).unwrap();
    for number in 0..1500 {
        fs::write(src.join(format!("folder/{number}")), number.to_string()).unwrap();
    }
    bench.backup();
    untar(&bench.ok(["dump", "latest"]).raw, &bench.path("out"));
    let out = bench.path("out").join(src.strip_prefix("/").unwrap());
    assert_eq!(files(&src), files(&out));
    assert_eq!(fs::read(out.join("folder/1499")).unwrap(), b"1499");
    use std::os::unix::fs::MetadataExt;
    let inode = |name: &str| fs::metadata(out.join(name)).unwrap().ino();
    assert_eq!(inode("big"), inode("folder/big-too"));
    assert_eq!(inode("hello.txt"), inode("hello-too.txt"));
    let mtime = |path: std::path::PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(mtime(src.join("hello.txt")), mtime(out.join("hello.txt")));
}

#[test]
fn a_damaged_file_is_left_out_and_said() {
    let bench = Bench::new();
    fs::write(bench.path("src/random"), (0..60_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    bench.ok(["backup", "src/random", "--job", "one"]);
    let data = bench.path("repo/data");
    for pack in files(&data).iter().map(|name| data.join(name)).filter(|path| path.is_file()) {
        let mut bytes = fs::read(&pack).unwrap();
        bytes[200] ^= 1;
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    fs::write(bench.path("src/sound"), "sound").unwrap();
    bench.ok(["backup", "src/random", "src/sound", "--job", "one"]);
    let ran = bench.run(["dump", "latest"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("src/random: left out of the archive"), "{}", ran.err);
    let listed = untar(&ran.raw, &bench.path("out"));
    assert!(listed.contains("src/sound\n") && !listed.contains("src/random\n"), "{listed}");
    let file = bench.run(["dump", &bench.latest("random")]);
    assert_eq!((file.code, file.raw.len()), (1, 0), "{}", file.err);
}

#[test]
fn holes_stay_holes_in_a_file_and_are_zeros_in_a_stream() {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let bench = Bench::new();
    let sparse = fs::File::create(bench.path("src/sparse")).unwrap();
    sparse.write_all_at(b"middle", 40_000_000).unwrap();
    sparse.set_len(80_000_000).unwrap();
    bench.backup();
    let expected = fs::read(bench.path("src/sparse")).unwrap();
    let to = |before: &str, truncate: bool| {
        let path = bench.path("dumped");
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(truncate).open(&path).unwrap();
        file.write_all(before.as_bytes()).unwrap();
        let mut command = bench.command(["dump", &bench.latest("sparse")]);
        assert!(command.stdout(file).status().unwrap().success());
        (fs::read(&path).unwrap(), path.metadata().unwrap().blocks() * 512)
    };
    let (bytes, stored) = to("", true);
    assert!(bytes == expected && stored < 1 << 20, "{stored}");
    let (bytes, stored) = to("behind", true);
    assert!(bytes[6..] == expected && &bytes[..6] == b"behind" && stored < 1 << 20, "{stored}");
    // Over something else nothing may be skipped.
    fs::write(bench.path("dumped"), vec![7; 80_000_000]).unwrap();
    assert!(to("", false).0 == expected);
    assert!(bench.ok(["dump", &bench.latest("sparse")]).raw == expected);
}
