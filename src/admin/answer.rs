//! What the admin port answers, path by path.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};

use super::access::{self, Peer, Right, Token};
use super::health::Health;
use crate::metrics::Metrics;

/// Where the answers come from.
pub struct Source {
    /// `/metrics`.
    pub metrics: Arc<Metrics>,
    /// `/healthz`, `/readyz`.
    pub health: Arc<Health>,
    /// Opens the rest.
    pub token: Option<Token>,
}

type Answer = Response<Full<Bytes>>;

impl Source {
    pub(super) async fn answer(&self, request: Request<impl Body>, peer: Peer) -> Answer {
        let right = access::right(peer, request.headers(), self.token.as_ref());
        let path = request.uri().path();
        let Some((_, methods, needed)) = PATHS.iter().find(|(known, ..)| *known == path) else {
            let known: Vec<_> = PATHS.iter().map(|(path, ..)| *path).collect();
            return text(StatusCode::NOT_FOUND, format!("there is {}\n", known.join(" ")));
        };
        if !methods.contains(request.method()) {
            let names: Vec<_> = methods.iter().map(Method::as_str).collect();
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, format!("only {}\n", names.join(" and ")));
            if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
                answer.headers_mut().insert(ALLOW, names);
            }
            return answer;
        }
        if right < *needed {
            return self.forbidden(right);
        }
        match path {
            "/metrics" => match self.metrics.render() {
                Ok(metrics) => typed(StatusCode::OK, METRICS_TYPE, metrics),
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            },
            "/readyz" => match self.health.unready() {
                None => text(StatusCode::OK, "ready\n".to_owned()),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
            },
            _ => text(StatusCode::OK, "alive\n".to_owned()),
        }
    }

    /// Says how to be let in.
    fn forbidden(&self, right: Right) -> Answer {
        let advice = match (&self.token, right) {
            (None, Right::Read) => {
                "to change things, use the unix socket (admin.socket) or a token (admin.token_file)\n"
            }
            (None, _) => "open on this machine only, as long as there is no admin.token_file\n",
            (Some(_), _) => {
                "show the token of admin.token_file: \"Authorization: Bearer TOKEN\", or as password\n"
            }
        };
        if self.token.is_none() {
            return text(StatusCode::FORBIDDEN, advice.to_owned());
        }
        let mut answer = text(StatusCode::UNAUTHORIZED, advice.to_owned());
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"postseal\""));
        answer
    }
}

fn text(status: StatusCode, text: String) -> Answer {
    typed(status, "text/plain; charset=utf-8", text)
}

fn typed(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Paths, methods, and what one needs for them.
const PATHS: [(&str, &[Method], Right); 4] = [
    ("/metrics", LOOK, Right::Scrape),
    ("/healthz", LOOK, Right::Scrape),
    ("/livez", LOOK, Right::Scrape),
    ("/readyz", LOOK, Right::Scrape),
];
const LOOK: &[Method] = &[Method::GET, Method::HEAD];
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
