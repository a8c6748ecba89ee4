//! Tokens of programs, at the API and at the broker.

use std::collections::BTreeSet;

use atalaya_broker::ToolRights;

use super::*;

async fn add(world: &World, name: &str, scopes: &[Scope], days: Option<u32>) -> Result<Made, Refused> {
    let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
    let wish = TokenWish { name: name.into(), scopes, customers: Customers::All, days };
    world.people.add_token(&by(), wish, world.now()).await
}

#[tokio::test]
async fn a_token_may_what_its_scopes_say_until_it_ends_or_is_revoked() {
    let mut world = World::new();
    let token = add(&world, "grafana", &[Scope::Read], Some(2)).await.unwrap().0;
    assert!(token.starts_with("atl_") && token.len() == 47);
    let other = add(&world, "prometheus", &[Scope::Metrics], None).await.unwrap().0;
    for _ in 0..2 {
        let person = world.people.bearer(&token, world.now()).unwrap();
        assert_eq!((person.name.as_str(), person.session), ("grafana", None));
        assert_eq!(guard(&person, Need::Read, Some("Ana")), Ok(()));
        assert_eq!(guard(&person, Need::Operate, Some("Ana")), Err(Why::Scope));
        world.restart();
    }
    for shown in ["", "atl_", &token[4..], &token[..46], &token.replace("atl_", "ATL_"), &format!("{token}A")] {
        assert_eq!(world.people.bearer(shown, world.now()), None, "{shown}");
    }
    world.clock.pass(2 * DAY);
    assert_eq!(world.people.bearer(&token, world.now()), None);
    assert!(world.people.bearer(&other, world.now()).is_some());
    world.people.keep_house(world.now()).await.unwrap();
    world.people.revoke_token(&by(), "prometheus", world.now()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.people.bearer(&other, world.now()), None);
        assert_eq!(world.people.revoke_token(&by(), "prometheus", world.now()).await, Err(Refused::Missing));
        world.restart();
    }
    add(&world, "prometheus", &[Scope::Metrics], None).await.unwrap();
}

#[tokio::test]
async fn a_token_that_makes_no_sense_is_not_made() {
    let world = World::new();
    add(&world, "a", &[Scope::Read], None).await.unwrap();
    for (name, scopes, days, why) in [
        ("a", &[Scope::Read][..], None, Refused::Taken),
        ("", &[Scope::Read], None, Refused::Name),
        ("a/b", &[Scope::Read], None, Refused::Name),
        ("b", &[], None, Refused::NoScope),
        ("b", &[Scope::Read], Some(0), Refused::Days),
        ("b", &[Scope::Read], Some(4000), Refused::Days),
    ] {
        assert_eq!(add(&world, name, scopes, days).await, Err(why));
    }
}

#[tokio::test]
async fn a_tool_at_the_broker_shows_name_and_token() {
    let world = World::new();
    let hears = add(&world, "node-red", &[Scope::MqttRead], None).await.unwrap().0;
    let home = add(&world, "home", &[Scope::MqttRead, Scope::MqttHomeAssistant], None).await.unwrap().0;
    let reads = add(&world, "grafana", &[Scope::Read, Scope::Manage], None).await.unwrap().0;
    let some = TokenWish {
        name: "some".into(),
        scopes: [Scope::MqttRead].into(),
        customers: Customers::of(&["Ana".into()]).unwrap(),
        days: None,
    };
    let some = world.people.add_token(&by(), some, world.now()).await.unwrap().0;
    let tool = |user: &str, token: &str| world.people.tool(user, token, world.now());
    assert_eq!(tool("node-red", &hears), Some(ToolRights::Read));
    assert_eq!(tool("home", &home), Some(ToolRights::HomeAssistant));
    for (user, token) in [("home", &hears), ("", &hears), ("grafana", &reads), ("some", &some), ("home", &"x".into())] {
        assert_eq!(tool(user, token), None, "{user}");
    }
}

/// So that who is connected with it does not stay for ever.
#[tokio::test]
async fn a_tool_that_was_let_in_may_stay_until_its_token_ends_or_is_revoked() {
    let world = World::new();
    add(&world, "node-red", &[Scope::MqttRead], Some(2)).await.unwrap();
    add(&world, "home", &[Scope::MqttHomeAssistant], None).await.unwrap();
    add(&world, "grafana", &[Scope::Read], None).await.unwrap();
    let named = |name: &str| world.people.tool_named(name, world.now());
    let (red, home) = (Some(ToolRights::Read), Some(ToolRights::HomeAssistant));
    assert_eq!((named("node-red"), named("home"), named("grafana"), named("none")), (red, home, None, None));
    world.clock.pass(2 * DAY);
    assert_eq!((named("node-red"), named("home")), (None, home));
    world.people.revoke_token(&by(), "home", world.now()).await.unwrap();
    assert_eq!(named("home"), None);
}
