//! The SQL of imports.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection, read_word};
use domain::{Cause, ImportId, Unreadable};

use super::apply::Tally;
use super::column::Header;
use super::import::{Counts, ERRORS_KEPT, Failure, Import, KeptError, Opened};
use super::window::Place;

pub(super) async fn insert(
    connection: &mut PgConnection,
    cause: &Cause,
    id: ImportId,
    upload_expires_at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "INSERT INTO product_imports (id, requested_by, requested_at, upload_expires_at) VALUES ($1, $2, $3, $4)",
        id.uuid(),
        cause.actor,
        cause.at,
        upload_expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    id: uuid::Uuid,
    status: String,
    requested_by: String,
    requested_at: DateTime<Utc>,
    upload_expires_at: DateTime<Utc>,
    etag: Option<String>,
    bytes: Option<i64>,
    separator: Option<String>,
    columns: Option<Vec<String>>,
    byte_offset: i64,
    line: i64,
    rows_created: i64,
    rows_updated: i64,
    rows_unchanged: i64,
    rows_failed: i64,
    errors: i64,
    failure_code: Option<String>,
    failure: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

pub(super) async fn find(
    connection: &mut PgConnection,
    id: ImportId,
) -> Result<Option<Import>, DatabaseError> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, status, requested_by, requested_at, upload_expires_at, etag, bytes, separator, columns,
               byte_offset, line, rows_created, rows_updated, rows_unchanged, rows_failed, errors,
               failure_code, failure, started_at, finished_at
        FROM product_imports
        WHERE id = $1
        "#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::read).transpose()
}

/// Whoever holds it is the only one who works the import.
pub(super) async fn lock(
    connection: &mut PgConnection,
    id: ImportId,
) -> Result<Option<Import>, DatabaseError> {
    sqlx::query!(
        "SELECT id FROM product_imports WHERE id = $1 FOR UPDATE",
        id.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    find(connection, id).await
}

impl Row {
    fn read(self) -> Result<Import, DatabaseError> {
        Ok(Import {
            id: self.id.into(),
            status: read_word(&self.status)?,
            opened: opened(self.etag, self.bytes, self.separator, self.columns)?,
            requested_by: self.requested_by,
            requested_at: self.requested_at,
            upload_expires_at: self.upload_expires_at,
            place: Place {
                offset: self.byte_offset.unsigned_abs(),
                line: self.line.unsigned_abs(),
            },
            counts: Counts {
                created: self.rows_created.unsigned_abs(),
                updated: self.rows_updated.unsigned_abs(),
                unchanged: self.rows_unchanged.unsigned_abs(),
                failed: self.rows_failed.unsigned_abs(),
            },
            errors: self.errors.unsigned_abs(),
            failure: self
                .failure_code
                .zip(self.failure)
                .map(|(code, detail)| Failure { code, detail }),
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

fn opened(
    etag: Option<String>,
    bytes: Option<i64>,
    separator: Option<String>,
    columns: Option<Vec<String>>,
) -> Result<Option<Opened>, DatabaseError> {
    let (Some(etag), Some(bytes), Some(separator), Some(columns)) =
        (etag, bytes, separator, columns)
    else {
        return Ok(None);
    };
    let separator = separator.bytes().next().unwrap_or(b',');
    let header = Header::read(separator, columns.iter().map(String::as_str));
    let header = header.map_err(|_| Unreadable {
        what: "the first line of an import",
        word: columns.join(","),
    })?;
    Ok(Some(Opened {
        etag,
        bytes: bytes.unsigned_abs(),
        header,
    }))
}

pub(super) async fn errors(
    connection: &mut PgConnection,
    id: ImportId,
    after: i64,
    limit: i64,
) -> Result<Vec<KeptError>, DatabaseError> {
    let errors = sqlx::query_as!(
        KeptError,
        r#"
        SELECT place, line, column_name AS "column", code, detail
        FROM product_import_errors
        WHERE import_id = $1 AND place > $2
        ORDER BY place
        LIMIT $3
        "#,
        id.uuid(),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(errors)
}

pub(super) async fn expire(
    connection: &mut PgConnection,
    id: ImportId,
    at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE product_imports SET status = 'expired', finished_at = $2 WHERE id = $1 AND status = 'awaiting_upload'",
        id.uuid(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn open(
    connection: &mut PgConnection,
    id: ImportId,
    opened: &Opened,
    place: Place,
    at: DateTime<Utc>,
) -> Result<bool, DatabaseError> {
    let separator = char::from(opened.header.separator).to_string();
    let open = sqlx::query!(
        r#"
        UPDATE product_imports
        SET status = 'working', etag = $2, bytes = $3, separator = $4, columns = $5, byte_offset = $6,
            line = $7, started_at = $8
        WHERE id = $1 AND status = 'awaiting_upload'
        "#,
        id.uuid(),
        opened.etag,
        number(opened.bytes),
        separator,
        &opened.header.names(),
        number(place.offset),
        number(place.line),
        at,
    )
    .execute(connection)
    .await?;
    Ok(open.rows_affected() == 1)
}

/// Notes what became of a chunk and where the next one begins.
pub(super) async fn note(
    connection: &mut PgConnection,
    import: &Import,
    tally: &Tally,
    next: Place,
) -> Result<(), DatabaseError> {
    keep_errors(connection, import, tally).await?;
    let errors = u64::try_from(tally.errors.len()).unwrap_or(u64::MAX);
    sqlx::query!(
        r#"
        UPDATE product_imports
        SET byte_offset = $2, line = $3, rows_created = rows_created + $4, rows_updated = rows_updated + $5,
            rows_unchanged = rows_unchanged + $6, rows_failed = rows_failed + $7, errors = errors + $8
        WHERE id = $1
        "#,
        import.id.uuid(),
        number(next.offset),
        number(next.line),
        number(tally.created),
        number(tally.updated),
        number(tally.unchanged),
        number(tally.failed),
        number(errors),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn keep_errors(
    connection: &mut PgConnection,
    import: &Import,
    tally: &Tally,
) -> Result<(), DatabaseError> {
    let room = usize::try_from(ERRORS_KEPT.saturating_sub(import.errors)).unwrap_or_default();
    let kept = || tally.errors.iter().take(room);
    if kept().next().is_none() {
        return Ok(());
    }
    let lines: Vec<i64> = kept().map(|error| number(error.line)).collect();
    let columns: Vec<Option<String>> = kept()
        .map(|error| error.column.map(|c| c.name().to_owned()))
        .collect();
    let codes: Vec<String> = kept().map(|error| error.code.to_owned()).collect();
    let details: Vec<String> = kept().map(|error| error.detail.clone()).collect();
    sqlx::query!(
        r#"
        INSERT INTO product_import_errors (import_id, place, line, column_name, code, detail)
        SELECT $1, $2 + e.number - 1, e.line, e.column_name, e.code, e.detail
        FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[])
            WITH ORDINALITY AS e (line, column_name, code, detail, number)
        "#,
        import.id.uuid(),
        number(import.errors),
        &lines,
        &columns as &[Option<String>],
        &codes,
        &details,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn end(
    connection: &mut PgConnection,
    id: ImportId,
    at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE product_imports SET status = 'done', finished_at = $2 WHERE id = $1",
        id.uuid(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn fail(
    connection: &mut PgConnection,
    id: ImportId,
    failure: &Failure,
    at: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    sqlx::query!(
        "UPDATE product_imports SET status = 'failed', failure_code = $2, failure = $3, finished_at = $4 WHERE id = $1",
        id.uuid(),
        failure.code,
        failure.detail,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts come from files of at most 100 MiB.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
