//! The gate takes a server away in every way that servers go.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use runtime_api::Gate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);
const A_WHILE: Duration = Duration::from_millis(200);

/// A server that sends back what it gets.
async fn an_echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn a_gate() -> Gate {
    Gate::to(an_echo().await.to_string())
}

async fn connect(gate: &Gate) -> TcpStream {
    TcpStream::connect(gate.address()).await.unwrap()
}

async fn echoed(stream: &mut TcpStream, text: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(text).await?;
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).await?;
    Ok(back)
}

/// A reset may come while the connection is being made, or with the first bytes.
async fn reset_or_echoed(gate: &Gate) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(gate.address()).await?;
    echoed(&mut stream, b"hello").await
}

#[tokio::test]
async fn an_open_gate_carries_both_ways_and_says_goodbye_properly() {
    let gate = a_gate().await;
    let mut stream = connect(&gate).await;
    assert_eq!(echoed(&mut stream, b"hello").await.unwrap(), b"hello");
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(gate.accepted_connections(), 1);
}

#[tokio::test]
async fn a_refusing_gate_resets_what_lives_refuses_what_comes_and_opens_again() {
    let gate = a_gate().await;
    let mut stream = connect(&gate).await;
    echoed(&mut stream, b"hello").await.unwrap();
    gate.refuse();
    let error = timeout(SOON, stream.read(&mut [0; 8]))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let begun = Instant::now();
    while TcpStream::connect(gate.address()).await.is_ok() {
        assert!(begun.elapsed() < SOON, "it must refuse");
    }
    gate.open();
    let mut again = loop {
        match TcpStream::connect(gate.address()).await {
            Ok(stream) => break stream,
            Err(_) => assert!(begun.elapsed() < SOON, "it must open again"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(echoed(&mut again, b"back").await.unwrap(), b"back");
}

#[tokio::test]
async fn a_resetting_gate_accepts_and_resets() {
    let gate = a_gate().await;
    gate.reset();
    let asked = reset_or_echoed(&gate);
    assert!(timeout(SOON, asked).await.unwrap().is_err());
}

#[tokio::test]
async fn a_frozen_gate_keeps_everything_and_goes_on_when_it_opens() {
    let gate = a_gate().await;
    let mut before = connect(&gate).await;
    echoed(&mut before, b"hello").await.unwrap();
    gate.freeze();
    let mut during = connect(&gate).await;
    assert!(timeout(A_WHILE, echoed(&mut before, b"one")).await.is_err());
    assert!(timeout(A_WHILE, echoed(&mut during, b"two")).await.is_err());
    gate.open();
    let mut back = [0; 3];
    timeout(SOON, before.read_exact(&mut back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&back, b"one");
    timeout(SOON, during.read_exact(&mut back))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&back, b"two");
}

#[tokio::test]
async fn a_delaying_gate_makes_a_round_trip_that_much_longer() {
    let gate = a_gate().await;
    gate.delay(A_WHILE);
    let mut stream = connect(&gate).await;
    let begun = Instant::now();
    echoed(&mut stream, b"hello").await.unwrap();
    assert!(begun.elapsed() >= A_WHILE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_cutting_gate_lets_so_many_more_bytes_pass_and_resets() {
    let gate = a_gate().await;
    let mut stream = connect(&gate).await;
    echoed(&mut stream, b"these do not count").await.unwrap();
    gate.cut_after(3);
    stream.write_all(b"hello").await.unwrap();
    let mut got = Vec::new();
    let error = timeout(SOON, stream.read_to_end(&mut got)).await.unwrap();
    assert!(error.is_err() || got.len() <= 3, "{got:?}");
    assert!(got.len() <= 3);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_reset() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let gate = Gate::to(gone.to_string());
    let asked = reset_or_echoed(&gate);
    assert!(timeout(SOON, asked).await.unwrap().is_err());
}

#[tokio::test]
async fn an_abandoned_connection_is_silent_and_a_new_one_passes() {
    let gate = a_gate().await;
    let mut before = connect(&gate).await;
    echoed(&mut before, b"hello").await.unwrap();
    gate.abandon();
    assert!(timeout(A_WHILE, echoed(&mut before, b"one")).await.is_err());
    let mut after = connect(&gate).await;
    assert_eq!(
        timeout(SOON, echoed(&mut after, b"two"))
            .await
            .unwrap()
            .unwrap(),
        b"two"
    );
}
