//! Bytes in, bytes out.

use std::io;
use std::time::Duration;

use smtp_proto::Error as ProtocolError;
use smtp_proto::Request;
use smtp_proto::request::receiver::{DataReceiver, LineReceiver, RequestReceiver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The largest mail, in bytes.
pub(super) const LARGEST: usize = 10 * 1024 * 1024;

/// How long a client may be silent (RFC 5321 §4.5.3.2 asks for five minutes).
const IDLE: Duration = Duration::from_secs(5 * 60);

/// One connection. Bytes that a client sends ahead (pipelining) wait in `pending`.
pub(super) struct Wire {
    stream: TcpStream,
    pending: Vec<u8>,
    requests: RequestReceiver,
}

/// A mail as it was sent, dots unstuffed.
pub(super) enum Mail {
    Whole(Vec<u8>),
    TooLarge,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            pending: Vec::new(),
            requests: RequestReceiver::default(),
        }
    }

    pub(super) async fn send(&mut self, reply: &[u8]) -> io::Result<()> {
        self.stream.write_all(reply).await
    }

    /// One line of reply.
    pub(super) async fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.send(format!("{code} {text}\r\n").as_bytes()).await
    }

    /// The next command, or why it is none.
    pub(super) async fn request(&mut self) -> io::Result<Result<Request<String>, ProtocolError>> {
        loop {
            if !self.pending.is_empty() {
                let mut bytes = self.pending.iter();
                let parsed = self.requests.ingest(&mut bytes).map(Request::into_owned);
                let rest = bytes.as_slice().to_vec();
                self.pending = rest;
                match parsed {
                    Err(ProtocolError::NeedsMoreData { .. }) => self.pending.clear(),
                    other => return Ok(other),
                }
            }
            self.read().await?;
        }
    }

    /// One line of an AUTH exchange.
    pub(super) async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = LineReceiver::<()>::default();
        loop {
            let mut bytes = self.pending.iter();
            let done = line.ingest(&mut bytes);
            let rest = bytes.as_slice().to_vec();
            self.pending = rest;
            if done {
                return Ok(line.buf);
            }
            self.read().await?;
        }
    }

    /// Everything up to the final dot, also when it is too much to keep.
    pub(super) async fn mail(&mut self) -> io::Result<Mail> {
        let mut receiver = DataReceiver::new();
        let (mut mail, mut too_large) = (Vec::new(), false);
        loop {
            let mut bytes = self.pending.iter();
            let done = receiver.ingest(&mut bytes, &mut mail);
            let rest = bytes.as_slice().to_vec();
            self.pending = rest;
            if mail.len() > LARGEST {
                too_large = true;
                mail.clear();
            }
            if done {
                return Ok(if too_large {
                    Mail::TooLarge
                } else {
                    Mail::Whole(mail)
                });
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; 16 * 1024];
        let read = tokio::time::timeout(IDLE, self.stream.read(&mut chunk))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.pending.extend_from_slice(&chunk[..read]);
        Ok(())
    }
}
