//! The Prometheus endpoint: answers `GET /metrics` with the node's series, and any other path with 404.
//!
//! Speaks just enough of HTTP/1.1 for a scraper: one request a connection, bounded in size and time. Never sees a
//! secret.
//!
//! Nobody is asked who they are: it should listen where only scrapers are.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::supervision::{DeathWatch, Stop};
use crate::types::Millis;

/// The longest head of a request.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// How long a scraper may take over one request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait after one could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);
/// How many scrapers may be served at once; more wait.
const SCRAPERS_MAX: usize = 8;

/// What the endpoint is made of.
#[derive(Clone)]
pub struct MetricsSpec {
    /// The bound socket, listening already.
    pub socket: Arc<std::net::TcpListener>,
    /// The series.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
}

/// The actor of the endpoint.
pub struct MetricsActor {
    spec: MetricsSpec,
    watch: DeathWatch,
}

impl MetricsActor {
    /// An endpoint on a bound socket.
    pub fn new(spec: MetricsSpec, watch: DeathWatch) -> Self {
        Self { spec, watch }
    }
}

impl Actor for MetricsActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let accepting = accept(self.spec.clone());
        ctx.spawn(wrap_future::<_, Self>(accepting).map(|outcome, actor, ctx| {
            if let Err(error) = outcome {
                tracing::error!(%error, "the metrics endpoint fails");
                actor.watch.fail();
            }
            ctx.stop();
        }));
    }
}

impl Handler<Stop> for MetricsActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

async fn accept(spec: MetricsSpec) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(spec.socket.try_clone()?)?;
    let places = Arc::new(Semaphore::new(SCRAPERS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return Ok(()) };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One scraper's trouble, or the node has no file to spare: neither is for good.
            Err(error) => {
                tracing::warn!(%error, "a scraper could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (metrics, now) = (spec.metrics.clone(), spec.clock.now());
        actix_rt::spawn(async move {
            let _place = place;
            // A scraper that has gone, or is slow, is its own loss.
            let _ = tokio::time::timeout(PATIENCE, serve(stream, &metrics, now)).await;
        });
    }
}

async fn serve(mut stream: TcpStream, metrics: &Metrics, now: Millis) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_BYTES_MAX || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let answer = answer(&String::from_utf8_lossy(&head), metrics, now).await;
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn answer(head: &str, metrics: &Metrics, now: Millis) -> String {
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, body) = match (method, path.split('?').next().unwrap_or_default()) {
        ("GET", "/metrics") => ("200 OK", metrics.render(now).await),
        ("GET", _) => ("404 Not Found", "see /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "GET only\n".to_owned()),
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_metrics_are_served() {
        let metrics = Metrics::new();
        metrics.topics.of("t").records_in(5, 1);
        let asked = async |head: &str| answer(head, &metrics, 0).await;
        let scraped = asked("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(scraped.starts_with("HTTP/1.1 200 OK") && scraped.contains("bytesin_total 5"));
        assert!(asked("GET /secrets HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404"));
        assert!(asked("POST /metrics HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 405"));
    }
}
