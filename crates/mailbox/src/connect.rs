//! A connection: protected before a password is said, or none.

use std::net::SocketAddr;

use async_imap::{Client, imap_proto::Response};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::failed::Failed;
use crate::guard::Guard;
use crate::limits::{COMMAND, CONNECT, TALK_BYTES_MAX};
use crate::settings::{Security, Settings};
use crate::tls;

/// What is read and written, whichever way it is protected.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for S {}

pub(crate) type Guarded = Guard<Box<dyn Stream>>;

/// To where a server greets.
pub(crate) async fn connect(settings: &Settings) -> Result<Client<Guarded>, Failed> {
    let stream = timeout(CONNECT, tcp(settings)).await.map_err(|_| Failed::slow())??;
    match settings.security {
        Security::None => greeted(Box::new(stream)).await,
        Security::Tls => greeted(protect(settings, Box::new(stream)).await?).await,
        Security::StartTls => {
            let mut client = greeted(Box::new(stream)).await?;
            let asked = timeout(COMMAND, client.run_command_and_check_ok("STARTTLS", None)).await;
            let refused = |_| Failed::SetUp("the mail server offers no STARTTLS".into());
            asked.map_err(|_| Failed::slow())?.map_err(refused)?;
            // What was said before TLS and not read goes with the client that would have read it.
            let stream = protect(settings, client.into_inner().into_inner()).await?;
            Ok(Client::new(guarded(stream)))
        }
    }
}

async fn tcp(settings: &Settings) -> Result<TcpStream, Failed> {
    let cannot = |why: String| Failed::Unreachable(format!("cannot reach the mail server {}: {why}", settings.host));
    let addresses = lookup_host((settings.host.as_str(), settings.port))
        .await
        .map_err(|_| cannot("no such host, or no name server".into()))?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    if settings.security == Security::None && !addresses.iter().all(|one| one.ip().is_loopback()) {
        let why = format!("a password is not sent to {} in clear: set security to tls or starttls", settings.host);
        return Err(Failed::SetUp(why));
    }
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|err| cannot(err.kind().to_string()))?;
    // The library says a command in several pieces, each of which would wait for the one before to be confirmed.
    stream.set_nodelay(true).map_err(|err| cannot(err.kind().to_string()))?;
    Ok(stream)
}

async fn protect(settings: &Settings, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, Failed> {
    let config = tls::client(settings.ca_file.as_deref()).map_err(Failed::SetUp)?;
    let name = ServerName::try_from(settings.host.clone());
    let name = name.map_err(|_| Failed::SetUp(format!("{:?} is no mail server's name", settings.host)))?;
    let shaken = timeout(CONNECT, TlsConnector::from(config).connect(name, stream)).await;
    let stream = shaken.map_err(|_| Failed::slow())?.map_err(|err| match Failed::of_io(&err) {
        Failed::Hostile(_) => Failed::SetUp("the mail server speaks no TLS here: try security = \"starttls\"".into()),
        other => other,
    })?;
    Ok(Box::new(stream))
}

fn guarded(stream: Box<dyn Stream>) -> Guarded {
    let mut guard = Guard::new(stream);
    guard.allow(TALK_BYTES_MAX, 0);
    guard
}

async fn greeted(stream: Box<dyn Stream>) -> Result<Client<Guarded>, Failed> {
    let mut client = Client::new(guarded(stream));
    let greeting = timeout(COMMAND, client.read_response()).await.map_err(|_| Failed::slow())?;
    let greeting = greeting.map_err(|err| Failed::of_io(&err))?;
    match greeting.as_ref().map(|one| one.parsed()) {
        Some(Response::Data { status: async_imap::imap_proto::Status::Ok, .. }) => Ok(client),
        Some(_) => Err(Failed::Unreachable("the mail server takes nobody now".into())),
        None => Err(Failed::Unreachable("the mail server hung up".into())),
    }
}
