-- Pictures that staff upload: promised first, put into the bucket by the browser, then seen.
--
-- A row without a key is of the time before: its url leads elsewhere, and it counts as uploaded. The former
-- version, which looks at no upload, shows a promised picture for as long as both versions serve.

-- Added without a rewrite: the default is one moment, taken now. No row of the time before breaks a
-- constraint, so none is scanned for: NOT VALID holds for what is written from now on.
ALTER TABLE product_images
    -- The object in the bucket. `url` is IMAGES_URL and the key, as they were when the row was made; the
    -- key is the truth, should the address of all pictures ever change.
    ADD COLUMN key text,
    ADD COLUMN content_type text,
    ADD COLUMN bytes bigint,
    ADD COLUMN uploaded_at timestamptz DEFAULT now(),
    -- When the address for uploading stops working.
    ADD COLUMN upload_until timestamptz,
    ADD CONSTRAINT product_images_key_check
        CHECK (key ~ '^products/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z]{3,4}$') NOT VALID,
    ADD CONSTRAINT product_images_content_type_check
        CHECK (content_type IN ('image/jpeg', 'image/png', 'image/webp', 'image/avif')) NOT VALID,
    ADD CONSTRAINT product_images_bytes_check CHECK (bytes BETWEEN 1 AND 10485760) NOT VALID,
    ADD CONSTRAINT product_images_promise_check
        CHECK (num_nulls(key, content_type, bytes, upload_until) IN (0, 4)) NOT VALID,
    ADD CONSTRAINT product_images_awaited_check CHECK (uploaded_at IS NOT NULL OR key IS NOT NULL) NOT VALID;

-- What is to be deleted from the bucket: written with the removal of its picture, removed once the bucket
-- has confirmed it and no address can bring it back.
CREATE TABLE removed_images (
    image_id      uuid PRIMARY KEY,
    key           text NOT NULL,
    upload_until  timestamptz NOT NULL,
    removed_at    timestamptz NOT NULL
);

-- Staff promise, change and remove pictures, and sync-product sees that they come. A change of a picture is
-- one of its product.
GRANT INSERT, DELETE, UPDATE (position, alt, uploaded_at) ON product_images TO madrush_catalog;
GRANT SELECT, INSERT, DELETE ON removed_images TO madrush_catalog;
GRANT UPDATE (version, updated_at) ON products TO madrush_catalog;
GRANT SELECT, INSERT ON inbox, outbox, dead_messages TO madrush_catalog;
