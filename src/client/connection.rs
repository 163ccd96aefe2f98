//! One pipelined connection to one node: requests go out in order, answers are told apart by their correlation ids.
//!
//! Two tasks own the socket, one for each direction. At most [`Settings::in_flight_max`] requests are under way; who
//! asks beyond that waits. Answers longer than [`FRAME_BYTES_MAX`] end the connection. Nothing is retried here.

use std::collections::HashMap;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::ClientError;
use super::traffic::Traffic;
use crate::error::ErrorCode;
use crate::wire::api_key::ApiKey;
use crate::wire::exchange::{self, LENGTH_BYTES};
use crate::wire::message::{Message, Request};
use crate::wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};

/// The longest answer that is read: a gigabyte, far above what any setting makes a broker send.
pub const FRAME_BYTES_MAX: usize = 1 << 30;

/// How to connect and to ask.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What we call ourselves.
    pub client_id: String,
    /// What we call our software (KIP-511).
    pub client_software_name: &'static str,
    /// How long to wait for a connection, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long to wait for an answer, in milliseconds.
    pub request_timeout_ms: u64,
    /// How many requests may be under way.
    pub in_flight_max: usize,
    /// Where what goes over the connection is counted, if anywhere.
    pub traffic: Option<Arc<Traffic>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_id: "vltava".to_owned(),
            client_software_name: "vltava",
            connect_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            in_flight_max: 5,
            traffic: None,
        }
    }
}

/// Whose bytes are counted, and where.
#[derive(Clone)]
struct Counted {
    address: String,
    traffic: Option<Arc<Traffic>>,
}

impl Counted {
    fn tell(&self, count: impl FnOnce(&Traffic, &str)) {
        if let Some(traffic) = &self.traffic {
            count(traffic, &self.address);
        }
    }
}

/// Who waits for which answer; none once the connection is over.
type Waiting = Arc<Mutex<Option<HashMap<i32, oneshot::Sender<Bytes>>>>>;

struct Outgoing {
    frame: Bytes,
    /// Told when the frame is with the system.
    written: Option<oneshot::Sender<()>>,
}

/// See the module. Dropping it ends the connection.
pub struct Connection {
    settings: Settings,
    /// To the task that writes.
    outgoing: mpsc::Sender<Outgoing>,
    /// Shared with the task that reads.
    waiting: Waiting,
    /// One for each request that may be under way.
    permits: Arc<Semaphore>,
    /// Wraps around: what was asked 2³² requests ago is answered or given up.
    next_correlation_id: Mutex<i32>,
    /// What the node offers: first and last version by API.
    versions: HashMap<i16, (i16, i16)>,
    /// The one that writes and the one that reads.
    tasks: [JoinHandle<()>; 2],
    counted: Counted,
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        end(&self.waiting, &self.counted);
    }
}

