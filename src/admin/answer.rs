//! The answers of the admin port, path by path.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, REFERRER_POLICY,
    RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::access::{self, AccessRight, AdminPeer, AdminToken, NONCE_FIELD, PROOF_FIELD};
use super::page;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::rate_limit::answer::{self as limits, Look};
use crate::services::Services;
use crate::status::Status;

/// Paths, methods, and the right that reading needs. Every change needs the right to change.
const PATHS: [(&str, &[Method], AccessRight); 8] = [
    ("/", LOOK, AccessRight::Read),
    ("/api/status", LOOK, AccessRight::Read),
    (DECISIONS, LOOK, AccessRight::Read),
    ("/api/limits", LOOK_AND_CHANGE, AccessRight::Read),
    ("/metrics", LOOK, AccessRight::Scrape),
    ("/healthz", LOOK, AccessRight::Scrape),
    ("/livez", LOOK, AccessRight::Scrape),
    ("/readyz", LOOK, AccessRight::Scrape),
];
/// Paths that are answered even if there is no room for other requests.
const PROBES: [&str; 3] = ["/healthz", "/livez", "/readyz"];
/// The path of an explanation; the number of the message follows.
const DECISIONS: &str = "/api/decisions/";
const LOOK_AND_CHANGE: &[Method] = &[Method::GET, Method::POST];
const JSON: &str = "application/json";
const MAX_BODY_OCTETS: usize = 16 << 10;
/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK: &[Method] = &[Method::GET, Method::HEAD];
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where the answers come from.
pub struct AdminSource {
    /// `/metrics`.
    pub metrics: Arc<Metrics>,
    /// `/healthz`, `/readyz`.
    pub health: Arc<Health>,
    /// The status page, if there is to be one.
    pub status: Option<Arc<Status>>,
    /// `/api/limits`.
    pub services: Arc<Services>,
    /// The token that opens everything else.
    pub token: Option<AdminToken>,
    /// Whether there is a unix socket, which opens everything else too.
    pub has_socket: bool,
}

type AdminResponse = Response<Full<Bytes>>;

