//! What staff have changed, written beside the change.

use domain::Cause;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::DatabaseError;

/// A change as it is written down.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// What was done, as events are named: `product.updated`.
    pub action: &'a str,
    /// What kind of thing was changed: `product`.
    pub entity: &'a str,
    /// Which.
    pub id: Uuid,
    /// What has changed, as it was; none where the thing is new.
    pub before: Option<Value>,
    /// What has changed, as it is; none where the thing is gone.
    pub after: Option<Value>,
}

/// Writes down a change in its transaction: there is no change by staff without its row. The row bears
/// the cause's actor and request, and is never changed (a trigger refuses). Personal data has no place
/// in it.
///
/// # Errors
/// [`DatabaseError`].
pub async fn record(
    connection: &mut PgConnection,
    cause: &Cause,
    change: &Change<'_>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        r#"
        INSERT INTO audit_log (at, actor, action, entity, entity_id, before, after, correlation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        cause.at,
        cause.actor,
        change.action,
        change.entity,
        change.id,
        change.before,
        change.after,
        cause.correlation_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down many changes of one cause at once.
///
/// # Errors
/// [`DatabaseError`].
pub async fn record_all(
    connection: &mut PgConnection,
    cause: &Cause,
    changes: &[Change<'_>],
) -> Result<(), DatabaseError> {
    let actions: Vec<String> = changes
        .iter()
        .map(|change| change.action.to_owned())
        .collect();
    let entities: Vec<String> = changes
        .iter()
        .map(|change| change.entity.to_owned())
        .collect();
    let ids: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
    let before: Vec<Option<Value>> = changes.iter().map(|change| change.before.clone()).collect();
    let after: Vec<Option<Value>> = changes.iter().map(|change| change.after.clone()).collect();
    sqlx::query!(
        r#"
        INSERT INTO audit_log (at, actor, action, entity, entity_id, before, after, correlation_id)
        SELECT $1, $2, action, entity, id, before, after, $3
        FROM unnest($4::text[], $5::text[], $6::uuid[], $7::jsonb[], $8::jsonb[])
            AS c (action, entity, id, before, after)
        "#,
        cause.at,
        cause.actor,
        cause.correlation_id,
        &actions,
        &entities,
        &ids,
        &before as &[Option<Value>],
        &after as &[Option<Value>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The fields of two states of a thing that differ, as they were and as they are. Both must be JSON
/// objects; a field that only one of them has counts as null in the other.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> Option<(Value, Value)> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return (before != after).then(|| (before.clone(), after.clone()));
    };
    let of = |state: &Map<String, Value>, name: &str| state.get(name).cloned().unwrap_or_default();
    let added = new.keys().filter(|name| !old.contains_key(*name));
    let (mut was, mut is) = (Map::new(), Map::new());
    for name in old.keys().chain(added) {
        let (before, after) = (of(old, name), of(new, name));
        if before != after {
            was.insert(name.clone(), before);
            is.insert(name.clone(), after);
        }
    }
    (!is.is_empty()).then_some((Value::Object(was), Value::Object(is)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_written_down() {
        let before = json!({"name": "Shirt", "slug": "shirt", "gone": 1});
        let after = json!({"name": "Red shirt", "slug": "shirt", "new": true});
        let (was, is) = difference(&before, &after).unwrap();
        assert_eq!(was, json!({"name": "Shirt", "gone": 1, "new": null}));
        assert_eq!(is, json!({"name": "Red shirt", "gone": null, "new": true}));
        assert_eq!(difference(&before, &before), None);
    }
}
