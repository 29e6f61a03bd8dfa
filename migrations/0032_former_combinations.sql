-- In force is variants_live_combination_key (0030): an archived variant keeps nobody from its combination.
ALTER TABLE variants DROP CONSTRAINT variants_combination_key;
ALTER TABLE categories VALIDATE CONSTRAINT categories_depth_check;
