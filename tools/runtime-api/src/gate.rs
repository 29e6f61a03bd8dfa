use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::background::{listen, runtime};

/// A gate between one function and a server: give the function this address, and take the server
/// away from it without stopping it for everybody else.
///
/// It begins open. Each change takes effect at once, for connections that are under way as well.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    state: Arc<State>,
    running: AbortHandle,
}

#[derive(Debug)]
struct State {
    upstream: String,
    mode: watch::Sender<Mode>,
    /// Counts up with each cut; a connection ends when it is not what it was.
    epoch: watch::Sender<u64>,
    /// Counts up with each abandoning.
    abandoned: watch::Sender<u64>,
    live: AtomicUsize,
    accepted: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Refuse,
    Reset,
    Freeze,
    Delay(Duration),
    CutAfter(u64),
}

impl Gate {
    /// Opens a gate to a server (`127.0.0.1:5432`), on a free port of the loopback interface.
    ///
    /// # Panics
    /// When no port is free.
    pub fn to(upstream: impl Into<String>) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (listener, address) = listen(any).expect("no free port on the loopback interface");
        let state = Arc::new(State {
            upstream: upstream.into(),
            mode: watch::Sender::new(Mode::Open),
            epoch: watch::Sender::new(0),
            abandoned: watch::Sender::new(0),
            live: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
        });
        let running = runtime().spawn(run(listener, address, Arc::clone(&state)));
        Self {
            address,
            state,
            running: running.abort_handle(),
        }
    }

    /// The address to give to the function.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its host.
    pub fn host(&self) -> String {
        self.address.ip().to_string()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets everything pass; what was frozen goes on.
    pub fn open(&self) {
        self.set(Mode::Open);
    }

    /// The server is stopped: live connections are reset, new ones refused.
    pub fn refuse(&self) {
        self.set(Mode::Refuse);
        self.cut();
    }

    /// The server accepts and resets at once, as one does that is starting or overloaded.
    pub fn reset(&self) {
        self.set(Mode::Reset);
        self.cut();
    }

    /// The server hangs: connections are accepted and kept, and nothing moves.
    pub fn freeze(&self) {
        self.set(Mode::Freeze);
    }

    /// The server is far away: every piece of a request arrives this much later.
    pub fn delay(&self, by: Duration) {
        self.set(Mode::Delay(by));
    }

    /// The server dies in the middle of an answer: after this many more bytes to the client, counted
    /// by connection, it is reset.
    pub fn cut_after(&self, bytes: u64) {
        self.set(Mode::CutAfter(bytes));
    }

    /// Resets the live connections once; the gate stays as it is.
    pub fn cut(&self) {
        self.state.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// Leaves the live connections half open: the server has gone, and the client is never told, as
    /// when a NAT gateway forgets an idle connection. New connections pass.
    pub fn abandon(&self) {
        self.state
            .abandoned
            .send_modify(|abandoned| *abandoned += 1);
    }

    /// How many connections are under way.
    pub fn live_connections(&self) -> usize {
        self.state.live.load(Ordering::SeqCst)
    }

    /// How many connections were accepted since the gate was built.
    pub fn accepted_connections(&self) -> u64 {
        self.state.accepted.load(Ordering::SeqCst)
    }

    fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.running.abort();
        self.cut();
    }
}

async fn run(listener: TcpListener, address: SocketAddr, state: Arc<State>) {
    let mut mode = state.mode.subscribe();
    let mut listener = Some(listener);
    loop {
        if *mode.borrow_and_update() == Mode::Refuse {
            // Without a listener the system itself refuses.
            drop(listener.take());
            if mode.wait_for(|mode| *mode != Mode::Refuse).await.is_err() {
                return;
            }
        }
        let Some(open) = listen_again(&mut listener, address).await else {
            continue;
        };
        tokio::select! {
            accepted = open.accept() => if let Ok((client, _)) = accepted {
                tokio::spawn(serve(client, Arc::clone(&state)));
            },
            changed = mode.changed() => if changed.is_err() { return },
        }
    }
}

/// The listener, on the same port as ever; the port may be taken for a moment, then `None`.
async fn listen_again(
    listener: &mut Option<TcpListener>,
    address: SocketAddr,
) -> Option<&TcpListener> {
    if listener.is_none() {
        *listener = listen(address).ok().map(|(listener, _)| listener);
    }
    if listener.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    listener.as_ref()
}

