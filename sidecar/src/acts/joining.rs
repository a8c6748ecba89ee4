//! A node that comes with its string. It shows who it is by the string itself, and writes its own line of the audit.

use std::net::IpAddr;

use atalaya_wire::join::{Refused, Request, Response};

use super::Acts;

impl Acts {
    /// Lets a node in, or says why not. Whoever was connected in its name with what it showed before is thrown out.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn join(&self, request: &Request, peer: IpAddr) -> Result<Response, Refused> {
        let response = self.gate.join(request, peer, self.now()).await?;
        if let Ok(joining) = request.check() {
            self.doorman.out_with_node(&joining.node).await;
        }
        Ok(response)
    }
}
