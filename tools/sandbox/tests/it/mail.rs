//! SMTP: real sessions, by lettre and by hand.

use std::time::Duration;

use lettre::message::MultiPart;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::shop::Shop;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

fn transport(shop: &Shop) -> Transport {
    let addr = shop.sandbox.smtp_addr();
    Transport::builder_dangerous(addr.ip().to_string())
        .port(addr.port())
        .build()
}

fn mail(to: &str) -> Message {
    Message::builder()
        .from("Mad Rush <orders@shop.example>".parse().unwrap())
        .to(to.parse().unwrap())
        .subject("Your order of ₦5,000")
        .message_id(Some("<row-1@mail.shop.example>".to_owned()))
        .multipart(MultiPart::alternative_plain_html(
            "Hello Adé\n.a line with a dot\n..and two".to_owned(),
            "<p>Hello <b>Adé</b></p>".to_owned(),
        ))
        .unwrap()
}

async fn send(
    shop: &Shop,
    to: &str,
) -> Result<lettre::transport::smtp::response::Response, lettre::transport::smtp::Error> {
    transport(shop).send(mail(to)).await
}

#[tokio::test]
async fn a_mail_stands_in_the_inbox_with_both_parts_and_its_headers() {
    let shop = Shop::open().await;
    let answer = send(&shop, "Ada@example.com").await.unwrap();
    assert!(answer.first_line().unwrap().contains("Ok"), "{answer:?}");
    let inbox = shop.get("/inbox/messages?to=ada@example.com").await;
    let message = &inbox[0];
    assert_eq!(message["channel"], "email");
    assert_eq!(
        (&message["to"], &message["from"]),
        (&json!("Ada@example.com"), &json!("orders@shop.example"))
    );
    assert_eq!(message["subject"], "Your order of ₦5,000");
    assert_eq!(
        message["text"]
            .as_str()
            .unwrap()
            .replace("\r\n", "\n")
            .trim_end(),
        "Hello Adé\n.a line with a dot\n..and two"
    );
    assert_eq!(
        message["html"].as_str().unwrap().trim_end(),
        "<p>Hello <b>Adé</b></p>"
    );
    assert_eq!(
        message["headers"]["Message-ID"],
        "<row-1@mail.shop.example>"
    );
    assert!(message["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn the_inbox_is_newest_first_by_recipient_and_can_be_cleared() {
    let shop = Shop::open().await;
    for to in ["a@example.com", "b@example.com", "a@example.com"] {
        send(&shop, to).await.unwrap();
    }
    let all = shop.get("/inbox/messages").await;
    let ids: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
    assert_eq!(
        shop.get("/inbox/messages?to=a@example.com")
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        shop.get("/inbox/messages?limit=1")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    shop.http
        .delete(shop.url("/inbox/messages"))
        .send()
        .await
        .unwrap();
    assert_eq!(shop.get("/inbox/messages").await, json!([]));
}

#[tokio::test]
async fn any_credentials_are_taken_by_plain_and_by_login() {
    let shop = Shop::open().await;
    let addr = shop.sandbox.smtp_addr();
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let transport = Transport::builder_dangerous(addr.ip().to_string())
            .port(addr.port())
            .credentials(Credentials::new("user".to_owned(), "secret/+".to_owned()))
            .authentication(vec![mechanism])
            .build();
        transport.send(mail("ada@example.com")).await.unwrap();
    }
    assert_eq!(
        shop.get("/inbox/messages").await.as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn recipients_are_answered_by_script() {
    let shop = Shop::open().await;
    let status = async |to: &str| {
        let error = send(&shop, to).await.unwrap_err();
        error
            .status()
            .map(|code| code.to_string())
            .unwrap_or_default()
    };
    assert_eq!(status("full@example.com").await, "452");
    assert_eq!(status("nouser@example.com").await, "550");
    assert_eq!(status("throttle+7@example.com").await, "454");
    assert_eq!(status("greylist@example.com").await, "451");
    send(&shop, "greylist@example.com").await.unwrap();
    assert_eq!(status("drop@example.com").await, "", "no answer at all");
    assert_eq!(
        shop.get("/inbox/messages").await.as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn control_defers_refuses_and_delays_for_one_recipient() {
    let shop = Shop::open().await;
    shop.control(
        json!({ "target": "smtp", "action": "defer", "match": { "to": "ada@example.com" } }),
    )
    .await;
    send(&shop, "bola@example.com").await.unwrap();
    assert!(
        send(&shop, "ada@example.com")
            .await
            .unwrap_err()
            .is_transient()
    );
    send(&shop, "ada@example.com").await.unwrap();
    shop.control(
        json!({ "target": "smtp", "action": "refuse", "status": 554, "body": "5.7.1 Rejected" }),
    )
    .await;
    let error = send(&shop, "ada@example.com").await.unwrap_err();
    assert!(
        error.is_permanent() && error.to_string().contains("Rejected"),
        "{error}"
    );
    shop.control(json!({ "target": "smtp", "action": "delay", "ms": 150 }))
        .await;
    send(&shop, "ada@example.com").await.unwrap();
}

#[tokio::test]
async fn control_drops_hangs_and_times_out_after_the_mail_is_kept() {
    let shop = Shop::open().await;
    let patience = Duration::from_millis(300);
    shop.control(json!({ "target": "smtp", "action": "drop" }))
        .await;
    assert!(send(&shop, "ada@example.com").await.is_err());
    shop.control(json!({ "target": "smtp", "action": "hang" }))
        .await;
    assert!(
        tokio::time::timeout(patience, send(&shop, "ada@example.com"))
            .await
            .is_err()
    );
    assert_eq!(shop.get("/inbox/messages").await, json!([]));
    shop.control(json!({ "target": "smtp", "action": "timeout_after_commit" }))
        .await;
    assert!(
        tokio::time::timeout(patience, send(&shop, "ada@example.com"))
            .await
            .is_err()
    );
    assert_eq!(
        shop.get("/inbox/messages").await.as_array().unwrap().len(),
        1
    );
}

/// Says a line, answers the reply's lines.
async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> String {
    stream.write_all(line.as_bytes()).await.unwrap();
    hear(stream).await
}

async fn hear(stream: &mut BufReader<TcpStream>) -> String {
    let mut reply = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        reply.push_str(&line);
        if line.get(3..4) != Some("-") {
            return reply;
        }
    }
}

#[tokio::test]
async fn a_session_by_hand_keeps_the_order_of_commands() {
    let shop = Shop::open().await;
    let mut stream = BufReader::new(TcpStream::connect(shop.sandbox.smtp_addr()).await.unwrap());
    assert!(hear(&mut stream).await.starts_with("220 "));
    let hello = say(&mut stream, "EHLO me.example\r\n").await;
    for offered in [
        "AUTH",
        "PLAIN",
        "LOGIN",
        "SIZE 10485760",
        "8BITMIME",
        "PIPELINING",
    ] {
        assert!(hello.contains(offered), "{offered} in {hello}");
    }
    assert!(!hello.contains("STARTTLS"));
    for (line, code) in [
        ("NONSENSE\r\n", "500"),
        ("RCPT TO:<a@example.com>\r\n", "503"),
        ("DATA\r\n", "503"),
        ("STARTTLS\r\n", "502"),
        ("NOOP\r\n", "250"),
        ("MAIL FROM:<s@example.com> SIZE=99999999\r\n", "552"),
        ("MAIL FROM:<>\r\n", "250"),
        ("MAIL FROM:<s@example.com>\r\n", "503"),
        ("RCPT TO:<a@example.com>\r\n", "250"),
        ("RSET\r\n", "250"),
        ("DATA\r\n", "503"),
    ] {
        let reply = say(&mut stream, line).await;
        assert!(reply.starts_with(code), "{line}{reply}");
    }
    let pipelined = "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";
    assert!(say(&mut stream, pipelined).await.starts_with("250"));
    for code in ["250", "250", "354"] {
        assert!(hear(&mut stream).await.starts_with(code));
    }
    let mail = "From: s@example.com\r\nSubject: Dots\r\n\r\n..one\r\n...two\r\n.\r\nQUIT\r\n";
    assert!(say(&mut stream, mail).await.starts_with("250"));
    assert!(hear(&mut stream).await.starts_with("221"));
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "", "the server closes");
    let inbox = shop.get("/inbox/messages").await;
    assert_eq!(inbox.as_array().unwrap().len(), 2, "one for each recipient");
    assert_eq!(
        inbox[0]["text"].as_str().unwrap().trim_end(),
        ".one\r\n..two"
    );
    assert_eq!(inbox[0]["html"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_mail_too_large_is_refused_and_the_session_goes_on() {
    let shop = Shop::open().await;
    let mut stream = BufReader::new(TcpStream::connect(shop.sandbox.smtp_addr()).await.unwrap());
    hear(&mut stream).await;
    say(&mut stream, "EHLO me.example\r\n").await;
    say(&mut stream, "MAIL FROM:<s@example.com>\r\n").await;
    say(&mut stream, "RCPT TO:<a@example.com>\r\n").await;
    say(&mut stream, "DATA\r\n").await;
    let line = format!("{}\r\n", "x".repeat(998));
    let body = line.repeat(11_000);
    let reply = say(&mut stream, &format!("{body}.\r\n")).await;
    assert!(reply.starts_with("552"), "{reply}");
    assert!(say(&mut stream, "NOOP\r\n").await.starts_with("250"));
    assert_eq!(shop.get("/inbox/messages").await, json!([]));
}
