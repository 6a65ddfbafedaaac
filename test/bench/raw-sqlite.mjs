import { createRequire } from 'node:module';

/** SQLite with nothing above it: what the machine can do. */
export function openRaw(file) {
  const builtIn = process.getBuiltinModule?.('node:sqlite');
  const driver = builtIn ? 'node:sqlite' : 'libsql';
  const db = builtIn ? new builtIn.DatabaseSync(file) : new (createRequire(import.meta.url)('libsql'))(file);
  db.exec('PRAGMA journal_mode=WAL');
  db.exec('PRAGMA synchronous=FULL');
  db.exec('CREATE TABLE run (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, status TEXT NOT NULL)');
  db.exec('CREATE TABLE event (run INTEGER NOT NULL, idx INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (run, idx)) WITHOUT ROWID');
  const insertRun = db.prepare('INSERT INTO run VALUES (?, 0, ?)');
  const insert = db.prepare('INSERT INTO event VALUES (?, ?, ?)');
  const update = db.prepare('UPDATE run SET version = version + 1, status = ? WHERE id = ?');
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  let runs = 0;
  return {
    driver,
    /** Writes `total` commits, `width` of them in each transaction, each of another run; commits per second. */
    perSecond(total, width, bytes) {
      const first = runs + 1;
      runs += width;
      for (let id = first; id <= runs; id++) insertRun.run(id, 'running');
      const data = 'x'.repeat(bytes);
      const started = performance.now();
      for (let done = 0; done < total; done += width) {
        begin.run();
        for (let id = first; id <= runs; id++) {
          insert.run(id, done, data);
          update.run('running', id);
        }
        commit.run();
      }
      return (total / (performance.now() - started)) * 1000;
    },
    close: () => db.close(),
  };
}
