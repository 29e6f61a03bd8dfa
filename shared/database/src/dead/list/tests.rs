use super::*;
use crate::testing::TestDatabase;

/// 50,000 messages, nearly all of them decided on: more than a shop should ever have.
async fn many(connection: &mut PgConnection) {
    for statement in [
        "INSERT INTO dead_messages (id, queue, message_id, type, attempt, body, error, parked_at,
             resolution, resolved_at, resolved_by)
         SELECT gen_random_uuid(), 'order_processing', gen_random_uuid(), 'order.paid', 20, 'x', 'no',
                now(), 'replayed', now(), 'ada'
         FROM generate_series(1, 50000)",
        "UPDATE dead_messages SET queue = 'notifications', type = 'notification.requested',
             resolution = 'discarded', resolution_reason = 'no'
         WHERE id IN (SELECT id FROM dead_messages LIMIT 50)",
        "UPDATE dead_messages SET resolution = NULL, resolved_at = NULL, resolved_by = NULL
         WHERE id IN (SELECT id FROM dead_messages WHERE resolution = 'replayed' LIMIT 50)",
        "ANALYZE dead_messages",
    ] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
}

#[tokio::test]
async fn every_list_walks_an_index_in_its_order_and_reads_no_table_whole() {
    let db = TestDatabase::create().await;
    let mut connection = db.connect().await;
    many(&mut connection).await;
    let filters = [
        (None, None, None),
        (None, Some(DeadMessageState::Open), None),
        (None, Some(DeadMessageState::Replayed), None),
        (None, Some(DeadMessageState::Discarded), None),
        (Some("notifications"), None, None),
        (Some("order_processing"), Some(DeadMessageState::Open), None),
        (None, None, Some("notification.requested")),
        (None, Some(DeadMessageState::Open), Some("order.placed")),
    ];
    for (queue, state, event_type) in filters {
        let filter = Filter {
            queue: queue.map(str::to_owned),
            state,
            event_type: event_type.map(str::to_owned),
        };
        for after in [None, Some(Uuid::from_u128(u128::MAX / 2))] {
            let mut sql = QueryBuilder::new("EXPLAIN ANALYZE ");
            push_list(&mut sql, &filter, after, 21);
            let lines: Vec<(String,)> = sql
                .build_query_as()
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let plan: String = lines.into_iter().map(|(line,)| line + "\n").collect();
            assert!(!plan.contains("Seq Scan"), "{filter:?}\n{plan}");
            // What an index finds and the filter throws away is read in vain.
            let in_vain = plan
                .lines()
                .find_map(|line| line.trim().strip_prefix("Rows Removed by Filter: "));
            let in_vain = in_vain.map_or(0, |rows| rows.parse::<u32>().unwrap());
            assert!(in_vain < 100, "{filter:?}\n{plan}");
        }
    }
}
