-- What staff are shown of the shop is followed live: whoever has seen one event asks for those after it.
--
-- An identity cannot be what "after" means: ids are given out before their transactions commit, so a later
-- one is seen before an earlier one, and whoever then asks for what follows the later never sees the
-- earlier. The transaction's id can: every transaction below the oldest that still runs has ended, so what
-- is read up to there is complete, and its order never changes (shared/notifications/src/follow.rs).

-- A constant default does not rewrite the table: what is there already counts as from before any
-- transaction. Only what comes from now on gets its transaction, from Postgres, whoever inserts.
ALTER TABLE activity ADD COLUMN transaction xid8 NOT NULL DEFAULT '0';
ALTER TABLE activity ALTER COLUMN transaction SET DEFAULT pg_current_xact_id();

-- Staff follow it. Nobody may change it.
GRANT SELECT ON activity TO madrush_operations;
