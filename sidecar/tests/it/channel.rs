//! The channel that is the sidecar's own connection.

use super::program::Program;

#[test]
fn the_channel_of_the_own_connection_is_tested_by_the_sidecar_that_runs() {
    let channel = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n[[channel]]\nname = \"home\"\nkind = \"mqtt\"\n";
    let program = Program::start(channel);
    let config = program.config.to_str().unwrap().to_owned();
    let said = program.does(&["alerts", "test", "home", "--config", &config]);
    assert_eq!(said, "home: sent; the service answered: the broker has it\n");
    assert!(program.audit().iter().any(|line| line.contains("channel.test home")), "{:?}", program.audit());
}
