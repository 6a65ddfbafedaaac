import Database from 'libsql';

/** The outside, in a file of its own: one effect for each key, none for a key that was closed, and a diary of all that was asked. */
export function openWorld(file) {
  const sql = new Database(file);
  sql.pragma('busy_timeout = 10000');
  sql.pragma('journal_mode = WAL');
  sql.pragma('synchronous = NORMAL');
  sql.exec(`
    CREATE TABLE IF NOT EXISTS effect (key TEXT PRIMARY KEY, run TEXT NOT NULL, op TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS closed (key TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY, run TEXT NOT NULL, op TEXT NOT NULL, what TEXT NOT NULL, key TEXT NOT NULL) STRICT;
  `);
  const isClosed = sql.prepare('SELECT 1 FROM closed WHERE key = ?');
  const land = sql.prepare('INSERT OR IGNORE INTO effect VALUES (?, ?, ?)');
  const remove = sql.prepare('DELETE FROM effect WHERE key = ?');
  const close = sql.prepare('INSERT OR IGNORE INTO closed VALUES (?)');
  const ask = sql.prepare('INSERT INTO asked (run, op, what, key) VALUES (?, ?, ?, ?)');
  const transaction = (work) => sql.transaction(work).immediate();
  return {
    /** False when the key was closed. */
    act: (run, op, key) =>
      transaction(() => {
        ask.run(run, op, 'act', key);
        if (isClosed.get(key)) return false;
        land.run(key, run, op);
        return true;
      }),
    undo: (run, op, key, forwardKey, total) =>
      transaction(() => {
        ask.run(run, op, 'undo', key);
        if (total) close.run(forwardKey);
        remove.run(forwardKey);
      }),
    effects: () => sql.prepare('SELECT run, op, key FROM effect').all(),
    asked: () => sql.prepare('SELECT run, op, what, key FROM asked ORDER BY seq').all(),
    close: () => sql.close(),
  };
}
