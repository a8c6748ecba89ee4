//! Listeners: each connection in a task of its own, bounded in number and in how long it may take over its headers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::middleware;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_http::timeout::TimeoutLayer;

use super::{Secure, refusal};
use crate::certificates::Shown;
use crate::error::{Error, Result};
use crate::limits::REQUEST_TIME_MAX;

/// Of what comes before a request on a TLS connection.
const TLS_TIME_MAX: Duration = Duration::from_secs(10);
/// Of a request's head.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// From a connection, or the last answer on it, to the head of a request.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long requests may take that were there when the program was told to stop.
pub(super) const STOP_TIME_MAX: Duration = Duration::from_secs(3);

/// Listens; `None` where this machine does not have such addresses.
pub(super) async fn bind(address: SocketAddr) -> Result<Option<TcpListener>> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(err) if address.is_ipv6() && err.kind() == std::io::ErrorKind::AddrNotAvailable => Ok(None),
        Err(err) => {
            let what = format!("listen on {address} for pages; set [web] listen");
            Err(Error::from(err).while_(&what))
        }
    }
}

/// Serves until `stop` says otherwise.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<Shown>,
    routers: watch::Receiver<Router>,
    places: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => {}
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                    let _ = stream.set_nodelay(true);
                    let router = routers.borrow().clone().layer(within(REQUEST_TIME_MAX)).layer(axum::Extension(Secure(tls.is_some())));
                    let router = router.layer(axum::Extension(ConnectInfo(peer))).layer(middleware::from_fn(refusal::of_api));
                    let (tls, stop) = (tls.as_ref().map(|shown| shown.borrow().clone()), stop.clone());
                    tasks.spawn(async move {
                        match tls {
                            None => one(stream, router, stop).await,
                            Some(None) => {}
                            Some(Some(tls)) => {
                                let hand = tokio::time::timeout(TLS_TIME_MAX, TlsAcceptor::from(tls).accept(stream));
                                if let Ok(Ok(stream)) = hand.await {
                                    one(stream, router, stop).await;
                                }
                            }
                        }
                        drop(place);
                    });
                }
                // Out of descriptors: waiting lets some go.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
    drop(listener);
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(STOP_TIME_MAX, all).await;
}

/// A request that takes longer is given up.
pub(super) fn within(time: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, time)
}

/// One connection.
pub(super) async fn one<S>(stream: S, router: Router, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
