//! The sockets that a node listens on. Nothing is accepted here.
//!
//! A listener without a host, or on `0.0.0.0`, listens on every address of both families, as Java's sockets do.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use crate::api::context::ListenerKind;
use crate::config::{Config, Listener};
use crate::error::Error;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// A bound listener.
pub(super) struct Bound {
    pub(super) listener: Listener,
    pub(super) kind: ListenerKind,
    pub(super) socket: Arc<std::net::TcpListener>,
    pub(super) address: SocketAddr,
}

/// Binds every listener, so that a port that is taken ends the start and not a child.
pub(super) fn bind(config: &Config) -> Result<Vec<Bound>, Error> {
    config.listeners().iter().map(|listener| bind_one(listener, config)).collect()
}

/// Binds one listener.
pub(super) fn bind_one(listener: &Listener, config: &Config) -> Result<Bound, Error> {
    let what = format!("the listener {listener} cannot be opened");
    let socket = if listener.host.is_empty() {
        open_anywhere(listener.port, config).map_err(Error::io(&what))?
    } else {
        let host = (listener.host.as_str(), listener.port);
        let address = host.to_socket_addrs().map_err(Error::io(&what))?.next();
        let address = address.ok_or_else(|| Error::Config(format!("{what}: no address")))?;
        if address.ip() == Ipv4Addr::UNSPECIFIED {
            open_anywhere(listener.port, config).map_err(Error::io(&what))?
        } else {
            open(address, config).map_err(Error::io(&what))?
        }
    };
    let address = socket.local_addr()?;
    let controller = config.is_controller_listener(&listener.name);
    let kind = if controller { ListenerKind::Controller } else { ListenerKind::Broker };
    Ok(Bound { listener: listener.clone(), kind, socket: Arc::new(socket), address })
}

/// Binds the endpoint for Prometheus: `metrics.prometheus.listener=host:port`, a key of our own.
pub(super) fn bind_metrics(config: &Config) -> Result<Option<Arc<std::net::TcpListener>>, Error> {
    let Some(address) = config.originals().get("metrics.prometheus.listener") else {
        return Ok(None);
    };
    let what = format!("metrics.prometheus.listener {address} cannot be opened");
    let address = address.to_socket_addrs().map_err(Error::io(&what))?.next();
    let address = address.ok_or_else(|| Error::Config(format!("{what}: no address")))?;
    Ok(Some(Arc::new(open(address, config).map_err(Error::io(&what))?)))
}

/// On all addresses of both families, or where there is no IPv6, of IPv4.
fn open_anywhere(port: u16, config: &Config) -> std::io::Result<std::net::TcpListener> {
    match open((Ipv6Addr::UNSPECIFIED, port).into(), config) {
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
            open((Ipv4Addr::UNSPECIFIED, port).into(), config)
        }
        opened => opened,
    }
}

/// What the configuration sets is applied, and passes from the listening socket to those that it accepts. Where it sets
/// nothing, the system fits buffers to each connection, and as many as ever may wait.
fn open(address: SocketAddr, config: &Config) -> std::io::Result<std::net::TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let is_set = |key: &str| config.originals().contains_key(key);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    // −1 is the system's default.
    if let Ok(bytes) = usize::try_from(config.socket_receive_buffer_bytes())
        && is_set("socket.receive.buffer.bytes")
    {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Ok(bytes) = usize::try_from(config.socket_send_buffer_bytes())
        && is_set("socket.send.buffer.bytes")
    {
        socket.set_send_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    let backlog = config.socket_listen_backlog_size();
    socket.listen(if is_set("socket.listen.backlog.size") { backlog } else { BACKLOG })?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn bound(host: &str, extra: &[(&str, &str)]) -> Bound {
        let listeners = format!("PLAINTEXT://{host}:0,CONTROLLER://127.0.0.1:0");
        let settings =
            [("listeners", &*listeners), ("advertised.listeners", "PLAINTEXT://127.0.0.1:9092")];
        let config = Config::combined(settings.into_iter().chain(extra.iter().copied()));
        let listener = config.listeners().first().cloned().expect("there is one");
        bind_one(&listener, &config).expect("it is opened")
    }

    #[test]
    fn on_all_addresses_clients_of_both_families_are_served() {
        let has_ipv6 = std::net::TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok();
        for host in ["", "0.0.0.0"] {
            let bound = bound(host, &[]);
            let port = bound.address.port();
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
            assert_eq!(bound.address.is_ipv6(), has_ipv6, "{host}");
            if has_ipv6 {
                TcpStream::connect((Ipv6Addr::LOCALHOST, port)).expect("it listens");
            }
        }
    }

    #[test]
    fn buffers_are_as_configured() {
        let sizes = |extra: &[(&str, &str)]| {
            let bound = bound("127.0.0.1", extra);
            let socket = socket2::SockRef::from(&*bound.socket);
            let sizes = (socket.recv_buffer_size(), socket.send_buffer_size());
            (sizes.0.expect("a size"), sizes.1.expect("a size"))
        };
        // Linux takes twice as much, for what it keeps beside the bytes.
        let both =
            [("socket.receive.buffer.bytes", "20000"), ("socket.send.buffer.bytes", "30000")];
        assert_eq!(sizes(&both), (40_000, 60_000));
        let none = [("socket.receive.buffer.bytes", "-1"), ("socket.send.buffer.bytes", "-1")];
        assert_eq!(sizes(&none), sizes(&[]));
    }
}
