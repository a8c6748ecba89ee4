//! What is changed, what is refused, and what the audit says of it.

use super::*;
use crate::error::Kind;

#[tokio::test]
async fn names_and_passwords_are_looked_at() {
    let world = World::peopled().await;
    for (name, given, language, zone, why) in [
        ("", PASSWORD, "en", "UTC", Refused::Name),
        ("a b", PASSWORD, "en", "UTC", Refused::Name),
        ("josé", PASSWORD, "en", "UTC", Refused::Name),
        (&"a".repeat(65), PASSWORD, "en", "UTC", Refused::Name),
        ("luis", "123456789", "en", "UTC", Refused::Short),
        ("luis", "ñññññ", "en", "UTC", Refused::Short),
        ("luis", &"x".repeat(1025), "en", "UTC", Refused::Long),
        ("luis.martin", "Luis.Martin", "en", "UTC", Refused::SameAsName),
        ("luis", PASSWORD, "fr", "UTC", Refused::Language),
        ("luis", PASSWORD, "en", "Mars/Base", Refused::Zone),
        ("ANA", PASSWORD, "en", "UTC", Refused::Taken),
    ] {
        let wish =
            AccountWish { language: language.into(), zone: zone.into(), ..wish(name, Role::Viewer, Customers::All) };
        assert_eq!(world.people.add_account(&by(), wish, password(given), world.now()).await, Err(why), "{name}");
    }
    let long = wish("ana.lópez@example.org".replace('ó', "o").as_str(), Role::Viewer, Customers::All);
    world.people.add_account(&by(), long, password(&"x".repeat(1024)), world.now()).await.unwrap();
}

#[tokio::test]
async fn somebody_who_may_manage_is_always_left() {
    let world = World::peopled().await;
    let (people, now) = (&world.people, world.now());
    assert_eq!(people.remove_account(&by(), "ana", now).await, Err(Refused::LastManager));
    assert_eq!(
        people.change_account(&by(), "ana", Some(Role::Operator), Some(Customers::All), now).await,
        Err(Refused::LastManager)
    );
    let some = Customers::of(&["x".into()]).unwrap();
    assert_eq!(
        people.change_account(&by(), "ana", Some(Role::Approver), Some(some.clone()), now).await,
        Err(Refused::LastManager)
    );
    people.change_account(&by(), "eva", Some(Role::Approver), Some(Customers::All), now).await.unwrap();
    people.change_account(&by(), "ana", Some(Role::Approver), Some(some), now).await.unwrap();
    people.remove_account(&by(), "ana", now).await.unwrap();
    assert_eq!(people.remove_account(&by(), "ana", now).await, Err(Refused::Missing));
}

#[tokio::test]
async fn another_role_counts_at_once_and_a_removed_account_is_out() {
    let mut world = World::peopled().await;
    let eva = world.log_in("eva", PASSWORD).await.unwrap();
    assert_eq!(guard(&eva.person, Need::Operate, Some("Ferretería")), Ok(()));
    let (people, now) = (&world.people, world.now());
    people.change_account(&by(), "EVA", Some(Role::Viewer), Some(Customers::All), now).await.unwrap();
    let person = people.who(&eva.cookie, now).unwrap();
    assert_eq!(guard(&person, Need::Operate, Some("Ferretería")), Err(Why::Role));
    people.set_preferences(&person, "en", "UTC", "", now).await.unwrap();
    assert_eq!(people.set_preferences(&person, "en", "Nowhere", "", now).await, Err(Refused::Zone));
    people.set_password(&by(), "eva", password("battery staple"), now).await.unwrap();
    assert!(!world.is_in(&eva));
    world.restart();
    let eva = world.log_in("eva", "battery staple").await.unwrap();
    assert_eq!((eva.person.language.as_str(), &eva.person.rights), ("en", &Rights::Role(Role::Viewer)));
    for _ in 0..2 {
        let _ = world.people.remove_account(&by(), "eva", world.now()).await;
        assert!(!world.is_in(&eva));
        assert_eq!(world.log_in("eva", "battery staple").await, Err(Refused::Wrong));
        world.restart();
    }
    let again = wish("Eva", Role::Viewer, Customers::All);
    world.people.add_account(&by(), again, password(PASSWORD), world.now()).await.unwrap();
    world.restart();
    assert_eq!(world.log_in("eva", PASSWORD).await.unwrap().person.language, "es", "its preferences are new ones");
}

