//! Spans from their making to the collector.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use runtime_api::{CollectedSpan, Collector as StandIn, Temper};
use serde_json::Value;
use tracing::field::Empty;
use tracing::instrument::WithSubscriber as _;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

fn a_collector(address: &str) -> Arc<Collector> {
    let endpoint = Endpoint::parse(address).unwrap();
    let resource = vec![("service.name", Value::from("a-function"))];
    Arc::new(Collector::new(endpoint, resource))
}

/// Runs `work` with traces on, of which `part` is recorded.
async fn traced(collector: &Arc<Collector>, part: f64, work: impl Future<Output = ()>) {
    let layer = layer(Ratio::of(part), Arc::clone(collector));
    let subscriber = Registry::default().with(layer);
    work.with_subscriber(subscriber).await;
}

#[tokio::test]
async fn a_request_and_what_it_calls_are_one_trace_with_their_attributes() {
    let stand_in = StandIn::start();
    let collector = a_collector(&stand_in.url());
    let work = async {
        let span = info_span!(
            "request",
            request_id = "r-1",
            secret_of_the_log = "ada@example.com",
            otel.kind = "server",
            otel.name = format_args!("{} {}", "POST", "/api/orders"),
            http.request.method = "POST",
            http.response.status_code = Empty,
            otel.status_code = Empty,
        );
        async {
            // A span of the log alone, in between, changes nothing.
            let call = crate::call("paystack", "verify", |_| true, async { Err::<(), _>("no") });
            call.instrument(info_span!("only of the log"))
                .await
                .unwrap_err();
            Span::current().record("http.response.status_code", 201_u16);
        }
        .instrument(span)
        .await;
    };
    traced(&collector, 1.0, work).await;
    collector.send().await;

    let spans = stand_in.spans();
    let (request, call) = (
        CollectedSpan::named(&spans, "POST /api/orders"),
        CollectedSpan::named(&spans, "paystack verify"),
    );
    assert_eq!(
        (request.kind, call.kind, request.failed, call.failed),
        (2, 3, false, true)
    );
    assert_eq!(call.trace, request.trace);
    assert_eq!(
        (&call.parent, &request.parent),
        (&Some(request.id.clone()), &None)
    );
    assert!(request.duration >= call.duration);
    let attributes: Vec<_> = request
        .attributes
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let expected = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("madrush.request.id", "r-1"),
    ];
    assert_eq!(
        attributes, expected,
        "a field that is the log's alone is not sent"
    );
}

#[tokio::test]
async fn what_is_handed_on_is_the_parent_of_what_follows_even_where_it_is_not_recorded() {
    let stand_in = StandIn::start();
    let collector = a_collector(&stand_in.url());
    for (part, others, recorded) in [(1.0, 0.0, true), (0.0, 1.0, false)] {
        let mut handed_on = None;
        let request = async {
            let span = info_span!("request", otel.kind = "server");
            handed_on = async { trace_parent() }.instrument(span).await;
        };
        traced(&collector, part, request).await;
        let handed_on = handed_on.unwrap();
        assert_eq!(handed_on.parse::<TraceParent>().unwrap().sampled, recorded);

        // Whoever follows decides nothing anew, whatever its own share.
        let follows = async {
            drop(info_span!(
                "follows",
                otel.kind = "consumer",
                otel.parent = handed_on.as_str()
            ));
        };
        traced(&collector, others, follows).await;
        collector.send().await;
        let follower = stand_in
            .spans()
            .into_iter()
            .find(|span| handed_on.contains(&span.trace));
        assert_eq!(follower.is_some(), recorded);
    }
    let spans = stand_in.spans();
    assert_eq!(
        CollectedSpan::named(&spans, "follows").parent.as_ref(),
        Some(&CollectedSpan::named(&spans, "request").id)
    );
}

#[tokio::test]
async fn what_is_no_trace_context_begins_a_trace_and_where_nothing_traces_nothing_is_handed_on() {
    let stand_in = StandIn::start();
    let collector = a_collector(&stand_in.url());
    assert_eq!(trace_parent(), None);
    let work = async {
        assert_eq!(trace_parent(), None);
        drop(info_span!(
            "strange",
            otel.kind = "consumer",
            otel.parent = "00-from-a-stranger"
        ));
    };
    traced(&collector, 1.0, work).await;
    collector.send().await;
    assert_eq!(
        CollectedSpan::named(&stand_in.spans(), "strange").parent,
        None
    );
}

#[tokio::test]
async fn about_the_given_part_of_traces_is_recorded() {
    let stand_in = StandIn::start();
    let collector = a_collector(&stand_in.url());
    let work = async {
        (0..1_000).for_each(|_| drop(info_span!("request", otel.kind = "server")));
    };
    traced(&collector, 0.25, work).await;
    collector.send().await;
    // Of a thousand coins of a quarter: 250 ± 13.7; seven of those are a chance in 10^11.
    let recorded = stand_in.spans().len();
    assert!((154..=346).contains(&recorded), "{recorded}");
}

#[tokio::test]
async fn a_collector_that_hangs_costs_its_limit_once_and_is_left_alone_after() {
    let stand_in = StandIn::start();
    stand_in.behave(Temper::Hangs);
    let collector = a_collector(&stand_in.url());
    let one = || async { drop(info_span!("request", otel.kind = "server")) };
    traced(&collector, 1.0, one()).await;
    let began = Instant::now();
    collector.send().await;
    assert!(began.elapsed() >= EXPORT_LIMIT);
    for _ in 0..20 {
        traced(&collector, 1.0, one()).await;
        collector.send().await;
    }
    assert_eq!(stand_in.asked(), 1);
}

#[tokio::test]
async fn a_collector_that_is_away_or_fails_costs_the_spans_and_nothing_else() {
    let stand_in = StandIn::start();
    stand_in.behave(Temper::Fails);
    for address in [stand_in.url(), "http://127.0.0.1:1".to_owned()] {
        let collector = a_collector(&address);
        let one = async { drop(info_span!("request", otel.kind = "server")) };
        traced(&collector, 1.0, one).await;
        collector.send().await;
    }
    assert_eq!((stand_in.asked(), stand_in.spans().len()), (1, 0));
}

#[tokio::test]
async fn more_spans_than_are_kept_are_left_out_and_memory_stays_bounded() {
    let stand_in = StandIn::start();
    let collector = a_collector(&stand_in.url());
    let work = async {
        (0..5_000).for_each(|_| drop(info_span!("request", otel.kind = "server")));
    };
    traced(&collector, 1.0, work).await;
    collector.send().await;
    assert_eq!(stand_in.spans().len(), 2_048);
}

#[test]
fn only_a_plain_address_is_a_collectors() {
    for address in [
        "http://localhost:4318",
        "http://127.0.0.1:4318/",
        "http://[::1]:4318/otlp",
    ] {
        assert!(Endpoint::parse(address).is_some(), "{address}");
    }
    for address in [
        "https://collector.example:4318",
        "localhost:4318",
        "",
        "http://a b",
        "/v1",
    ] {
        assert_eq!(Endpoint::parse(address), None, "{address}");
    }
}
