-- What a node wants a certificate for: the last request under each name, until another one comes.
CREATE TABLE request (
  node INTEGER NOT NULL, certificate TEXT NOT NULL, at INTEGER NOT NULL, installed TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (node, certificate)) STRICT, WITHOUT ROWID;