async fn serve(mut client: TcpStream, state: Arc<State>) {
    state.accepted.fetch_add(1, Ordering::SeqCst);
    state.live.fetch_add(1, Ordering::SeqCst);
    let _live = Live(&state.live);
    let (mut epoch, mut abandoned) = (state.epoch.subscribe(), state.abandoned.subscribe());
    // Whatever ends the connection but both sides' own goodbye ends it with a reset.
    let ended = tokio::select! {
        ended = carry(&mut client, &state) => ended,
        _ = epoch.changed() => Ended::Broken,
        _ = abandoned.changed() => {
            let _ = epoch.changed().await;
            Ended::Broken
        }
    };
    if ended == Ended::Broken {
        reset(&client);
    }
}

struct Live<'a>(&'a AtomicUsize);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Properly,
    Broken,
}

/// Carries bytes both ways until both sides have said goodbye, or one breaks.
async fn carry(client: &mut TcpStream, state: &State) -> Ended {
    let Some(mut server) = connect(state).await else {
        return Ended::Broken;
    };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let request = Pipe::new(from_client, to_server, Direction::Request, state);
    let answer = Pipe::new(from_server, to_client, Direction::Answer, state);
    match tokio::try_join!(request.run(), answer.run()) {
        Ok(_) => Ended::Properly,
        Err(Broken) => Ended::Broken,
    }
}

async fn connect(state: &State) -> Option<TcpStream> {
    let mut mode = state.mode.subscribe();
    if matches!(*mode.borrow_and_update(), Mode::Refuse | Mode::Reset) {
        return None;
    }
    thawed(&mut mode).await.ok()?;
    TcpStream::connect(&state.upstream).await.ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// One direction of a connection.
struct Pipe<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    direction: Direction,
    mode: watch::Receiver<Mode>,
    /// How many bytes have passed in the present mode.
    passed: u64,
}

struct Broken;

impl<'a> Pipe<'a> {
    fn new(from: ReadHalf<'a>, to: WriteHalf<'a>, direction: Direction, state: &State) -> Self {
        Self {
            from,
            to,
            direction,
            mode: state.mode.subscribe(),
            passed: 0,
        }
    }

    async fn run(mut self) -> Result<(), Broken> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = self.from.read(&mut buffer).await.map_err(|_| Broken)?;
            let allowed = self.allowance().await?;
            if length == 0 {
                return self.to.shutdown().await.map_err(|_| Broken);
            }
            let passing = usize::try_from(allowed).unwrap_or(usize::MAX).min(length);
            self.to
                .write_all(&buffer[..passing])
                .await
                .map_err(|_| Broken)?;
            self.passed += passing as u64;
            if passing < length {
                return Err(Broken);
            }
        }
    }

    /// Waits as the gate's mode demands, then answers how many bytes may pass.
    async fn allowance(&mut self) -> Result<u64, Broken> {
        if self.mode.has_changed().map_err(|_| Broken)? {
            self.passed = 0;
        }
        match (thawed(&mut self.mode).await?, self.direction) {
            (Mode::Delay(by), Direction::Request) => {
                tokio::time::sleep(by).await;
                Ok(u64::MAX)
            }
            (Mode::CutAfter(bytes), Direction::Answer) => Ok(bytes.saturating_sub(self.passed)),
            (Mode::Open | Mode::Delay(_) | Mode::CutAfter(_), _) => Ok(u64::MAX),
            (Mode::Refuse | Mode::Reset | Mode::Freeze, _) => Err(Broken),
        }
    }
}

/// The mode, once it is not frozen.
async fn thawed(mode: &mut watch::Receiver<Mode>) -> Result<Mode, Broken> {
    // `wait_for` marks the mode as seen, which `has_changed` above relies on.
    mode.wait_for(|mode| *mode != Mode::Freeze)
        .await
        .map(|mode| *mode)
        .map_err(|_| Broken)
}

fn reset(stream: &TcpStream) {
    // Without lingering, the close is a reset. On failure it is an ordinary close.
    drop(stream.set_zero_linger());
}
