import {
  createRuntime,
  defineSaga,
  defineStep,
  RefusedError,
  retry,
  sagaOf,
  SagaStuckError,
  StoreUnavailableError,
  TerminalError,
} from '@redress/core';
import type { ProbeAnswer, RunContext } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

/** hold (compensated), pay (the pivot, behaves as told), mail (after it, behaves as told). */
function shop(
  more: {
    pay?: () => Promise<string>;
    probe?: () => Promise<ProbeAnswer<string>>;
    mail?: () => Promise<string>;
    body?: (run: RunContext) => unknown;
  } = {},
) {
  const world = new World();
  const log: string[] = [];
  const hold = defineStep(
    'hold',
    { compensate: () => void log.push('undo hold'), undo: { total: true } },
    async () => void log.push('hold'),
  );
  const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid', ...(more.probe ? { probe: more.probe } : {}) }, async () => {
    log.push('pay');
    return (await more.pay?.()) ?? 'paid';
  });
  const mail = defineStep('mail', { irreversible: 'a letter' }, async () => {
    log.push('mail');
    return (await more.mail?.()) ?? 'sent';
  });
  const late = defineStep('late', { compensate: () => {} }, async () => void log.push('late'));
  const saga = defineSaga('pivots', { id: () => 'x' }, async (run) => {
    await run.step(hold);
    await run.step(pay);
    await more.body?.(run);
    return run.step(mail);
  });
  const options = { sagas: [saga], steps: [hold, pay, mail, late] };
  const process = world.process(options);
  const outcome = (): Promise<unknown> => world.clock.until(process.runtime.run(saga, []).catch((error: unknown) => error));
  return { world, log, saga, options, process, outcome, late };
}

const failing = (times: number, error: () => Error, then: string) => {
  let calls = 0;
  return async (): Promise<string> => {
    calls += 1;
    if (calls <= times) throw error();
    return then;
  };
};