#[tokio::test]
async fn each_change_leaves_one_line() {
    let world = World::new();
    let (people, now, from) = (&world.people, world.now(), "192.0.2.1");
    let mut seen = 0;
    let mut news = |who: &str, what: &[&str]| {
        let lines = world.audit(&read::AuditFilter::default());
        let new = &lines[..lines.len() - seen];
        seen = lines.len();
        assert_eq!(new.iter().rev().map(|line| line.what.as_str()).collect::<Vec<_>>(), what);
        assert!(new.iter().all(|line| line.who == who && line.at == now.seconds()), "{new:?}");
        assert!(
            new.iter().all(|line| !format!("{line:?}").contains("horse") && !format!("{line:?}").contains("argon2"))
        );
    };
    people.first_link(now).await.unwrap().unwrap();
    news("", &["link.make"]);
    people.add_account(&by(), wish("ana", Role::Approver, Customers::All), password(PASSWORD), now).await.unwrap();
    news("root", &["account.add"]);
    let ana = world.log_in("ana", PASSWORD).await.unwrap();
    news("ana", &["session.begin"]);
    let _ = world.log_in("ana", "wrong wrong").await;
    news("ana", &["session.refused"]);
    let _ = world.log_in("no\nbody", PASSWORD).await;
    news("nobody", &["session.refused"]);
    people.set_preferences(&ana.person, "en", "UTC", from, now).await.unwrap();
    news("ana", &["account.preferences"]);
    let who = ana.person.who(from);
    people.add_account(&who, wish("eva", Role::Viewer, Customers::All), password(PASSWORD), now).await.unwrap();
    news("ana", &["account.add"]);
    people.change_account(&who, "eva", Some(Role::Operator), Some(Customers::All), now).await.unwrap();
    news("ana", &["account.change"]);
    people.set_password(&who, "eva", password("battery staple"), now).await.unwrap();
    news("ana", &["account.password"]);
    people.remove_account(&who, "eva", now).await.unwrap();
    news("ana", &["account.remove"]);
    let token = TokenWish { name: "t".into(), scopes: [Scope::Read].into(), customers: Customers::All, days: None };
    people.add_token(&who, token, now).await.unwrap();
    news("ana", &["token.add"]);
    people.revoke_token(&who, "t", now).await.unwrap();
    news("ana", &["token.revoke"]);
    let ana = people
        .change_password(&ana.person, password(PASSWORD), password("battery staple"), peer(1), now)
        .await
        .unwrap();
    news("ana", &["account.password", "session.begin"]);
    people.log_out(&ana.person, from, now).await.unwrap();
    news("ana", &["session.end"]);
    let filter = |who: Option<&str>, what: Option<&str>| read::AuditFilter {
        who: who.map(str::to_owned),
        what: what.map(str::to_owned),
        since: Some(now.seconds()),
        before: None,
    };
    assert_eq!(world.audit(&filter(Some("ROOT"), None)).len(), 1);
    assert_eq!(world.audit(&filter(None, Some("token"))).len(), 2);
    assert_eq!(world.audit(&filter(None, Some("token.add")))[0].peer, from);
    assert_eq!(world.audit(&filter(None, Some("tok"))).len(), 0);
    assert_eq!(world.audit(&read::AuditFilter { since: Some(now.seconds() + 1), ..Default::default() }).len(), 0);
}

#[tokio::test]
async fn a_line_of_the_audit_stays() {
    let mut world = World::peopled().await;
    world.break_writer();
    let database = crate::db::open(world.folder.path(), world.now().seconds()).unwrap();
    for sql in [
        "UPDATE audit SET who = 'nobody'",
        "UPDATE audit SET at = 0",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
    ] {
        // Those that are old enough may go; the machine's clock decides that, so they are made now.
        let now = "INSERT INTO audit (at, who, how, peer, what, target, detail) VALUES (unixepoch(), 'x', '', '', '', '', '')";
        database.connection.execute(now, []).unwrap();
        let err = database.connection.execute(sql, []).unwrap_err().to_string();
        assert!(err.contains("a line of the audit stays"), "{sql}: {err}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_not_so() {
    let mut world = World::peopled().await;
    let session = world.log_in("ana", PASSWORD).await.unwrap();
    world.break_writer();
    let (people, now) = (&world.people, world.now());
    let failed =
        |refused: Refused| matches!(refused, Refused::Failed(err) if matches!(err.kind, Kind::Full | Kind::Internal));
    assert!(failed(world.log_in("ana", PASSWORD).await.unwrap_err()));
    assert!(failed(people.remove_account(&by(), "eva", now).await.unwrap_err()));
    let wish = wish("luis", Role::Viewer, Customers::All);
    assert!(failed(people.add_account(&by(), wish, password(PASSWORD), now).await.unwrap_err()));
    assert!(failed(people.log_out(&session.person, "", now).await.unwrap_err()));
    assert!(world.is_in(&session));
    assert_eq!(people.accounts().len(), 2);
}
