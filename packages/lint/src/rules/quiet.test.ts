import { describe, expect, it } from 'vitest';
import { lintText } from '../text.js';

/** Right code that looks wrong at first. `undo` is the body of an undo, `saga` of a saga, `step` of a step that forwards its key. */
const around = {
  undo: (body: string) => `@Compensate((o: Orders) => o.back, { total: true }) async go(id: string) { return bank.go(id, step().key); }
  async back(undo: Undo<Orders, 'go'>) { ${body} }`,
  saga: (body: string) => `@Saga({ id: (order: Order) => order.id }) async place(order: Order) { ${body} }
  @Step({ irreversible: 'told is told' }) async tell(id: string) { await mail.tell(id, step().key); }
  @Step({ readOnly: true }) async look(id: string) { return bank.look(id); }`,
  step: (body: string) => `@Step({ irreversible: 'told is told' }) async tell(id: string) { const { key } = step(); ${body} }`,
  member: (text: string) => text,
};
function found(kind: keyof typeof around, body: string): string[] {
  const text = `import { AfterRestore, Checkpointed, Compensate, Hedge, Redundant, run, Saga, Step, step, Timeout, Transient } from '@redress/decorators';
import type { Undo } from '@redress/decorators';
import { Pool } from 'pg';
import { inject, singleton } from 'tsyringe';
import { Stock } from './stock.js';
import type { Clock } from './clock.js';
const FIND = 'select * from orders where id = $1';
const AGAIN = { readOnly: true } as const;
const pool = new Pool();
@singleton()
export class Orders {
  ${around[kind](body)}
}`;
  return lintText('a.ts', text).map(({ rule }) => rule);
}