impl Connection {
    /// Connects to `host:port`, and asks which versions the node speaks. Within a tokio runtime only.
    pub async fn open(address: &str, settings: Settings) -> Result<Self, ClientError> {
        let wait = Duration::from_millis(settings.connect_timeout_ms);
        let stream = timeout(wait, TcpStream::connect(address))
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("{address}: no answer")))?
            .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let counted = Counted { address: address.to_owned(), traffic: settings.traffic.clone() };
        counted.tell(Traffic::opened);
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        // Room beside the requests under way for those that take no permit.
        let (outgoing, frames) = mpsc::channel(settings.in_flight_max.max(1) * 2 + 8);
        let tasks = [
            tokio::spawn(write_frames(write, frames, Arc::clone(&waiting), counted.clone())),
            tokio::spawn(read_frames(read, Arc::clone(&waiting), counted.clone())),
        ];
        let permits = Arc::new(Semaphore::new(settings.in_flight_max.max(1)));
        let mut connection = Self {
            settings,
            outgoing,
            waiting,
            permits,
            next_correlation_id: Mutex::new(0),
            versions: HashMap::new(),
            tasks,
            counted,
        };
        connection.versions = connection.ask_versions().await?;
        Ok(connection)
    }

    async fn ask_versions(&self) -> Result<HashMap<i16, (i16, i16)>, ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: self.settings.client_software_name.to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Default::default()
        };
        let mut answer: ApiVersionsResponse =
            self.send(&request, *ApiVersionsRequest::VERSIONS.end()).await?;
        if answer.error_code == ErrorCode::UnsupportedVersion.code() {
            answer = self.send(&ApiVersionsRequest::default(), 0).await?;
        }
        ClientError::check(answer.error_code, None)?;
        let versions = answer.api_keys.iter();
        Ok(versions.map(|api| (api.api_key, (api.min_version, api.max_version))).collect())
    }

    /// Whether it still stands, as far as is known.
    pub fn is_open(&self) -> bool {
        self.waiting.lock().is_some()
    }

    /// How many wait for an answer.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.lock().as_ref().map_or(0, HashMap::len)
    }

    /// The latest version of `R` that both sides speak.
    pub fn version_of<R: Request>(&self) -> Result<i16, ClientError> {
        self.version_up_to::<R>(i16::MAX)
    }

    /// The latest version of `R` up to `limit` that both sides speak.
    pub fn version_up_to<R: Request>(&self, limit: i16) -> Result<i16, ClientError> {
        let ours = R::VERSIONS;
        let theirs = self.versions.get(&R::KEY.code()).copied();
        let latest = theirs.map(|(min, max)| (min, max.min(*ours.end()).min(limit)));
        match latest {
            Some((min, version)) if version >= min && version >= *ours.start() => Ok(version),
            _ => Err(ClientError::Unsupported(format!("The node does not support {}", R::KEY))),
        }
    }

    /// Whether the node speaks any version of `api`.
    pub fn supports(&self, api: ApiKey) -> bool {
        self.versions.contains_key(&api.code())
    }

    /// Every API that the node offers: its number, first and last version.
    pub fn versions(&self) -> impl Iterator<Item = (i16, i16, i16)> {
        self.versions.iter().map(|(&key, &(min, max))| (key, min, max))
    }

    /// Asks in the latest version that both sides speak.
    pub async fn ask<R: Request>(&self, request: &R) -> Result<R::Response, ClientError> {
        self.send(request, self.version_of::<R>()?).await
    }

    /// Asks in `version`, and waits for the answer at most [`Settings::request_timeout_ms`].
    pub async fn send<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, ClientError> {
        let wait = Duration::from_millis(self.settings.request_timeout_ms);
        self.send_within(request, version, wait).await
    }

    /// Asks in `version`, and waits for the answer at most `wait`.
    pub async fn send_within<R: Request>(
        &self,
        request: &R,
        version: i16,
        wait: Duration,
    ) -> Result<R::Response, ClientError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let mut answer = self.begin(request, version, Some(permit))?;
        answer.wait = wait;
        answer.wait().await
    }

    /// Puts a request on its way now, so that requests go out in the order of the calls, and returns what waits for
    /// its answer. Who calls keeps to [`Settings::in_flight_max`]; far beyond it is an error.
    pub fn start<R: Request>(&self, request: &R, version: i16) -> Result<Answer<R>, ClientError> {
        self.begin(request, version, Arc::clone(&self.permits).try_acquire_owned().ok())
    }

    fn begin<R: Request>(
        &self,
        request: &R,
        version: i16,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Answer<R>, ClientError> {
        let (correlation_id, frame) = self.frame(request, version)?;
        let (reply, bytes) = oneshot::channel();
        match self.waiting.lock().as_mut() {
            Some(waiting) => waiting.insert(correlation_id, reply),
            None => return Err(closed().into()),
        };
        if self.outgoing.try_send(Outgoing { frame, written: None }).is_err() {
            if let Some(waiting) = self.waiting.lock().as_mut() {
                waiting.remove(&correlation_id);
            }
            return Err(closed().into());
        }
        Ok(Answer {
            bytes,
            version,
            correlation_id,
            wait: Duration::from_millis(self.settings.request_timeout_ms),
            waiting: Arc::clone(&self.waiting),
            _permit: permit,
            request: PhantomData,
        })
    }

    /// As [`Connection::tell`], put on its way now. What is returned is told when the system has it.
    pub fn start_told<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<impl Future<Output = Result<(), ClientError>> + Send + 'static + use<R>, ClientError>
    {
        let (_, frame) = self.frame(request, version)?;
        let (written, done) = oneshot::channel();
        let outgoing = Outgoing { frame, written: Some(written) };
        self.outgoing.try_send(outgoing).map_err(|_| closed())?;
        Ok(async move { Ok(done.await.map_err(|_| closed())?) })
    }

    /// Sends what brings no answer, Produce with `acks=0`, and returns when the system has it.
    pub async fn tell<R: Request>(&self, request: &R, version: i16) -> Result<(), ClientError> {
        let (_, frame) = self.frame(request, version)?;
        let (written, done) = oneshot::channel();
        let outgoing = Outgoing { frame, written: Some(written) };
        self.outgoing.send(outgoing).await.map_err(|_| closed())?;
        Ok(done.await.map_err(|_| closed())?)
    }

    fn frame<R: Request>(&self, request: &R, version: i16) -> Result<(i32, Bytes), ClientError> {
        let correlation_id = {
            let mut next = self.next_correlation_id.lock();
            *next = next.wrapping_add(1);
            *next
        };
        let client_id = Some(self.settings.client_id.as_str());
        Ok((correlation_id, exchange::frame(request, version, correlation_id, client_id)?))
    }
}

