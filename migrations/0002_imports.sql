-- An import is in force whole or not at all: `loading` rows are in no force yet, `applying` ones are facts whose
-- projections are being made, `removing` ones are facts no more. `rows` counts what the batch holds.
ALTER TABLE import_batch ADD COLUMN state TEXT NOT NULL DEFAULT 'loaded';
ALTER TABLE import_batch ADD COLUMN rows INTEGER NOT NULL DEFAULT 0;

-- Rows are found through the projections; what an older batch said is read in the order it was stored.
DROP INDEX import_row_key;
