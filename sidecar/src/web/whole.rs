//! What changes something is done to its end, whoever goes away meanwhile. Otherwise it would stop at any wait once its
//! client has closed or its time is over: written, say, but not yet so in memory.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::limits::BODY_BYTES_MAX;

/// The layer around everything that may change something. What is asked for is read whole before.
pub(super) async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        let said = format!("at most {} KiB are read", BODY_BYTES_MAX >> 10);
        return (StatusCode::PAYLOAD_TOO_LARGE, said).into_response();
    };
    let request = Request::from_parts(head, Body::from(body));
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that stops cuts it off.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use axum::routing::post;
    use tokio::sync::Notify;
    use tower_http::timeout::TimeoutLayer;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_ended_though_its_client_has_given_up() {
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (going, doing) = (Arc::clone(&go), Arc::clone(&done));
        let act = move || async move {
            going.notified().await;
            doing.notify_one();
        };
        let short = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_millis(1));
        let layer = axum::middleware::from_fn(to_its_end);
        let router: Router = Router::new().route("/", post(act)).layer(layer).layer(short);
        let request = Request::post("/").body(Body::empty()).unwrap();
        let answer = tower_service(router, request).await;
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        go.notify_one();
        tokio::time::timeout(Duration::from_secs(10), done.notified()).await.expect("it was cut off");
    }

    async fn tower_service(router: Router, request: Request) -> Response {
        use hyper::service::Service;
        hyper_util::service::TowerToHyperService::new(router).call(request).await.unwrap()
    }
}
