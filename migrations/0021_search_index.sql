-- no-transaction
CREATE INDEX CONCURRENTLY products_search_document_idx ON products USING gin (search_document);
