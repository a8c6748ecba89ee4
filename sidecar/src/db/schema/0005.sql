-- When a node was last heard, by the sidecar's clock: with each frame the row of its stream is written anyway.
ALTER TABLE stream ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
