//! What the function counts.

use notifications::Channel::Email;
use runtime_api::Function;
use serde_json::json;
use stage::Report;

use crate::person::a_receipt_is_due;
use crate::{QUEUE, SEND};

#[tokio::test]
async fn a_relay_that_puts_us_off_is_an_error_and_one_that_refuses_a_mailbox_is_a_failed_message() {
    let (stage, _) = a_receipt_is_due(&[Email]).await;
    let settings = stage.settings_with(SEND, &[("METRICS", "emf")]);
    let send = Function::spawn(SEND, &settings);

    let defer = json!({ "target": "smtp", "action": "defer" });
    stage.control(defer).await;
    let put_off = stage.deliver(&send, QUEUE).await;
    let refuse = json!({ "target": "smtp", "action": "refuse", "status": 550, "times": 5 });
    stage.control(refuse).await;
    stage.let_messages_come_due().await;
    let refused = stage.deliver(&send, QUEUE).await;

    assert_eq!((put_off.rescheduled, refused), (1, Report::done(1)));
    let failed = "notifications_failed{channel=email}";
    let metrics = send
        .metrics_until(|metrics| metrics.contains_key(failed))
        .await;
    assert_eq!(metrics[failed], [1.0]);
    assert_eq!(metrics["provider_errors{provider=mail}"], [1.0]);
    assert_eq!(metrics["provider_latency_ms{provider=mail}"].len(), 2);
    assert_eq!(metrics["messages_rescheduled{queue=notifications}"], [1.0]);
    stage.announced().await;
}
