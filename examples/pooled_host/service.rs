//! The host as a service: metrics for Prometheus and snapshots as JSON, of one window after another.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use highwater::{Budget, MeterCounters, PrincipalId, Snapshot, SnapshotSource, WindowedLedger};
use highwater_prometheus::LedgerCollector;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

use crate::options::Options;

/// What Prometheus asks for, and what anyone else gets.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A service that has its address, and nothing to report yet.
pub struct Service {
    listener: TcpListener,
    period: Duration,
    pub windows: WindowedLedger<PrincipalId>,
}

impl Service {
    /// Takes the address.
    pub fn bind(address: SocketAddr, options: &Options) -> io::Result<Self> {
        let bind = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = bind().map_err(|error: io::Error| {
            io::Error::new(error.kind(), format!("cannot serve at {address}: {error}"))
        })?;
        let windows = WindowedLedger::with_capacity(options.capacity);
        Ok(Self { listener, period: Duration::from_secs(options.period), windows })
    }

    /// Serves, and ends windows, until the process ends.
    pub fn start(&self, counters: Arc<MeterCounters>, host: Option<Budget>) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        eprintln!("serving /metrics and /snapshot at http://{}", listener.local_addr()?);
        let mut collector = LedgerCollector::new(self.windows.clone()).with_meters(counters);
        if let Some(host) = host {
            collector = collector.with_budget("host", host);
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        let state = Arc::new(Served { windows: self.windows.clone(), registry: Mutex::new(registry) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(serve(listener, state)));

        let (windows, period) = (self.windows.clone(), self.period);
        thread::spawn(move || {
            loop {
                thread::sleep(period);
                if let Err(error) = windows.rotate() {
                    return eprintln!("error: {error}");
                }
            }
        });
        Ok(())
    }
}

struct Served {
    windows: WindowedLedger<PrincipalId>,
    registry: Mutex<Registry>,
}

/// Each connection is a task of its own, so a client that is silent stops no other.
async fn serve(listener: TcpListener, state: Arc<Served>) {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/snapshot", get(last_snapshot))
        .route("/snapshot/{window}", get(snapshot))
        .with_state(state);
    let served = async { axum::serve(tokio::net::TcpListener::from_std(listener)?, routes).await };
    if let Err(error) = served.await {
        eprintln!("error: the service has ended: {error}");
    }
}

async fn metrics(State(served): State<Arc<Served>>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let open = accepted.contains("application/openmetrics-text");
    let mut body = String::new();
    let registry = served.registry.lock().unwrap_or_else(PoisonError::into_inner);
    let encoded =
        if open { text::encode(&mut body, &registry) } else { prometheus_text::encode(&mut body, &registry) };
    match encoded {
        Ok(()) => {
            let kind = if open { OPEN_METRICS } else { PLAIN_TEXT };
            ([(header::CONTENT_TYPE, kind)], body).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn last_snapshot(State(served): State<Arc<Served>>) -> Response {
    json(&SnapshotSource::snapshot(&served.windows))
}

/// A closed window by its number, for as long as it is kept.
async fn snapshot(State(served): State<Arc<Served>>, Path(window): Path<u64>) -> Response {
    match served.windows.closed(window) {
        Some(window) => json(&window.snapshot()),
        None => (StatusCode::NOT_FOUND, format!("window {window} has not ended, or is no longer kept\n"))
            .into_response(),
    }
}

fn json(snapshot: &Snapshot<PrincipalId>) -> Response {
    match serde_json::to_string(snapshot) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
