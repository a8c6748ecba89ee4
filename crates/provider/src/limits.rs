//! What is bounded, and why at this number. What happens when it is full is said at each.

use std::time::Duration;

/// To connect to a server, with all its addresses. Then it counts as one that cannot be reached.
pub const CONNECT: Duration = Duration::from_secs(10);
/// A request, from the name's look-up to the last byte. Registrars take several seconds to renew; one that takes longer is
/// asked how it stands.
pub const REQUEST: Duration = Duration::from_secs(30);
/// What is read of an answer. A page of [`PAGE_ITEMS`] domains with four contacts each has half a MiB; more is refused.
pub const ANSWER_BYTES_MAX: usize = 2 << 20;
/// Headers of an answer. With more it is no answer.
pub const ANSWER_HEADER_BYTES_MAX: usize = 32 << 10;
/// Things asked for at once, where a service has pages.
pub const PAGE_ITEMS: usize = 200;
/// Pages of one list. A service that goes on for longer is not believed.
pub const PAGES_MAX: usize = 50;
/// A file with a key.
pub const SECRET_BYTES_MAX: u64 = 4 << 10;
/// What a service gives as the mark of a place in a list. GoDaddy's are domains, Cloudflare's some hundred bytes.
pub const MARK_BYTES_MAX: usize = 1_024;
/// A domain name as text (RFC 1035, 2.3.4).
pub const NAME_BYTES_MAX: usize = 253;
/// A label of it.
pub const LABEL_BYTES_MAX: usize = 63;

/// Requests to one endpoint of GoDaddy's within [`GODADDY_SPAN`]: what its terms of use allow. One more is not sent.
pub const GODADDY_REQUESTS_MAX: usize = 60;
/// In which those are counted.
pub const GODADDY_SPAN: Duration = Duration::from_secs(60);
/// GoDaddy takes no record that is kept for a shorter time, in seconds.
pub const GODADDY_TTL_MIN: u32 = 600;
/// Nor for a longer one.
pub const GODADDY_TTL_MAX: u32 = 86_400;

/// Requests to Cloudflare within [`CLOUDFLARE_SPAN`]: it allows 1,200 to a user, whose other programs want some too. One more
/// is not sent.
pub const CLOUDFLARE_REQUESTS_MAX: usize = 1_000;
/// In which those are counted.
pub const CLOUDFLARE_SPAN: Duration = Duration::from_secs(300);
/// Seconds for which it is left alone after it said "too many": it blocks everything for so long.
pub const CLOUDFLARE_AWAY_SECONDS: u32 = 300;
/// It takes no record that is kept for a shorter time, in seconds; 1 lets it choose.
pub const CLOUDFLARE_TTL_MIN: u32 = 60;
/// Nor for a longer one.
pub const CLOUDFLARE_TTL_MAX: u32 = 86_400;
/// Orders whose answers said where to look. Beyond that the first are forgotten, and looked for where they usually are.
pub const WORKFLOWS_MAX: usize = 100;
/// Zones of an account that are looked into. Each is a request of those above.
pub const CLOUDFLARE_ZONES_MAX: usize = 200;

/// Domains of one section that registries are asked about. Each is asked once a day.
pub const RDAP_DOMAINS_MAX: usize = 200;
/// Seconds after which a registry that was not reached may be asked again.
pub const RDAP_AGAIN_SECONDS: i64 = 3_600;

/// Hosts of one section whose certificates are looked at, one after the other.
pub const TLS_HOSTS_MAX: usize = 100;
/// To look at one, with its name looked up and the handshake done.
pub const TLS: Duration = Duration::from_secs(10);
/// Certificates that a server shows beside its own. A chain has two or three.
pub const TLS_CHAIN_MAX: usize = 16;
/// Files of one section.
pub const FILES_MAX: usize = 100;
/// A file with a certificate, those that lead to its root, and perhaps its key. More is told, and not read.
pub const FILE_BYTES_MAX: u64 = 256 << 10;
/// Things that one section has by hand.
pub const HAND_ITEMS_MAX: usize = 500;
/// Host names of one section at No-IP. Its plans have fewer.
pub const NOIP_HOSTS_MAX: usize = 100;
/// To ask a zone's servers for a record, with their own names looked up.
pub const DNS: Duration = Duration::from_secs(20);
/// To ask No-IP's servers for all names of a section.
pub const NOIP: Duration = Duration::from_secs(60);
/// Name servers of a zone that are asked. Zones have two to eight; more than these would be asked for nothing.
pub const DNS_SERVERS_MAX: usize = 8;

/// Seconds for which a service is left alone that says "too many" without saying for how long.
pub const BUSY_SECONDS: u32 = 60;
/// Seconds for which a service may have itself left alone. More is cut to this.
pub const BUSY_SECONDS_MAX: u32 = 86_400;

const _: () = assert!(CONNECT.as_secs() < REQUEST.as_secs());
const _: () = assert!(PAGES_MAX * PAGE_ITEMS >= atalaya_renew::limits::FOUND_MAX);
