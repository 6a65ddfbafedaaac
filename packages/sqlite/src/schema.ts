/** Marks a file as ours: "RDRS" in ASCII. */
export const APPLICATION_ID = 0x52445253;

/** Grows with each change of the tables below. */
export const SCHEMA_VERSION = 1;

/*
 * Entries lie in the order of their arrival, whatever their stream, and two narrow indexes find them: a turn of many
 * writers then touches few pages. Clustered by stream it would touch one page or more for each writer, and measured
 * 30 % slower with short streams and three times slower with long ones.
 *
 * A trimmed entry keeps its row without data, so that its key stays refused.
 */
export const TABLES = `
  CREATE TABLE namespace (ns INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL) STRICT;
  INSERT INTO clock VALUES (1, 0);

  CREATE TABLE head (
    stream INTEGER PRIMARY KEY,
    ns INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, stamp TEXT NOT NULL,
    length INTEGER NOT NULL, trimmed INTEGER NOT NULL,
    status TEXT NOT NULL, owner TEXT, wake_at REAL, claims INTEGER NOT NULL,
    meta ANY NOT NULL, tags TEXT NOT NULL,
    UNIQUE (ns, id)
  ) STRICT;
  CREATE INDEX head_due ON head (ns, kind, wake_at, id, name) WHERE wake_at IS NOT NULL;
  CREATE INDEX head_status ON head (ns, status, id);

  CREATE TABLE tag (
    stream INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (stream, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tag_value ON tag (key, value, stream);

  CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL, idx INTEGER NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, data ANY, at REAL NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entry_order ON entry (stream, idx);
  CREATE UNIQUE INDEX entry_key ON entry (stream, key);
`;
