-- Files of products: those that staff send in, and those that they ask for. The files themselves lie in
-- the bucket, for thirty days; here stands how far they are worked.

CREATE TABLE product_imports (
    id                uuid PRIMARY KEY,
    status            text NOT NULL DEFAULT 'awaiting_upload'
                      CHECK (status IN ('awaiting_upload', 'working', 'done', 'failed', 'expired')),
    -- The sign of the member of staff, under which everything that the file changes is written down.
    requested_by      text NOT NULL,
    requested_at      timestamptz NOT NULL,
    upload_expires_at timestamptz NOT NULL,
    -- The object that was found, and how it is read. Another one under its name is not read on.
    etag              text,
    bytes             bigint CHECK (bytes >= 0),
    separator         text CHECK (separator IN (',', ';', E'\t')),
    columns           text[],
    -- How far it is worked: written in the transaction of what was worked, so that nothing is done twice.
    byte_offset       bigint NOT NULL DEFAULT 0 CHECK (byte_offset >= 0),
    line              bigint NOT NULL DEFAULT 1 CHECK (line >= 1),
    rows_created      bigint NOT NULL DEFAULT 0 CHECK (rows_created >= 0),
    rows_updated      bigint NOT NULL DEFAULT 0 CHECK (rows_updated >= 0),
    rows_unchanged    bigint NOT NULL DEFAULT 0 CHECK (rows_unchanged >= 0),
    rows_failed       bigint NOT NULL DEFAULT 0 CHECK (rows_failed >= 0),
    -- What is wrong with rows, told or not.
    errors            bigint NOT NULL DEFAULT 0 CHECK (errors >= 0),
    -- Why the whole file was refused.
    failure_code      text,
    failure           text,
    started_at        timestamptz,
    finished_at       timestamptz,
    CHECK (byte_offset <= bytes),
    CHECK (status IN ('awaiting_upload', 'expired')
           OR status = 'failed'
           OR num_nulls(etag, bytes, separator, columns, started_at) = 0),
    CHECK ((status IN ('done', 'failed', 'expired')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL) AND (failure IS NULL) = (failure_code IS NULL))
);

-- What is wrong with rows, in the file's order; the first thousand.
CREATE TABLE product_import_errors (
    import_id   uuid NOT NULL REFERENCES product_imports (id) ON DELETE CASCADE,
    place       bigint NOT NULL CHECK (place BETWEEN 0 AND 999),
    line        bigint NOT NULL,
    column_name text,
    code        text NOT NULL,
    detail      text NOT NULL,
    PRIMARY KEY (import_id, place)
);

CREATE TABLE product_exports (
    id               uuid PRIMARY KEY,
    status           text NOT NULL DEFAULT 'waiting'
                     CHECK (status IN ('waiting', 'working', 'done', 'failed')),
    requested_by     text NOT NULL,
    requested_at     timestamptz NOT NULL,
    -- Which products; all where nothing is said. A category goes with its descendants.
    only_status      text CHECK (only_status IN ('draft', 'published', 'archived')),
    -- If it is removed meanwhile, it has no products.
    only_category    uuid,
    -- The upload in parts, and what each part was acknowledged with.
    upload_id        text,
    part_etags       text[] NOT NULL DEFAULT '{}',
    -- The last product that stands in a part.
    after_product    uuid,
    products         bigint NOT NULL DEFAULT 0 CHECK (products >= 0),
    rows_written     bigint NOT NULL DEFAULT 0 CHECK (rows_written >= 0),
    bytes            bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    -- Whether the last part is written, and the parts are to be made one object.
    complete         boolean NOT NULL DEFAULT false,
    -- How often it was begun anew.
    restarts         integer NOT NULL DEFAULT 0 CHECK (restarts >= 0),
    failure_code     text,
    failure          text,
    started_at       timestamptz,
    finished_at      timestamptz,
    CHECK (status = 'waiting' OR started_at IS NOT NULL),
    CHECK ((status IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL) AND (failure IS NULL) = (failure_code IS NULL))
);

GRANT SELECT, INSERT,
      UPDATE (status, etag, bytes, separator, columns, byte_offset, line, rows_created, rows_updated,
              rows_unchanged, rows_failed, errors, failure_code, failure, started_at, finished_at)
    ON product_imports TO madrush_catalog;
GRANT SELECT, INSERT ON product_import_errors TO madrush_catalog;
GRANT SELECT, INSERT,
      UPDATE (status, upload_id, part_etags, after_product, products, rows_written, bytes, complete, restarts,
              failure_code, failure, started_at, finished_at)
    ON product_exports TO madrush_catalog;
