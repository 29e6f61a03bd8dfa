//! What becomes of one recipient.

use std::time::Duration;

use serde_json::Value;

use crate::control::{Action, Facts, Rule, Target};
use crate::world::World;

/// The answer to `RCPT`.
pub(super) enum Verdict {
    /// Taken, and what happens after the mail's final dot.
    Accept(AfterMail),
    Refuse(u16, String),
    /// No answer for so long, then the connection closes.
    Hang(Duration),
}

/// What happens after the mail's final dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterMail {
    Keep,
    /// The connection closes without an answer; the mail is lost.
    Lose,
    /// The mail is kept, but the answer does not come for so long; then the connection closes.
    KeepAndHang(Duration),
}

/// Judges a recipient, after the delay that an order or the script asks for.
pub(super) async fn of(world: &World, address: &str) -> Verdict {
    let taken = world.control.take(Target::Smtp, &Facts::to(address));
    if let Some(rule) = taken.of(Action::Delay) {
        world.sleep(rule.delay()).await;
    }
    match taken.ending() {
        Some(rule) => ordered(rule),
        None => scripted(world, address).await,
    }
}

fn ordered(rule: &Rule) -> Verdict {
    match rule.action {
        Action::Refuse => refuse(rule, 550, "5.1.1 Mailbox unavailable"),
        Action::Defer => refuse(rule, 451, "4.7.1 Try again later"),
        Action::Hang => Verdict::Hang(rule.patience()),
        Action::Drop => Verdict::Accept(AfterMail::Lose),
        Action::TimeoutAfterCommit => Verdict::Accept(AfterMail::KeepAndHang(rule.patience())),
        // No rule with these has `smtp` for its target.
        Action::Delay
        | Action::Html
        | Action::Repeat
        | Action::BeforeAnswer
        | Action::Shuffle
        | Action::WrongSignature => Verdict::Accept(AfterMail::Keep),
    }
}

fn refuse(rule: &Rule, code: u16, text: &str) -> Verdict {
    let text = rule.body.as_ref().and_then(Value::as_str).unwrap_or(text);
    // A line break would be a second reply.
    let text = text.replace(['\r', '\n'], " ");
    Verdict::Refuse(rule.status.unwrap_or(code), text)
}

async fn scripted(world: &World, address: &str) -> Verdict {
    let local = address
        .split(['@', '+'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let refuse = |code, text: &str| Verdict::Refuse(code, text.to_owned());
    match local.as_str() {
        "greylist" if world.smtp.is_new(address) => {
            refuse(451, "4.7.1 Greylisted, try again later")
        }
        "full" => refuse(452, "4.2.2 Mailbox full"),
        "nouser" => refuse(550, "5.1.1 No such user"),
        "throttle" => refuse(
            454,
            "4.7.0 Throttling failure: Maximum sending rate exceeded",
        ),
        "drop" => Verdict::Accept(AfterMail::Lose),
        "slow" => {
            world.sleep(Duration::from_secs(90)).await;
            Verdict::Accept(AfterMail::Keep)
        }
        _ => Verdict::Accept(AfterMail::Keep),
    }
}