/// An answer that is on its way. Dropping it gives it up.
pub struct Answer<R: Request> {
    bytes: oneshot::Receiver<Bytes>,
    version: i16,
    correlation_id: i32,
    wait: Duration,
    waiting: Waiting,
    _permit: Option<OwnedSemaphorePermit>,
    request: PhantomData<fn() -> R>,
}

impl<R: Request> Answer<R> {
    /// Waits for it as long as the connection's settings say.
    pub async fn wait(self) -> Result<R::Response, ClientError> {
        match timeout(self.wait, self.bytes).await {
            Ok(answer) => decode::<R>(answer.map_err(|_| closed())?, self.version),
            Err(_) => {
                if let Some(waiting) = self.waiting.lock().as_mut() {
                    waiting.remove(&self.correlation_id);
                }
                Err(ClientError::Timeout(format!("no answer to {} in time", R::KEY)))
            }
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the node closed the connection")
}

fn decode<R: Request>(answer: Bytes, version: i16) -> Result<R::Response, ClientError> {
    match exchange::decode::<R>(answer.clone(), version) {
        // A broker that does not know the version answers in the oldest.
        Err(_) if R::KEY == ApiKey::ApiVersions && version != 0 => {
            Ok(exchange::decode::<R>(answer, 0)?)
        }
        other => Ok(other?),
    }
}

async fn write_frames(
    mut write: OwnedWriteHalf,
    mut frames: mpsc::Receiver<Outgoing>,
    waiting: Waiting,
    counted: Counted,
) {
    while let Some(Outgoing { frame, written }) = frames.recv().await {
        if write.write_all(&frame).await.is_err() {
            break;
        }
        counted.tell(|traffic, address| traffic.request(address, frame.len()));
        if let Some(written) = written {
            let _ = written.send(());
        }
    }
    let _ = write.shutdown().await;
    end(&waiting, &counted);
}

/// The connection is over; who still waits learns by the loss of the sender.
fn end(waiting: &Waiting, counted: &Counted) {
    if waiting.lock().take().is_some() {
        counted.tell(Traffic::closed);
    }
}

async fn read_frames(mut read: OwnedReadHalf, waiting: Waiting, counted: Counted) {
    while let Ok(frame) = read_frame(&mut read).await {
        counted.tell(|traffic, address| traffic.response(address, frame.len() + LENGTH_BYTES));
        let Some(correlation_id) = frame.first_chunk::<4>().map(|id| i32::from_be_bytes(*id))
        else {
            break;
        };
        let reply = waiting.lock().as_mut().and_then(|waiting| waiting.remove(&correlation_id));
        if let Some(reply) = reply {
            let _ = reply.send(frame);
        }
    }
    end(&waiting, &counted);
}

async fn read_frame(read: &mut OwnedReadHalf) -> io::Result<Bytes> {
    let size = usize::try_from(read.read_i32().await?)
        .ok()
        .filter(|size| *size <= FRAME_BYTES_MAX)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no length of an answer"))?;
    // Memory grows with what arrives.
    let mut frame = BytesMut::with_capacity(size.min(1 << 16));
    while frame.len() < size {
        let left = (size - frame.len()) as u64;
        if (&mut *read).take(left).read_buf(&mut frame).await? == 0 {
            return Err(closed());
        }
    }
    Ok(frame.freeze())
}
