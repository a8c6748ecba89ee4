//! What is played, and against whom.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Play many agents against a broker and measure the sidecar behind it
#[derive(Debug, clap::Parser)]
pub(crate) struct Args {
    /// Where the broker listens; on the loopback interface each node gets an address of its own
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    pub(crate) broker: SocketAddr,
    /// Connect with TLS, and trust the authorities in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Each node shows a certificate of its own: ID.pem in this folder, with key.pem for all of them
    #[arg(long, value_name = "DIR", requires = "ca")]
    pub(crate) certificates: Option<PathBuf>,
    /// Before all topics
    #[arg(long, value_name = "TOPIC", default_value = "atalaya")]
    pub(crate) prefix: String,
    /// The sidecar's id in topics
    #[arg(long, value_name = "ID", default_value = "_sidecar")]
    pub(crate) sidecar: String,
    /// How many nodes
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) nodes: u32,
    /// How long to wait before the quiet part, for what everybody's coming leaves to be done
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) settle: f64,
    /// How long the quiet part is that is measured
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    pub(crate) minutes: f64,
    /// Seconds between two frames of a node
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub(crate) interval: f64,
    /// Seconds between two records of a node, on average
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0)]
    pub(crate) record_every: f64,
    /// Then a disk fails in so many nodes at once; the time from the frame that says so to the alert is measured
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) alerts: u32,
    /// Then all connections are cut so often; the time until each node has an acknowledgement again is measured
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    pub(crate) cut: u32,
    /// Home Assistant's discovery is published too
    #[arg(long)]
    pub(crate) discovery: bool,
    /// The sidecar's process: what it takes is measured
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// End with 1 also when something takes more than is wanted with a thousand nodes on two cores
    #[arg(long)]
    pub(crate) strict: bool,
    /// How long to wait for what is expected: acknowledgements, alerts
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0)]
    pub(crate) patience: f64,
    /// Write everything here, with the records of each node
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}
