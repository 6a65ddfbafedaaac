import { main } from '@redress/cli';
import { createRuntime, defineSaga } from '@redress/core';
import { redisStore } from '@redress/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';

const reason = missingServer();

describe.skipIf(reason !== undefined)(`the command on Redis${reason === undefined ? '' : ` (${reason})`}`, () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start({ appendonly: 'yes', appendfsync: 'everysec' });
    const store = await redisStore({ url: server.url }, { partitions: 5 });
    const wait = defineSaga('wait', { id: (id: string) => id }, async (run, _id) => run.receive('go'));
    const runtime = createRuntime({ store, sagas: [wait] });
    for (const id of ['a', 'b']) await runtime.start(wait, [id]);
    await runtime.stop();
    await store.close();
  });
  afterAll(() => server.remove());

  const tell = async (line: string): Promise<{ code: number; out: string; err: string }> => {
    let [out, err] = ['', ''];
    const code = await main(line.split(' '), {
      ...{
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        isTerminal: true,
        canAsk: false,
        columns: 100,
        color: false,
      },
      ...{ cwd: '/', env: { REDRESS_STORE: server.url }, lines: async function* () {}, ask: () => Promise.resolve(''), user: () => 'ann' },
      ...{ now: () => Date.now(), signal: new AbortController().signal },
    });
    return { code, out, err };
  };

  it('finds runs whatever number of partitions the namespace has, and acts upon them', async () => {
    expect((await tell('list')).err).toBe('2 runs\n');
    expect(await tell('hold wait/a --reason look -y')).toMatchObject({
      code: 0,
      out: expect.stringContaining('now running, held') as string,
    });
    expect((await tell('show a')).out).toContain('possible   release, signal, cancel');
  });

  it('makes no namespace up', async () => {
    const before = await server.command('DBSIZE');
    expect(await tell('list --namespace lost')).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing was ever stored in it') as string,
    });
    expect(await tell('doctor --namespace lost')).toMatchObject({ code: 0, out: expect.stringContaining('! redis://') as string });
    expect(await server.command('DBSIZE')).toBe(before);
  });

  it('looks at what the server promises', async () => {
    const fit = await tell('doctor');
    expect(fit.code).toBe(0);
    expect(fit.out).toContain('what it has answered may be lost when its host crashes');
    expect(fit.out).toMatch(/its clock is -?\d+ ms from this computer's/);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const unfit = await tell('doctor');
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(unfit).toMatchObject({ code: 1, out: expect.stringContaining('✘ redis://') as string });
    expect(unfit.out).toContain('Set `maxmemory-policy noeviction`.');
  });
});
