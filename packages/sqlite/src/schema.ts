/** Marks a file as ours: "RDRS" in ASCII. */
export const APPLICATION_ID = 0x52445253;

/** Grows with each change of the tables below. */
export const SCHEMA_VERSION = 2;

/** So many entries of each stream are found by its head alone; later ones by an index. */
export const NEAR = 64;

/*
 * Entries lie in the order of their arrival, whatever their stream, and the head says where its first ones are: a commit
 * then touches the page of its head and the last page of the entries, and a turn of many writers few pages more. An index
 * by stream and one by key cost a third of the time of a commit, so they hold only what comes after the first entries.
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
    meta ANY NOT NULL, tags TEXT NOT NULL, places TEXT NOT NULL,
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
  CREATE UNIQUE INDEX entry_order ON entry (stream, idx) WHERE idx >= ${NEAR};
  CREATE UNIQUE INDEX entry_key ON entry (stream, key) WHERE idx >= ${NEAR};
`;
