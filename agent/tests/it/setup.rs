//! `setup --join`, against towers that are right and others that are not.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;

use atalaya_wire::join::{Host, Refusal, Refused};

use super::cli::{Bench, Ran};
use super::tower_server::{COMMAND_KEY, Nature, Tower};

fn config(bench: &Bench) -> PathBuf {
    bench.path("etc/agent.toml")
}

fn join(bench: &Bench, string: &str, more: &[&str]) -> Ran {
    let config = config(bench);
    bench.run([&["setup", "--join", string, "--config", config.to_str().unwrap()], more].concat())
}

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path("etc").join(name)).unwrap_or_default()
}

fn names(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(bench.path("etc"))
        .map(|all| all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn a_machine_joins_with_nothing_but_the_string() {
    let (bench, tower) = (Bench::empty(), Tower::start(Nature::Right));
    let ran = join(&bench, &tower.string(&[]), &["--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(names(&bench), ["agent.toml", "ca.pem", "node.key", "node.pem"]);
    let id = fs::read_to_string(bench.path("state/node")).unwrap();
    let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((said["node"].as_str(), said["broker"].as_str()), (Some(id.trim()), Some("mqtts://127.0.0.1:8884")));
    for name in ["node.key", "node.pem", "ca.pem", "agent.toml"] {
        let mode = fs::metadata(bench.path("etc").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(read(&bench, "agent.toml").contains(COMMAND_KEY));
    let checked = bench.ok(["config", "check", "--config", config(&bench).to_str().unwrap()]);
    assert!(checked.err.is_empty(), "every file that is named is there: {checked:?}");
    // The key fits the certificate, and both can be shown.
    let client = Some((bench.path("etc/node.pem"), bench.path("etc/node.key")));
    let client = client.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
    atalaya_base::tls::client(Some(&bench.path("etc/ca.pem")), client).unwrap();
}

#[test]
fn a_string_is_good_once_and_nothing_is_overwritten() {
    let (bench, tower) = (Bench::empty(), Tower::start(Nature::Right));
    fs::create_dir(bench.path("etc")).unwrap();
    let before = "# Ours.\n[node]\nstate_dir = \"STATE\"\n\n# Home Assistant's.\n[[mqtt]]\nurl = 'mqtt://localhost'\n";
    let before = before.replace("STATE", bench.path("state").to_str().unwrap());
    fs::write(config(&bench), &before).unwrap();
    fs::set_permissions(config(&bench), fs::Permissions::from_mode(0o640)).unwrap();
    let string = tower.string(&[]);
    assert_eq!(join(&bench, &string, &[]).code, 0);
    let (text, key) = (read(&bench, "agent.toml"), read(&bench, "node.key"));
    assert!(before.lines().all(|line| text.contains(line)), "{text}");
    assert!(text.find("mqtts://") < text.find("# Home Assistant's."), "the first broker gets the streams: {text}");
    assert_eq!(fs::metadata(config(&bench)).unwrap().permissions().mode() & 0o777, 0o640);
    // Nobody's group but root's may read that file: nothing else is opened for it either.
    assert_eq!(fs::metadata(bench.path("etc/node.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = join(&bench, &string, &[]);
    assert!(again.code == 2 && again.err.contains("--force"), "{again:?}");
    let forced = join(&bench, &string, &["--force"]);
    assert!(forced.code == 1 && forced.err.contains("used already") && forced.err.contains("node add"), "{forced:?}");
    assert_eq!(
        (read(&bench, "agent.toml"), read(&bench, "node.key")),
        (text.clone(), key.clone()),
        "nothing has changed"
    );
    let another = Tower::start(Nature::Right);
    assert_eq!(join(&bench, &another.string(&[]), &["--force"]).code, 0);
    assert_eq!(read(&bench, "agent.toml"), text, "what was written before was replaced");
    assert_ne!(read(&bench, "node.key"), key);
}

#[test]
fn the_daemon_of_another_user_can_read_what_root_wrote_for_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (bench, tower) = (Bench::empty(), Tower::start(Nature::Right));
    let (daemon, state) = (4711, bench.path("state"));
    for folder in [bench.path("etc"), state.clone()] {
        fs::create_dir(folder).unwrap();
    }
    chown(&state, Some(daemon), Some(daemon)).unwrap();
    fs::write(config(&bench), format!("[node]\nstate_dir = {state:?}\n")).unwrap();
    fs::set_permissions(config(&bench), fs::Permissions::from_mode(0o640)).unwrap();
    chown(config(&bench), None, Some(daemon)).unwrap();
    assert_eq!(join(&bench, &tower.string(&[]), &[]).code, 0);
    for name in ["agent.toml", "node.key", "node.pem", "ca.pem"] {
        let found = fs::metadata(bench.path("etc").join(name)).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (0, daemon, 0o640), "{name}");
    }
    assert_eq!(fs::metadata(state.join("node")).unwrap().uid(), daemon);
}

#[test]
fn towers_that_are_not_right_change_nothing() {
    let refused = |refusal: Refusal| Nature::Says(refusal.into());
    let other = Refused { node: Some("a\u{1b}b".into()), ..Refusal::OtherNode.into() };
    for (nature, words) in [
        (Nature::Another, "its key is not the one"),
        (Nature::Pretends, "did not sign its certificate"),
        (Nature::Elsewhere, "certificate is for another name"),
        (Nature::Cuts, "cut"),
        (Nature::Floods, "too long"),
        (Nature::Babbles(200, "{}"), "not what a tower says"),
        (Nature::Babbles(404, "<html>"), "status 404"),
        (Nature::Babbles(302, ""), "status 302"),
        (Nature::Confuses, "not for us"),
        (refused(Refusal::UnknownCode), "never gave out"),
        (refused(Refusal::Used), "used already"),
        (refused(Refusal::Expired), "older than a day"),
        (refused(Refusal::Taken), "--id"),
        (refused(Refusal::Busy), "in a minute"),
        (Nature::Says(other), "a\\x1bb"),
    ] {
        let (bench, tower) = (Bench::empty(), Tower::start(nature.clone()));
        let ran = join(&bench, &tower.string(&[]), &[]);
        assert_eq!(ran.code, 1, "{nature:?} {ran:?}");
        assert!(ran.err.contains(words) && ran.err.lines().count() == 1, "{nature:?} {ran:?}");
        assert_eq!(names(&bench), [""; 0], "{nature:?}");
        let heard = !matches!(nature, Nature::Another | Nature::Pretends | Nature::Elsewhere);
        assert_eq!(tower.heard() > 0, heard, "{nature:?}: the code is told to nobody else");
    }
}

#[test]
fn each_address_is_tried_until_one_answers() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = Host { name: "127.0.0.1".into(), broker: 1, web: closed };
    let unknown = Host { name: "no-such-name.invalid".into(), broker: 1, web: 1 };
    let (stranger, tower) = (Tower::start(Nature::Another), Tower::start(Nature::Right));
    let bench = Bench::empty();
    let ran = join(&bench, &tower.string(&[unknown.clone(), closed.clone(), stranger.host()]), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((stranger.heard(), tower.heard()), (0, 1));
    let bench = Bench::empty();
    let ran = join(&bench, &stranger.string(&[closed, unknown]), &[]);
    assert!(ran.code == 1 && ran.err.lines().count() == 1, "{ran:?}");
    for words in ["nothing listens there", "its address is not known", "its key is not the one"] {
        assert!(ran.err.contains(words), "{ran:?}");
    }
}

/// What is wrong on this side is found while the string is still good.
#[test]
fn mistakes_on_this_side_do_not_cost_the_string() {
    let tower = Tower::start(Nature::Right);
    let string = tower.string(&[]);
    let cut = &string[..string.len() - 3];
    for (text, string, words) in [
        ("", "atalaya:x", "begins with"),
        ("", cut, "not whole"),
        ("[nod]\n", &string, "1: "),
        ("[sidecar]\nkey = '00'\n", &string, "sidecar.key"),
        (&format!("[sidecar]\nkey = '{COMMAND_KEY}'\n"), &string, "remove it"),
    ] {
        let bench = Bench::empty();
        fs::create_dir(bench.path("etc")).unwrap();
        fs::write(config(&bench), text).unwrap();
        let ran = join(&bench, string, &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(words) && ran.err.lines().count() == 1, "{ran:?}");
        assert_eq!((read(&bench, "agent.toml").as_str(), names(&bench).len()), (text, 1));
    }
    let bench = Bench::empty();
    fs::write(bench.path("etc"), "no folder").unwrap();
    assert_ne!(join(&bench, &string, &[]).code, 0);
    assert_eq!(tower.heard(), 0);
}

#[test]
fn without_a_name_the_configuration_lies_where_such_things_do() {
    let (bench, tower) = (Bench::empty(), Tower::start(Nature::Right));
    if rustix::process::geteuid().is_root() {
        return;
    }
    let mut command = bench.command(["setup", "--join", &tower.string(&[])]);
    command.env("XDG_CONFIG_HOME", bench.path("xdg"));
    let ran = super::cli::ran(command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(bench.path("xdg/atalaya/agent.toml").exists());
}