impl AdminSource {
    pub(super) async fn answer(
        &self, request: Request<impl Body<Data = Bytes, Error = hyper::Error>>, peer: AdminPeer, work: &Semaphore,
    ) -> AdminResponse {
        if request.headers().get_all(HOST).iter().count() > 1 {
            return text(StatusCode::BAD_REQUEST, "more than one Host field\n".to_owned());
        }
        let right = access::right(peer, request.headers(), self.token.as_ref());
        let path = request.uri().path();
        let (place, number) = match path.strip_prefix(DECISIONS).map(str::parse) {
            Some(Ok(number)) => (DECISIONS, number),
            _ => (path, 0),
        };
        let Some((_, methods, needed)) = PATHS.iter().find(|(known, ..)| *known == place) else {
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
        let needed = if *request.method() == Method::POST { AccessRight::Change } else { *needed };
        if right < needed {
            return self.forbidden(right);
        }
        let _working = match (work.try_acquire(), PROBES.contains(&place)) {
            (Ok(permit), false) => Some(permit),
            (_, true) => None,
            (Err(_), false) => {
                let mut answer = text(StatusCode::SERVICE_UNAVAILABLE, "busy with other requests\n".to_owned());
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                return answer;
            }
        };
        match place {
            "/" => self.page(),
            "/api/status" => self.status(),
            "/api/limits" => self.limits(request, right).await,
            DECISIONS => self.why(number),
            "/metrics" => self.metrics(),
            "/readyz" => match self.health.unready() {
                None => text(StatusCode::OK, "ready\n".to_owned()),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
            },
            _ => self.alive(request.headers(), peer),
        }
    }

    /// Tells that the process works; and, to a client that asks, proves that it knows the token.
    fn alive(&self, headers: &HeaderMap, peer: AdminPeer) -> AdminResponse {
        let mut answer = text(StatusCode::OK, "alive\n".to_owned());
        if let (Some(token), Some(nonce), AdminPeer::Tcp { local, .. }) = (&self.token, headers.get(NONCE_FIELD), peer)
            && let Ok(proof) = HeaderValue::from_str(&token.proof(nonce.as_bytes(), local))
        {
            answer.headers_mut().insert(PROOF_FIELD, proof);
        }
        answer
    }

    fn metrics(&self) -> AdminResponse {
        self.services.store.observe(&self.metrics);
        match self.metrics.render() {
            Ok(metrics) => typed(StatusCode::OK, METRICS_TYPE, metrics),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }

    fn page(&self) -> AdminResponse {
        if self.status.is_none() {
            return off();
        }
        let mut answer = typed(StatusCode::OK, "text/html; charset=utf-8", page::HTML);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, page::policy());
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        answer
    }

    fn status(&self) -> AdminResponse {
        let Some(status) = &self.status else { return off() };
        match serde_json::to_vec(&status.report(&self.metrics, &self.health, &self.services)) {
            Ok(json) => typed(StatusCode::OK, JSON, json),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }

    async fn limits(
        &self, request: Request<impl Body<Data = Bytes, Error = hyper::Error>>, right: AccessRight,
    ) -> AdminResponse {
        let Some(store) = self.services.store.opened() else {
            let json = serde_json::json!({ "error": "no [[rate_limit]] is configured, so nothing is counted" });
            return typed(StatusCode::NOT_FOUND, JSON, json.to_string());
        };
        let observer = &self.services.limits;
        let bad = |what: &str| typed(StatusCode::BAD_REQUEST, JSON, serde_json::json!({ "error": what }).to_string());
        let (status, json) = if *request.method() == Method::POST {
            let body = Limited::new(request.into_body(), MAX_BODY_OCTETS).collect();
            let Ok(Ok(body)) = timeout(BODY_TIMEOUT, body).await else {
                return bad("the body is too long, or did not come");
            };
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(change) => limits::change(&**store, observer, &change).await,
                Err(error) => return bad(&error.to_string()),
            }
        } else {
            match Look::from_query(request.uri().query().unwrap_or_default()) {
                Some(look) => {
                    // With neither socket nor token, this is the only way for an operator to see whom a limit stops.
                    let shortens = right < AccessRight::Change && (self.token.is_some() || self.has_socket);
                    // With a longer prefix, a client could find out names letter by letter.
                    if shortens && !observer.shows_in_full() && names_values(&look.prefix) {
                        return bad(
                            "names are shortened without the token or the socket, so a prefix is RULE: at most",
                        );
                    }
                    let (status, mut json) = limits::look(&**store, observer, &look).await;
                    if shortens {
                        limits::shorten_keys(observer, &mut json);
                    }
                    (status, json)
                }
                None => return bad("known are key, prefix, blocked and most"),
            }
        };
        typed(status, JSON, json.to_string())
    }

    fn why(&self, number: u64) -> AdminResponse {
        let Some(status) = &self.status else { return off() };
        match status.why(number, &self.health) {
            Some(trace) => text(StatusCode::OK, trace),
            None => text(StatusCode::NOT_FOUND, "only the last hundred decisions are remembered\n".to_owned()),
        }
    }

    /// Tells the client how to get the right that it lacks.
    fn forbidden(&self, right: AccessRight) -> AdminResponse {
        let advice = match (&self.token, right) {
            (None, AccessRight::Read) => {
                "to change things, use the unix socket (admin.socket) or a token (admin.token_file)\n"
            }
            (None, _) => "open on this machine only, as long as there is no admin.token_file\n",
            (Some(_), _) => "show the token of admin.token_file: \"Authorization: Bearer TOKEN\", or as password\n",
        };
        if self.token.is_none() {
            return text(StatusCode::FORBIDDEN, advice.to_owned());
        }
        let mut answer = text(StatusCode::UNAUTHORIZED, advice.to_owned());
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"postseal\""));
        answer
    }
}

/// Whether the beginning of a counter's name goes further than the name of the rule.
fn names_values(prefix: &str) -> bool {
    prefix.split_once(':').is_some_and(|(_, values)| !values.is_empty())
}

fn off() -> AdminResponse {
    text(StatusCode::NOT_FOUND, "switched off by admin.status_page\n".to_owned())
}

fn text(status: StatusCode, text: String) -> AdminResponse {
    typed(status, "text/plain; charset=utf-8", text)
}

fn typed(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> AdminResponse {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
