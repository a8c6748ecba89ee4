//! The link for the first account.

use super::*;

async fn first(world: &World, secret: &str, name: &str) -> Result<LoggedIn, Refused> {
    let wish = wish(name, Role::Viewer, Customers::of(&["x".into()]).unwrap());
    world.people.first_account(secret, wish, password(PASSWORD), peer(1), world.now()).await
}

#[tokio::test]
async fn the_link_makes_one_account_which_may_everything() {
    let mut world = World::new();
    let link = world.people.first_link(world.now()).await.unwrap().unwrap();
    world.restart();
    assert_eq!(world.people.is_first(&link.0, world.now()), Ok(()), "a restart does not void it");
    assert_eq!(first(&world, "x", "ana").await, Err(Refused::Link));
    assert_eq!(first(&world, &Secret::random().unwrap().text(), "ana").await, Err(Refused::Link));
    assert_eq!(first(&world, &link.0, "a b").await, Err(Refused::Name), "a mistake does not use it up");
    let session = first(&world, &link.0, "ana").await.unwrap();
    assert!(world.is_in(&session));
    assert_eq!(guard(&session.person, Need::Manage, None), Ok(()), "whatever role was asked for");
    assert_eq!(first(&world, &link.0, "eva").await, Err(Refused::NotFirst));
    assert_eq!(world.people.first_link(world.now()).await, Ok(None));
    world.restart();
    assert_eq!(first(&world, &link.0, "eva").await, Err(Refused::NotFirst));
    for file in ["sidecar.db", "sidecar.db-wal"] {
        let stored = std::fs::read(world.folder.path().join(file)).unwrap_or_default();
        assert!(!stored.windows(43).any(|bytes| bytes == link.0.as_bytes()), "only its hash is in {file}");
    }
}

#[tokio::test]
async fn a_link_is_good_for_an_hour_and_until_the_next() {
    let mut world = World::new();
    let first = world.people.first_link(world.now()).await.unwrap().unwrap();
    let second = world.people.first_link(world.now()).await.unwrap().unwrap();
    assert_eq!(world.people.is_first(&first.0, world.now()), Err(Refused::Link));
    world.clock.pass(HOUR - Duration::from_secs(1));
    world.restart();
    assert_eq!(world.people.is_first(&first.0, world.now()), Err(Refused::Link));
    assert_eq!(world.people.is_first(&second.0, world.now()), Ok(()));
    world.clock.jump(-5_000_000);
    world.clock.pass(Duration::from_secs(1));
    assert_eq!(world.people.is_first(&second.0, world.now()), Err(Refused::Link));
}

#[tokio::test]
async fn of_two_who_use_it_at_once_one_is_first() {
    let world = World::new();
    let link = world.people.first_link(world.now()).await.unwrap().unwrap();
    let both = tokio::join!(first(&world, &link.0, "ana"), first(&world, &link.0, "eva"));
    let won = [both.0.is_ok(), both.1.is_ok()];
    assert!(won[0] != won[1], "{both:?}");
    assert_eq!(world.people.accounts().len(), 1);
}

#[tokio::test]
async fn an_account_made_by_command_voids_the_link() {
    let world = World::new();
    let link = world.people.first_link(world.now()).await.unwrap().unwrap();
    let wish = wish("root", Role::Approver, Customers::All);
    world.people.add_account(&by(), wish, password(PASSWORD), world.now()).await.unwrap();
    assert_eq!(first(&world, &link.0, "ana").await, Err(Refused::NotFirst));
}
