import { createRequire } from 'node:module';

/** Opens the file of a store as SQLite sees it, beside the store. */
function open(file) {
  const builtIn = process.getBuiltinModule?.('node:sqlite');
  const ours = createRequire(new URL('../../packages/sqlite/package.json', import.meta.url));
  const db = builtIn ? new builtIn.DatabaseSync(file) : new (ours('libsql'))(file);
  // What is filled in is not what is measured: it need not be on the disk at once.
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000');
  return db;
}

const HEAD = 'kind, name, version, stamp, length, trimmed, status, owner, wake_at, claims, meta, tags';
const AT_ONCE = 50_000;

/** Puts `count` copies of the stream `id` into the file, under names of chance: a million runs in seconds. */
export function multiply(file, id, count) {
  const db = open(file);
  try {
    const { stream, ns } = db.prepare('SELECT stream, ns FROM head WHERE id = ?').get(id);
    const entries = db.prepare('SELECT count(*) AS n, min(position) AS first FROM entry WHERE stream = ?').get(stream);
    for (let done = 0; done < count; done += AT_ONCE) {
      const some = Math.min(AT_ONCE, count - done);
      const last = db.prepare('SELECT (SELECT max(stream) FROM head) AS stream, (SELECT max(position) FROM entry) AS position').get();
      const numbers = `WITH RECURSIVE copies (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ${some})`;
      db.exec(`BEGIN;
        ${numbers} INSERT INTO head (stream, ns, id, ${HEAD}, places)
          SELECT ${last.stream} + n, ${ns}, 'place-order/' || lower(hex(randomblob(16))), ${HEAD},
            (${last.position} + 1 + (n - 1) * ${entries.n}) || '+${entries.n}'
          FROM copies CROSS JOIN head WHERE stream = ${stream};
        ${numbers} INSERT INTO entry (position, stream, idx, key, type, data, at)
          SELECT ${last.position} + 1 + (n - 1) * ${entries.n} + idx, ${last.stream} + n, idx, key, type, data, at
          FROM copies CROSS JOIN entry WHERE stream = ${stream} ORDER BY n, idx;
        COMMIT;`);
    }
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

/** Makes `count` of the parked streams due. */
export function makeDue(file, count, now) {
  const db = open(file);
  db.prepare('UPDATE head SET wake_at = ? WHERE stream IN (SELECT stream FROM head WHERE wake_at > ? LIMIT ?)').run(now - 1, now, count);
  db.close();
}

export function countOf(file, status) {
  const db = open(file);
  try {
    return db.prepare('SELECT count(*) AS n FROM head WHERE status = ?').get(status).n;
  } finally {
    db.close();
  }
}