describe('a pivot', () => {
  it('that is refused is not passed: the run goes back', async () => {
    const { log, outcome, process } = shop({ pay: failing(99, () => new RefusedError('no money'), 'x') });
    expect(await outcome()).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'no money' } });
    expect(log).toEqual(['hold', 'pay', 'undo hold']);
    expect(await process.runtime.admin.show('pivots', 'x')).toMatchObject({ pivot: 'none', status: 'compensated' });
  });

  it('J2 C12 that has passed leaves no way back: a later step is repeated until it succeeds', async () => {
    const { log, outcome, process } = shop({ mail: failing(100, () => new Error('no line'), 'sent at last') });
    expect(await outcome()).toBe('sent at last');
    expect(log.filter((one) => one === 'mail')).toHaveLength(101);
    expect(log).not.toContain('undo hold');
    expect(process.events.filter(({ name }) => name === 'step.alert')).toHaveLength(1);
  });

  it('a refusal after it is repeated as well', async () => {
    const { outcome } = shop({ mail: failing(3, () => new RefusedError('not yet'), 'sent') });
    expect(await outcome()).toBe('sent');
  });

  it('a step after it that must not be repeated leaves the run stuck, forward', async () => {
    const { outcome, process, log } = shop({ mail: failing(1, () => new TerminalError('never'), 'sent') });
    const error = await outcome();
    expect(error).toBeInstanceOf(SagaStuckError);
    expect(error).toMatchObject({ details: { step: 'mail' } });
    expect(log).not.toContain('undo hold');
    expect(process.events.filter(({ name }) => name === 'saga.stuck')).toHaveLength(1);
  });

  it('a body that fails after it leaves the run stuck, and retry takes it on', async () => {
    let broken = true;
    const { world, outcome, process, saga } = shop({
      body: () => {
        if (broken) throw new Error('a bug');
      },
    });
    expect(await outcome()).toBeInstanceOf(SagaStuckError);
    const audit = { who: 'ann', why: 'mended' };
    const { admin } = process.runtime;
    // It is stuck at no step, so there is none to settle by hand.
    await expect(admin.completeStep('pivots', 'x', 'pay', 'paid', audit)).rejects.toMatchObject({ legal: ['retry', 'signal'] });
    broken = false;
    await admin.retry('pivots', 'x', audit);
    expect(await world.clock.until(process.runtime.handle(saga, 'x').outcome())).toBe('sent');
  });

  for (const [answer, ending] of [
    ['done', 'sent'],
    ['refused', 'SAGA_COMPENSATED'],
    ['unknown', 'SAGA_STUCK'],
  ] as const) {
    it(`J3 in doubt is asked about: ${answer} leads to ${ending}`, async () => {
      const probe = async (): Promise<ProbeAnswer<string>> =>
        answer === 'done' ? { outcome: 'done', result: 'paid' } : { outcome: answer };
      const { outcome, log } = shop({ pay: failing(1, () => new Error('reset'), 'x'), probe });
      const end = await outcome();
      expect(typeof end === 'string' ? end : (end as { code: string }).code).toBe(ending);
      expect(log.filter((one) => one === 'pay')).toHaveLength(1);
      expect(log.includes('undo hold')).toBe(answer === 'refused');
    });
  }

  it('in doubt without a probe is called again with its key, until it answers', async () => {
    const { outcome, log } = shop({ pay: failing(3, () => new Error('reset'), 'paid') });
    expect(await outcome()).toBe('sent');
    expect(log.filter((one) => one === 'pay')).toHaveLength(4);
  });

  it('in doubt for good leaves the run stuck: a person completes or refuses the step', async () => {
    for (const [verb, ending] of [
      ['completeStep', 'sent'],
      ['refuseStep', 'SAGA_COMPENSATED'],
    ] as const) {
      const { world, outcome, process, saga, log } = shop({ pay: failing(99, () => new Error('reset'), 'x') });
      expect(await outcome()).toBeInstanceOf(SagaStuckError);
      const audit = { who: 'ann', why: 'looked at the bank' };
      const { admin } = process.runtime;
      await (verb === 'completeStep'
        ? admin.completeStep('pivots', 'x', 'pay', 'paid', audit)
        : admin.refuseStep('pivots', 'x', 'pay', audit));
      const end = await world.clock.until(
        process.runtime
          .handle(saga, 'x')
          .outcome()
          .catch((error: { code: string }) => error.code),
      );
      expect(end).toBe(ending);
      expect(log.includes('undo hold')).toBe(verb === 'refuseStep');
      expect((await admin.show('pivots', 'x')).audit).toMatchObject([{ verb, who: 'ann', why: 'looked at the bank', step: 'pay' }]);
    }
  });

  it('in doubt, then refused by a person, leaves the first failure as the cause', async () => {
    const { world, outcome, process, saga } = shop({ pay: failing(99, () => new Error('reset'), 'x') });
    await outcome();
    const { admin } = process.runtime;
    await admin.refuseStep('pivots', 'x', 'pay', { who: 'ann', why: 'looked at the bank' });
    await world.clock.until(
      process.runtime
        .handle(saga, 'x')
        .outcome()
        .catch(() => {}),
    );
    expect((await admin.list({ error: 'Error' })).runs).toMatchObject([{ status: 'compensated', cause: { message: 'reset' } }]);
  });

  it('interrupted by a crash is asked about before it is called again', async () => {
    let asked = 0;
    const { world, log, saga, options, process } = shop({
      pay: () => new Promise(() => {}),
      probe: async () => {
        asked += 1;
        return { outcome: 'done', result: 'paid' };
      },
    });
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    process.kill();
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toBe('sent');
    expect(asked).toBe(1);
    expect(log.filter((one) => one === 'pay')).toHaveLength(1);
  });

  it('whose refusal is written with the decision to go back is not in doubt for the next one', async () => {
    const world = new World();
    let calls = 0;
    const hold = defineStep('hold', { compensate: () => {}, policies: [retry({ maxRetries: 1, delay: 1 })] }, async () => {
      if (calls++ === 0) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    });
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid' }, async () => {
      throw new RefusedError('no money');
    });
    const saga = defineSaga('lost', { id: () => 'x' }, async (run) => {
      await run.step(hold);
      await run.step(pay);
    });
    // The undo of what may still land needs the store's time.
    const now = (): Promise<never> => Promise.reject(new StoreUnavailableError('away'));
    const { runtime } = world.process({ sagas: [saga], steps: [hold, pay], worker: false }, () => ({ now }));
    void runtime.run(saga, []).catch(() => {});
    await world.clock.advance(500);
    const head = (await world.store.load('lost/x'))?.head;
    expect(head).toMatchObject({ status: 'compensating', owner: null });
    expect(JSON.parse(String(head?.meta))).toMatchObject({ cause: { message: 'no money' }, handBacks: 1, blocked: 'away' });
    expect(String(head?.meta)).not.toContain('pivot');
  });

  it('is not called again by a process whose lease was not safe any more when its probe answered', async () => {
    const world = new World();
    const calls: string[] = [];
    const pay = defineStep(
      'pay',
      {
        pivot: true,
        irreversible: 'paid is paid',
        probe: async () => {
          // Four fifths of the lease are over, and no heart-beat has noticed it yet.
          await new Promise<void>((resolve) => void world.clock.setTimer(49_000, resolve));
          return { outcome: 'absent' };
        },
      },
      async () => {
        calls.push('pay');
        throw new Error('reset');
      },
    );
    const saga = defineSaga('unsafe', { id: () => 'x' }, async (run) => run.step(pay));
    const hangs = (): Promise<never> => new Promise(() => {});
    const { runtime } = world.process({ sagas: [saga], steps: [pay], lease: '60s', worker: false }, () => ({ renew: hangs }));
    void runtime.run(saga, []).catch(() => {});
    await world.clock.advance(49_500);
    expect(calls).toEqual(['pay']);
  });

  it('that the outside has never seen is called again with its key', async () => {
    let asked = 0;
    const { world, log, saga, options, process } = shop({
      pay: async () => {
        if (log.filter((one) => one === 'pay').length === 1) await new Promise(() => {});
        return 'paid';
      },
      probe: async () => {
        asked += 1;
        return { outcome: 'absent' };
      },
    });
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    process.kill();
    expect(await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome())).toBe('sent');
    expect(asked).toBe(1);
    expect(log.filter((one) => one === 'pay')).toHaveLength(2);
  });

  it('J1 a step with an undo after it is refused before its intent, and the run is stuck', async () => {
    const one: ReturnType<typeof shop> = shop({ body: (run) => run.step(one.late) });
    const error = await one.outcome();
    expect(error).toMatchObject({ code: 'SAGA_STUCK', undoError: { code: 'PIVOT_ORDER' } });
    expect(one.log).not.toContain('late');
  });

  it('K7 J1 wrong orders in a list are refused at the start', () => {
    const undo = async (): Promise<void> => {};
    const noop = async (): Promise<void> => {};
    const pivot = (name: string) => defineStep(name, { pivot: true, irreversible: 'x' }, noop);
    const make = (): unknown =>
      createRuntime({
        store: memoryStore(),
        sagas: [
          sagaOf('two').step(pivot('p1')).step(pivot('p2')).saga(),
          sagaOf('late')
            .step(pivot('p3'))
            .step(defineStep('after', { compensate: undo }, noop))
            .saga(),
        ],
      });
    expect(make).toThrow(/two pivots[^]*after the pivot|after the pivot[^]*two pivots/);
  });
});

