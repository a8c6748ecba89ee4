//! What nodes want certificates for. Kept as it comes, to a bound; whether somebody orders it is not the tower's business.

use atalaya_wire::event::Requested;
use atalaya_wire::limits::REQUEST_BYTES_MAX;
use atalaya_wire::{NodeId, ObjectId};

use super::{Tower, Why};
use crate::clock::Now;
use crate::db::Row;
use crate::limits::REQUESTS_PER_NODE_MAX;

/// The last that a node said of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// PKCS #10 in DER, as it came.
    pub body: Vec<u8>,
    /// SHA-256 of the certificate that it has, in hexadecimal; empty for none.
    pub installed: String,
    /// When it said so, in seconds since 1970.
    pub at: i64,
}

impl Tower {
    /// Takes down a request. What stands already is not written again.
    pub(super) fn requested(
        &mut self,
        node: &NodeId,
        id: u16,
        at: i64,
        object: &ObjectId,
        told: Requested,
        now: Now,
    ) -> Option<Row> {
        let Requested { request: body, installed } = told;
        let name = object.as_str().to_owned();
        if name.is_empty() || body.len() > REQUEST_BYTES_MAX {
            self.refuse(node, Why::Garbled, now);
            return None;
        }
        let request = Request { body, installed: installed.as_str().to_owned(), at };
        let is_full = {
            let mut seen = self.board.write();
            let known = &mut seen.nodes.get_mut(node.as_str())?.requests;
            let old = known.get(&name);
            if old.is_some_and(|old| (&old.body, &old.installed) == (&request.body, &request.installed)) {
                return None;
            }
            let is_full = old.is_none() && known.len() >= REQUESTS_PER_NODE_MAX;
            if !is_full {
                known.insert(name.clone(), request.clone());
            }
            is_full
        };
        if is_full {
            self.refuse(node, Why::Objects, now);
            return None;
        }
        let Request { body, installed, at } = request;
        Some(Row::Request { node: id, certificate: name, at, installed, body })
    }
}
