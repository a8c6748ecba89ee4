//! A refusal of the API that was made before or around its routes is of one type with theirs.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::problem::{MEDIA_TYPE, Problem};

/// What a layer says of itself is a line.
const TEXT_BYTES_MAX: usize = 1024;

/// The outermost layer: around what ends a request that takes too long, and what catches a panic.
pub(super) async fn of_api(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == MEDIA_TYPE);
    if !is_api || !is_refusal || is_problem {
        return response;
    }
    let (head, body) = response.into_parts();
    let said = to_bytes(body, TEXT_BYTES_MAX).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let (status, mut answer) = (head.status, of(head.status, said.trim()).into_response());
    let kept = head.headers.iter().filter(|(name, _)| **name != CONTENT_TYPE && **name != CONTENT_LENGTH);
    kept.for_each(|(name, value)| _ = answer.headers_mut().append(name, value.clone()));
    *answer.status_mut() = status;
    answer
}

fn of(status: StatusCode, said: &str) -> Problem {
    let (name, title, detail) = match status {
        StatusCode::NOT_FOUND => ("missing", "There is no such thing", "there is no such route; /api lists them"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method-not-allowed", "Not with this method", "the header Allow says with which")
        }
        StatusCode::REQUEST_TIMEOUT => {
            ("too-slow", "The request took too long", "15 seconds from its head to its answer")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The request is too large", "64 KiB"),
        StatusCode::MISDIRECTED_REQUEST => ("misdirected", "This name does not lead here", said),
        status if status.is_server_error() => ("internal", "Something went wrong here", "the log says more"),
        _ => ("refused", "It cannot be done", said),
    };
    Problem::new(status, name, title, detail)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::post;
    use axum::{Router, middleware};
    use hyper_util::service::TowerToHyperService;
    use tower_http::catch_panic::CatchPanicLayer;
    use tower_http::timeout::TimeoutLayer;

    use super::*;

    /// A router with everything that refuses by itself, asked once.
    async fn asked(path: &str, body: usize) -> (u16, String, serde_json::Value) {
        use hyper::service::Service as _;
        let routes = |prefix: &str| {
            let panics = post(|| async {
                if true {
                    panic!("on purpose")
                }
            });
            let hangs = post(std::future::pending::<()>);
            let takes = post(|_: axum::body::Bytes| async {});
            let wrong = post(|| async { (StatusCode::MISDIRECTED_REQUEST, "this name is not among them\n") });
            Router::new()
                .route(&format!("{prefix}/panics"), panics)
                .route(&format!("{prefix}/hangs"), hangs)
                .route(&format!("{prefix}/takes"), takes)
                .route(&format!("{prefix}/wrong"), wrong)
        };
        let time = std::time::Duration::from_millis(20);
        let router = routes("/api/v1")
            .merge(routes(""))
            .layer(axum::extract::DefaultBodyLimit::max(10))
            .layer(CatchPanicLayer::new())
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, time))
            .layer(middleware::from_fn(of_api));
        let request = Request::post(path).body(Body::from(vec![b'x'; body])).unwrap();
        let answer: Response = TowerToHyperService::new(router).call(request).await.unwrap();
        let kind = answer.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, kind.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn whatever_refuses_a_request_of_the_api_says_it_as_a_problem() {
        for (path, body, status, name) in [
            ("/panics", 0, 500, "internal"),
            ("/hangs", 0, 408, "too-slow"),
            ("/takes", 11, 413, "too-large"),
            ("/wrong", 0, 421, "misdirected"),
            ("/none", 0, 404, "missing"),
        ] {
            let (code, kind, told) = asked(&format!("/api/v1{path}"), body).await;
            assert_eq!((code, kind.as_str()), (status, MEDIA_TYPE), "{path}");
            assert_eq!(told["type"], format!("/problems/{name}"), "{path}");
            assert_eq!(told["status"], status, "{path}");
            let (code, kind, _) = asked(path, body).await;
            assert_eq!((code, kind == MEDIA_TYPE), (status, false), "{path}: pages are for people");
        }
    }
}