describe('J9 what arrives while a pivot is in flight', () => {
  const wait = (world: World, ms: number) => new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));

  for (const [title, refuse, ending] of [
    ['waits, and comes too late when it passes', false, 'sent'],
    ['waits, and is heeded when it is refused', true, 'SAGA_COMPENSATED'],
  ] as const) {
    it(`a cancel ${title}`, async () => {
      const one: ReturnType<typeof shop> = shop({
        pay: async () => {
          await wait(one.world, 1_000);
          if (refuse) throw new RefusedError('no');
          return 'paid';
        },
      });
      const end = one.process.runtime.run(one.saga, []).catch((error: { code: string }) => error.code);
      await one.world.clock.advance(100);
      await one.process.runtime.admin.cancel('pivots', 'x', { who: 'ann', why: 'changed her mind' });
      await one.world.clock.advance(100);
      expect(one.log).toEqual(['hold', 'pay']);
      expect(await one.world.clock.until(end)).toBe(ending);
    });
  }

  it('J4 a cancel after it is refused with the reason', async () => {
    const one: ReturnType<typeof shop> = shop({
      mail: async () => {
        await wait(one.world, 1_000);
        return 'sent';
      },
    });
    const end = one.process.runtime.run(one.saga, []);
    await one.world.clock.advance(100);
    await expect(one.process.runtime.admin.cancel('pivots', 'x', { who: 'ann', why: '-' })).rejects.toThrow(/pivot has passed/);
    expect(await one.world.clock.until(end)).toBe('sent');
  });

  it('G7 a deadline after it does nothing', async () => {
    const one: ReturnType<typeof shop> = shop({
      mail: async () => {
        await wait(one.world, 10_000);
        return 'sent';
      },
    });
    expect(await one.world.clock.until(one.process.runtime.run(one.saga, [], { deadline: '1s' }))).toBe('sent');
    expect(one.log).not.toContain('undo hold');
  });

  it('a deadline that has passed does not wake a run that waits behind it', async () => {
    const one: ReturnType<typeof shop> = shop({ body: (run) => run.sleep('1h') });
    expect(await one.world.clock.until(one.process.runtime.run(one.saga, [], { deadline: '1s' }))).toBe('sent');
    expect(one.process.commits).toHaveLength(5);
  });
});
