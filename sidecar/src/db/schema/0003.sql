-- What ends, what is planned about it, and who is asked: parts of the planner's state. kind: 1 head, 2 item, 3 plan, 4 provider.
CREATE TABLE renewal (kind INTEGER NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