describe('right code', () => {
  it.each([
    ['undo', 'try { await bank.back(undo.key); } catch { await bank.otherWay(undo.key); }'],
    ['undo', 'try { await bank.back(undo.key); } catch (e) { if (e.code !== 404) throw e; }'],
    ['undo', "try { await bank.back(undo.key); } catch (e) { if (isGone(e)) { log.info('gone'); return; } throw e; }"],
    ['undo', 'await bank.back(undo.key).catch((e) => { if (!isGone(e)) throw e; });'],
    ['undo', 'await bank.back(undo.result?.id ?? undo.forwardKey);'],
    ['undo', 'if (undo.result) await bank.back(undo.result.id); else await bank.close(undo.forwardKey);'],
    ['undo', "const { outcome, result } = undo; if (outcome === 'done') await bank.back(result.id);"],
    [
      'undo',
      "switch (undo.outcome) { case 'done': return bank.back(undo.result.id); case 'unknown': return bank.close(undo.forwardKey); }",
    ],
    ['undo', 'const abort = new AbortController(); await bank.back(undo.key, { signal: AbortSignal.any([undo.signal, abort.signal]) });'],
    ['undo', 'return bank.back(undo.key);'],
    ['undo', "if (undo.outcome === 'unknown') throw new Error('ask the bank'); await bank.back(undo.key);"],
    ['saga', 'const now = new Date(order.at); await this.tell(now.toISOString());'],
    ['saga', 'await Promise.all(order.lines.map(({ sku }) => this.tell(sku)));'],
    ['saga', 'const [a, b] = [this.tell(order.id), this.look(order.id)]; await Promise.all([a, b]);'],
    ['saga', 'const told = this.tell(order.id); await this.look(order.id); await told;'],
    ['saga', 'const all = []; order.lines.forEach(({ sku }) => all.push(this.tell(sku))); await Promise.all(all);'],
    ['saga', 'if (order.express) await this.tell(order.id); order.gift && (await this.tell(order.id));'],
    ['saga', 'for (const { sku } of order.lines) await this.tell(sku);'],
    ['saga', 'return order.express ? this.tell(order.id) : this.look(order.id);'],
    ['saga', "try { await this.tell(order.id); } catch (e) { if (e instanceof CardDeclined) return 'no'; throw e; }"],
    ['saga', "try { await this.tell(order.id); } catch (e) { throw new OrderError('x', { cause: e }); }"],
    ['saga', 'try { await this.look(order.id); } catch { return undefined; }'],
    ['saga', "await Promise.race([run().receive('a'), run().receive('b')]);"],
    ['saga', 'try { await this.tell(order.id); } finally { order.lines.length = 0; }'],
    ['saga', 'let total = 0; for (const one of order.lines) total += one.cents; if (total > 10) await this.tell(order.id);'],
    ['saga', 'const Date = { now: () => 1 }; await this.tell(String(Date.now()));'],
    ['saga', 'const setTimeout = (n: number) => n; setTimeout(1); await this.tell(order.id);'],
    ['saga', "console.log('placed', order.id); await this.tell(order.id);"],
    [
      'saga',
      'this.logger.info(order.id); await this.tell(order.id); } private logger = { info: (text: string) => { sink.write(new Date(), text); fetch("x", { method: "POST" }); } }; async other() {',
    ],
    [
      'saga',
      'try { await this.tell(order.id); } catch (e) { this.translated(e); } } private translated(e: unknown): never { throw new OrderError(e);',
    ],
    ['undo', 'await this.request(undo.key); } private async request(key: string) { return bank.back(key, this.options.deadline);'],
    ['undo', 'await this.http.request({ key: undo.key });'],
    ['step', 'this.client ??= connect(); await this.client.tell(id, key);'],
    ['step', 'await pool.query(FIND, [id]);'],
    ['step', 'await pool.query(`insert into told (key, id) values ($1, $2)`, [key, id]);'],
    ['step', 'const { rows } = await pool.query({ text: FIND }); return rows.length;'],
    ['step', "await pool.query('insert into told (key) values ($1)', [key]).catch((e) => { if (e.code === '23505') return; throw e; });"],
    ['step', "await fetch('x', { method: 'POST', headers: { 'Idempotency-Key': `${key}/line-1` }, signal: AbortSignal.timeout(1000) });"],
    ['step', 'const sent = new Map([[id, Date.now()]]); await mail.tell(id, key, sent);'],
    ['step', 'let this_ = 0; this_ += 1; const local = { x: 1 }; local.x = 2; await mail.tell(id, key, local);'],
    ['step', 'try { await mail.tell(id, key); } catch (e) { await queue.later(id, key); }'],
    ['member', '@Step(AGAIN) async a(id: string) { return bank.look(id); }'],
    ['member', '@Step({ ...AGAIN }) async a(id: string) { return bank.look(id); }'],
    ['member', '@Step(optionsOf(AGAIN)) async a(id: string) { return bank.look(id); }'],
    ['member', "@Timeout('1s') @Step({ readOnly: true }) async a(id: string) { return fetch('x' + id); }"],
    ['member', "@Timeout('1s') @Step({ readOnly: true }) async a(id: string) { return fetch('x', { headers: {} }); }"],
    [
      'member',
      "@Timeout('1s') @Step({ irreversible: 'told' }) async a(id: string) { await fetch('x', { method: 'POST', headers: { 'Idempotency-Key': `told-${id}` } }); }",
    ],
    ['member', "@Redundant(3) async a(id: string) { return fetch('x' + id); }"],
    [
      'member',
      'constructor(@inject(Stock) private readonly stock: Stock, @inject("Clock") private readonly clock: Clock) {} @Step(AGAIN) async a() {}',
    ],
    ['member', "private helper(): void { fetch('x', { method: 'POST' }); } @Step(AGAIN) async a() {}"],
    [
      'member',
      '@Step(AGAIN) async a(at: Date, lines: Map<string, Set<bigint>>, data: Uint8Array, odd: string | (() => string), o: { f?: () => void }) {}',
    ],
    ['member', 'cache = new Map<string, string>(); @Step(AGAIN) async a(id: string) { this.cache.set(id, id); }'],
  ] as const)('in a %s: %s', (kind, body) => {
    expect(found(kind, body)).toEqual([]);
  });
});

