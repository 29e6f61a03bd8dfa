use std::collections::BTreeSet;

use super::*;

/// The lines of one drain of what `work` measured.
fn drained(emf: &Emf, work: impl FnOnce()) -> Vec<Value> {
    metrics::with_local_recorder(emf, work);
    let lines = emf.drain(1_795_442_706_000);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What the specification asks of a line, member by member.
fn check(line: &Value) {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert!(line["_aws"]["Timestamp"].is_u64());
    let mut named = BTreeSet::from(["_aws".to_owned()]);
    for directive in directives {
        assert_eq!(directive["Namespace"], "MadRush");
        for set in directive["Dimensions"].as_array().unwrap() {
            for dimension in set.as_array().unwrap() {
                let name = dimension.as_str().unwrap();
                assert!(line[name].as_str().unwrap().len() <= 1024);
                named.insert(name.to_owned());
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!(named.insert(name.to_owned()), "{name} stands twice");
            let value = &line[name];
            let several = value.as_array().map(Vec::len);
            assert!(value.is_number() || several.is_some_and(|n| (1..=100).contains(&n)));
            assert!(
                ["Count", "Seconds", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap())
            );
        }
    }
    let members: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, named, "a member that no directive names");
}

#[test]
fn what_an_invocation_measured_is_one_line_of_the_specifications_form() {
    let lines = drained(&Emf::default(), || {
        metrics::counter!(metric::ORDERS_PLACED).increment(1);
        metrics::counter!(metric::CACHE_HITS).increment(2);
        metrics::histogram!(metric::PROVIDER_LATENCY_MS, "provider" => "paystack").record(12.5);
        metrics::histogram!(metric::PROVIDER_LATENCY_MS, "provider" => "paystack").record(3.0);
        metrics::counter!(metric::PROVIDER_ERRORS, "provider" => "paystack").increment(1);
    });
    let expected = json!({
        "_aws": {"Timestamp": 1_795_442_706_000_u64, "CloudWatchMetrics": [
            {"Namespace": "MadRush", "Dimensions": [[]], "Metrics": [
                {"Name": "cache_hits", "Unit": "Count"},
                {"Name": "orders_placed", "Unit": "Count"},
            ]},
            {"Namespace": "MadRush", "Dimensions": [["provider"]], "Metrics": [
                {"Name": "provider_errors", "Unit": "Count"},
                {"Name": "provider_latency_ms", "Unit": "Milliseconds"},
            ]},
        ]},
        "orders_placed": 1, "cache_hits": 2, "provider": "paystack",
        "provider_errors": 1, "provider_latency_ms": [12.5, 3.0],
    });
    assert_eq!(lines, [expected]);
    check(&lines[0]);
}

#[test]
fn nothing_measured_is_nothing_written_also_the_second_time() {
    let emf = Emf::default();
    assert!(drained(&emf, || {}).is_empty());
    let once = drained(&emf, || metrics::gauge!(metric::DEAD_MESSAGES).set(0.0));
    assert_eq!(
        once[0]["dead_messages"], 0.0,
        "a state of nought was measured"
    );
    assert!(drained(&emf, || {}).is_empty());
}

#[test]
fn two_values_of_one_dimension_are_two_lines() {
    let lines = drained(&Emf::default(), || {
        metrics::counter!(metric::SETTLEMENTS, "outcome" => "paid").increment(3);
        metrics::counter!(metric::SETTLEMENTS, "outcome" => "unmatched").increment(1);
        metrics::counter!(metric::ORDERS_PAID).increment(3);
    });
    lines.iter().for_each(check);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["outcome"].as_str().unwrap(),
                line["settlements"].clone(),
            )
        })
        .collect();
    assert_eq!(told, [("paid", json!(3)), ("unmatched", json!(1))]);
    assert_eq!(
        (&lines[0]["orders_paid"], &lines[1]["orders_paid"]),
        (&json!(3), &Value::Null)
    );
}

#[test]
fn more_values_than_a_line_may_have_are_several_lines_and_none_is_lost() {
    let lines = drained(&Emf::default(), || {
        for n in 0_u32..250 {
            let latency = metrics::histogram!(metric::PROVIDER_LATENCY_MS, "provider" => "mail");
            latency.record(f64::from(n));
        }
    });
    lines.iter().for_each(check);
    let values: Vec<f64> = lines
        .iter()
        .flat_map(|line| line["provider_latency_ms"].as_array().unwrap())
        .map(|value| value.as_f64().unwrap())
        .collect();
    assert_eq!(values, (0_u32..250).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn what_is_no_metric_of_the_shop_is_left_out() {
    let emf = Emf::default();
    let lines = drained(&emf, || {
        metrics::counter!("orders_plaecd").increment(1);
        metrics::counter!(metric::SETTLEMENTS).increment(1);
        metrics::counter!(metric::SETTLEMENTS, "customer" => "ada").increment(1);
        metrics::counter!(metric::ORDERS_PLACED, "outcome" => "paid").increment(1);
        metrics::gauge!(metric::OUTBOX_AGE_SECONDS).set(f64::NAN);
    });
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_dimension_that_somebody_fills_from_outside_stays_bounded() {
    let emf = Emf::default();
    let lines = drained(&emf, || {
        for n in 0..10 * SERIES {
            metrics::counter!(metric::MESSAGES_PARKED, "queue" => format!("q{n}")).increment(1);
        }
    });
    assert_eq!(lines.len(), SERIES);
}

#[test]
fn counts_from_several_threads_add_up() {
    let emf = Emf::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                metrics::with_local_recorder(&emf, || {
                    (0..1000).for_each(|_| metrics::counter!(metric::CACHE_HITS).increment(1));
                });
            });
        }
    });
    let lines = emf.drain(0);
    assert!(lines[0].contains("\"cache_hits\":4000"), "{lines:?}");
}
