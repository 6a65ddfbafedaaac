// The tables of the sagas suite.
import { row, whole } from './measure.mjs';

export const WIDTHS = [1, 16, 128];
export const VARIANTS = ['done', 'undone'];
const NAMED = { done: 'The order saga: three steps, all done.', undone: 'Its failing variant: the third step is refused, two are undone.' };
const ms = (n) => (n === undefined || Number.isNaN(n) ? '–' : n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : whole(n));
const few = (n) => (n === undefined ? '–' : n.toFixed(2));

export function printContenders(print, { started, machine }) {
  const { redis, postgres, peers, shape } = machine;
  print(`Servers of the bench's own on loopback: redis-server ${redis.version ?? '–'}, PostgreSQL ${postgres.version ?? '–'} (fsync on).`);
  if (peers?.versions)
    print(
      `Peers: ${Object.entries(peers.versions)
        .map((pair) => pair.join(' '))
        .join(', ')}.`,
    );
  print(
    `Ours makes ${shape.done.commits} commits a saga of ${shape.done.bytes} bytes on average, the failing variant ${shape.undone.commits} of`,
  );
  print(
    `${shape.undone.bytes}; the limits write as many of as many bytes. The bare client runs one script for each, that compares a version and`,
  );
  print('appends one entry, and waits for it. Raw SQLite: WAL, synchronous=FULL, as many commits to a transaction as there are sagas.');
  print(
    'Each contender is a process of its own, each Redis and PostgreSQL contender has a server of its own; those whose turn it is not are',
  );
  print('stopped. Every turn is checked for as many effects and undos as there should be.');
  print();
  const widths = [30, 10];
  print(row(['contender', 'durability'], widths));
  for (const { title, durability, note } of started) print(row([title, durability, ...(note ? [` ${note}`] : [])], widths));
  print();
}

export function printTables(print, { started, results, rounds }) {
  const ran = started.filter(({ key }) => results.has(key));
  for (const variant of VARIANTS) {
    print(`${NAMED[variant]} Medians of ${rounds} interleaved rounds.`);
    print();
    const widths = [30, 11, 11, 12, 10, 10, 12, 12];
    print(row(['sagas/s, at a time', ...WIDTHS, 'p50 at 1', 'p99 at 1', 'CPU at 1', 'CPU at 128'], widths));
    print(row(['', '', '', '', 'ms', 'ms', 'µs a saga', 'µs a saga'], widths));
    for (const { key, title } of ran) {
      const at = (width) => results.get(key)[`${width} ${variant}`];
      const rates = WIDTHS.map((width) => (at(width) ? whole(at(width).rate) : 'failed'));
      const cpu = (width) => (at(width) ? whole(at(width).cpuUs) : '–');
      print(row([title, ...rates, ms(at(1)?.p50), ms(at(1)?.p99), cpu(1), cpu(128)], widths));
    }
    print();
  }
  const onRedis = ran.filter(({ key }) => results.get(key)['1 done']?.redis);
  if (onRedis.length === 0) return;
  print(
    'What the Redis server has counted, per saga (all done). Scripts: calls of `INFO commandstats`, evalsha; reads: times that it read from',
  );
  print(
    'a connection (`total_reads_processed`), which is what was sent in one go and so a round trip of the wire, shared by all in it; CPU: of the',
  );
  print('server, user and system (`INFO cpu`). The few reads of the bench itself are in it.');
  print();
  const widths = [30, ...WIDTHS.flatMap(() => [12, 9, 9])];
  print(row(['', ...WIDTHS.flatMap((width) => [`at ${width}: evalsha`, 'reads', 'CPU µs'])], widths.with(0, 30)));
  for (const { key, title } of onRedis) {
    const cells = WIDTHS.flatMap((width) => {
      const redis = results.get(key)[`${width} done`]?.redis;
      return [few(redis?.evalsha), few(redis?.reads), redis ? whole(redis.cpuUs) : '–'];
    });
    print(row([title, ...cells], widths));
  }
  print();
}
