//! `store check`, and what `ssh` is answered when it asks for a password.

use std::fs;

use super::cli::{Bench, ran};

#[test]
fn a_place_is_tried_and_left_as_it_was() {
    let bench = Bench::new();
    let place = bench.path("repo").display().to_string();
    let before = fs::read_dir(&place).unwrap().count();
    let done = bench.ok(["store", "check", &place]);
    assert!(done.out.contains("good  an existing name is not overwritten"), "{done:?}");
    assert!(done.out.contains("keeps what repositories rely on") && !done.out.contains("ten thousand"), "{done:?}");
    let report = bench.json(["store", "check"]);
    assert!(report["good"] == true && report["cases"].as_array().unwrap().len() > 10, "{report}");
    assert_eq!(fs::read_dir(&place).unwrap().count(), before);
    assert_eq!(bench.run(["store", "check", "/no/such/folder"]).code, 10);
}

#[test]
fn ssh_is_answered_when_it_asks_for_a_password_and_nothing_else() {
    let bench = Bench::new();
    let file = bench.path("ssh.password");
    fs::write(&file, "with blanks in it\nsecond line\n").unwrap();
    let ask = |question: &str| {
        let mut command = bench.command([question]);
        command.env("ATALAYA_SSH_ANSWERS_FROM", &file);
        ran(command)
    };
    for question in ["ana@nas's password: ", "(ana@nas) Password: "] {
        let said = ask(question);
        assert_eq!((said.code, said.out.as_str()), (0, "with blanks in it\n"), "{question}");
    }
    for question in ["Enter passphrase for key '/k': ", "Are you sure you want to continue connecting (yes/no)? "] {
        let said = ask(question);
        assert!(said.code == 1 && said.out.is_empty(), "{question}: {said:?}");
    }
}