describe('wrong code', () => {
  it.each([
    ['undo', 'await bank.back(undo.key).catch(() => {});', 'compensation-no-swallow'],
    ['undo', "try { await bank.back(undo.key); } catch (e) { this.logger.error('x', e); }", 'compensation-no-swallow'],
    ['undo', '', 'compensation-not-stub'],
    ['undo', "throw new Error('Not implemented');", 'compensation-not-stub'],
    ['undo', 'return Promise.resolve();', 'compensation-not-stub'],
    ['undo', 'const id = undo.result.id; await bank.back(id);', 'compensation-handles-unknown'],
    ['undo', 'await bank.back(undo.args[0].signal, undo.key);', 'compensation-own-scope'],
    ['undo', 'await bank.back(undo.key, this.request.user);', 'compensation-own-scope'],
    ['saga', 'try { await this.tell(order.id); } catch (e) { await alerts.send(e); }', 'no-catch-all-in-saga'],
    ['saga', 'void this.tell(order.id);', 'no-floating-step'],
    ['saga', 'const told = this.tell(order.id); await this.look(order.id);', 'no-floating-step'],
    ['saga', 'this.tell(order.id).then(() => {});', 'no-floating-step'],
    ['saga', 'order.gift && this.tell(order.id);', 'no-floating-step'],
    ['saga', 'order.lines.forEach(({ sku }) => this.tell(sku));', 'no-floating-step'],
    ['saga', 'order.lines.forEach(async ({ sku }) => { await this.tell(sku); });', 'no-floating-step'],
    ['saga', 'const told = this.tell(order.id); await Promise.any([told]);', 'no-race-over-steps'],
    ['saga', 'await this.tell(order.id).catch(() => undefined);', 'no-catch-all-in-saga'],
    ['saga', 'await this.tell(process.env.NAME);', 'no-nondeterminism-in-saga'],
    ['saga', 'await this.tell(String(globalThis.Date.now()));', 'no-nondeterminism-in-saga'],
    ['saga', 'await this.tell(new Date().toISOString());', 'no-nondeterminism-in-saga'],
    ['saga', 'await pool.query(FIND, [order.id]);', 'no-side-effect-outside-step'],
    ['saga', "await fetch('x');", 'no-side-effect-outside-step'],
    ['saga', 'await using lock = await order.lock(); await run().sleep(5);', 'no-finally-over-wait'],
    ['saga', '[this.last] = [order]; await this.tell(order.id);', 'stateless-saga-class'],
    ['saga', 'delete this.#last; await this.tell(order.id);', 'stateless-saga-class'],
    ['step', 'await mail.tell(id, { requestId: `${id}-${step().attempt}` });', 'no-key-minted-in-step'],
    ['step', 'const requestId = Date.now(); await mail.tell(id, { "x-idempotency-key": requestId });', 'no-key-minted-in-step'],
    ['step', "try { await pool.query('insert into a values ($1)', [key]); } catch (e) { console.error(e); }", 'no-swallow-in-step'],
    ['member', '@Step() async a() {}', 'step-requires-compensation'],
    ['member', "@Step({ name: 'a' }) async a() {}", 'step-requires-compensation'],
    ['member', '@Compensate((o: Orders) => o.gone) async a() {}', 'compensation-target-exists'],
    [
      'member',
      '@Compensate((o: Orders) => o.b, { alternate: (o: Orders) => o.gone }) async a() {} async b(undo: Undo<Orders, "a">) { await bank.b(undo.key); }',
      'compensation-target-exists',
    ],
    [
      'member',
      "@Compensate((o: Orders) => o.b) async a() {} async b(undo: Undo<Orders, 'c'>) { await bank.b(undo.key); } async c() {}",
      'compensation-signature',
    ],
    ['member', '@Step({ name: `a${1}`, readOnly: true }) async a() {}', 'stable-step-key'],
    ['member', "@Step({ name: 'x', readOnly: true }) async a() {} @Step({ name: 'x', readOnly: true }) async b() {}", 'stable-step-key'],
    ['member', '@Step({ readOnly: true }) async a(done: () => void) {}', 'encodable-arguments'],
    ['member', '@Step({ readOnly: true }) async a(): Promise<{ close: () => void }> { return open(); }', 'encodable-arguments'],
    ['member', 'constructor(private readonly clock: Clock, private name: string) {} @Step(AGAIN) async a() {}', 'not-resolvable'],
  ] as const)('in a %s: %s is %s', (kind, body, rule) => {
    expect(found(kind, body)).toContain(rule);
  });
});
