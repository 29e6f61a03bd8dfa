//! A drop is confirmed, or the copies have ended.

use super::*;

const SHORT_LIFE: Duration = Duration::from_millis(1_500);

/// Two caches of one Redis, the first through a gate.
fn a_writer_behind_a_gate_and_a_reader() -> (Gate, Cache, Cache) {
    let settings = settings_of_redis();
    let (gate, writer) = a_gated_cache_of(settings.clone());
    let with_short_life = |cache| Cache {
        copy_life: SHORT_LIFE,
        ..cache
    };
    let reader = with_short_life(Cache::lazy(&settings));
    (gate, with_short_life(writer), reader)
}

#[tokio::test]
async fn a_drop_does_not_ask_the_breaker() {
    let (gate, writer, reader) = a_writer_behind_a_gate_and_a_reader();
    gate.refuse();
    assert_eq!(writer.get("a").await, None, "now its breaker is open");
    gate.open();
    assert_eq!(catalogue(&reader, "old").await, b"old");
    assert!(writer.new_catalogue_generation().await);
    assert_eq!(catalogue(&reader, "new").await, b"new");
    assert_eq!(writer.get("a").await, None);
    assert_eq!(writer.counts().skipped, 1, "it is open still");
}

#[tokio::test]
async fn a_drop_over_a_dead_connection_is_repeated_over_a_new_one() {
    let (gate, writer, reader) = a_writer_behind_a_gate_and_a_reader();
    for end in [Gate::cut, Gate::abandon] {
        assert!(writer.new_catalogue_generation().await);
        assert_eq!(catalogue(&reader, "old").await, b"old");
        end(&gate);
        assert!(writer.new_catalogue_generation().await);
        assert_eq!(catalogue(&reader, "new").await, b"new");
        assert_eq!(writer.counts().errors, 0);
    }
}

#[tokio::test]
async fn a_drop_waits_for_a_redis_that_resets_its_connections_for_a_while() {
    let (gate, writer, reader) = a_writer_behind_a_gate_and_a_reader();
    assert_eq!(catalogue(&reader, "old").await, b"old");
    gate.reset();
    let recovery = async {
        sleep(Duration::from_millis(200)).await;
        gate.open();
    };
    let (dropped, ()) = tokio::join!(writer.new_catalogue_generation(), recovery);
    assert!(dropped);
    assert_eq!(catalogue(&reader, "new").await, b"new");
}

#[tokio::test]
async fn where_nobody_listens_there_are_no_copies_and_nothing_is_waited_for() {
    let (redis, settings) = own_redis().await;
    let (writer, reader) = (Cache::lazy(&settings), Cache::lazy(&settings));
    assert!(writer.new_catalogue_generation().await);
    assert_eq!(catalogue(&reader, "old").await, b"old");
    redis.kill().await.unwrap();
    let begun = Instant::now();
    writer.catalogue_changed().await;
    assert!(begun.elapsed() < BOUNDED, "{:?}", begun.elapsed());
    redis.start_again().await.unwrap();
    assert_eq!(catalogue(&Cache::lazy(&settings), "new").await, b"new");
}

#[tokio::test]
async fn a_reader_whose_redis_is_restarted_within_its_load_keeps_nothing() {
    let (redis, settings) = own_redis().await;
    let (reader, other) = (Cache::lazy(&settings), Cache::lazy(&settings));
    let old = reader.catalogue_or_load("page", async {
        redis.kill().await.unwrap();
        redis.start_again().await.unwrap();
        loaded("old").await
    });
    assert_eq!(old.await.unwrap(), b"old");
    other.catalogue_changed().await;
    assert_eq!(catalogue(&other, "new").await, b"new");
    assert_eq!(catalogue(&reader, "not loaded").await, b"new");
}

/// A node that was demoted serves its copies, and changes nothing.
#[tokio::test]
async fn a_drop_that_redis_refuses_is_not_confirmed() {
    let (_redis, settings) = own_redis().await;
    let (writer, reader) = (Cache::lazy(&settings), Cache::lazy(&settings));
    assert_eq!(catalogue(&reader, "old").await, b"old");
    let follow = async |host: &str, port: &str| {
        let mut follow = redis::cmd("REPLICAOF");
        follow.arg(host).arg(port);
        reader.link.ask::<()>(follow).await.unwrap();
    };
    follow("127.0.0.1", "1").await;
    assert!(!writer.new_catalogue_generation().await);
    assert_eq!(catalogue(&reader, "new").await, b"old", "which is why");
    let promotion = async {
        sleep(Duration::from_millis(200)).await;
        follow("NO", "ONE").await;
    };
    let (dropped, ()) = tokio::join!(writer.new_catalogue_generation(), promotion);
    assert!(dropped);
    assert_eq!(catalogue(&reader, "new").await, b"new");
}

/// The gate stands for a network that separates one writer, not the readers, from Redis.
#[tokio::test]
async fn a_writer_who_cannot_tell_waits_until_the_copies_have_ended() {
    let (gate, writer, reader) = a_writer_behind_a_gate_and_a_reader();
    gate.freeze();
    assert_eq!(catalogue(&reader, "old").await, b"old");
    let begun = Instant::now();
    assert!(!writer.new_catalogue_generation().await);
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(500) + BOUNDED, "{took:?}");
    assert_eq!(catalogue(&reader, "new").await, b"old", "which is why");
    writer.catalogue_changed().await;
    assert_eq!(catalogue(&reader, "new").await, b"new");
    let waited = begun.elapsed() - took;
    assert!(
        waited < SHORT_LIFE + BOUNDED + Duration::from_millis(100),
        "{waited:?}"
    );
}

#[tokio::test]
async fn a_writer_who_waits_stops_as_soon_as_redis_answers() {
    let (redis, settings) = own_redis().await;
    let (writer, reader) = (Cache::lazy(&settings), Cache::lazy(&settings));
    assert_eq!(catalogue(&reader, "old").await, b"old");
    redis.freeze();
    let thaw = async {
        sleep(Duration::from_millis(900)).await;
        redis.thaw();
    };
    let begun = Instant::now();
    tokio::join!(writer.catalogue_changed(), thaw);
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(900) && took < Duration::from_millis(2_000),
        "{took:?}"
    );
    assert_eq!(catalogue(&Cache::lazy(&settings), "new").await, b"new");
}

/// The life of a copy is counted from before its load: a put that was held up does not lengthen it.
#[tokio::test]
async fn a_copy_that_arrives_late_ends_in_time() {
    let (gate, late, reader) = a_writer_behind_a_gate_and_a_reader();
    let putting = late.catalogue_or_load("page", async {
        gate.freeze();
        loaded("old").await
    });
    assert_eq!(putting.await.unwrap(), b"old");
    sleep(SHORT_LIFE).await;
    gate.open();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(catalogue(&reader, "new").await, b"new");
}
