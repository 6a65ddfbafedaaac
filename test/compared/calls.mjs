// What must hold of bulkheads, time-outs and retries. Each answers { right, seen }, or undefined where a library has no such thing.
import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred, failing, pause, until, watch } from './tools.mjs';

export const calls = {
  'CX-01': {
    must: 'a call that has waited in a queue runs in the async context of its own caller',
    async run(library) {
      const places = library.bulkhead?.(1, 10);
      if (!places) return undefined;
      const context = new AsyncLocalStorage();
      const seen = [];
      const one = (i) =>
        context.run(i, () =>
          places.run(async () => {
            await pause(1);
            seen[i] = context.getStore();
          }),
        );
      await Promise.all([0, 1, 2, 3, 4].map(one));
      return { right: seen.every((store, i) => store === i), seen: `calls 0 1 2 3 4 saw ${seen.join(' ')}` };
    },
  },
  'BH-06': {
    must: 'a queued call that is aborted is rejected at once, and its room is free',
    async run(library) {
      const places = library.bulkhead?.(1, 1);
      if (!places) return undefined;
      const running = deferred();
      void places.run(() => running.promise);
      const caller = new AbortController();
      let ran = false;
      const queued = watch(places.run(async () => void (ran = true), caller.signal));
      caller.abort();
      await until(() => queued.status !== 'pending', 200);
      const next = watch(places.run(async () => 'next'));
      await pause(20);
      const told = queued.status;
      running.resolve();
      await until(() => next.status !== 'pending');
      const right = told === 'rejected' && next.status === 'fulfilled' && !ran;
      return { right, seen: `aborted call ${told}, the next one ${next.status}${ran ? ', and it ran all the same' : ''}` };
    },
  },
  'BH-07': {
    must: 'a body that outlives its time-out keeps its place until it has settled',
    async run(library) {
      const places = library.timedPlaces(30, 1);
      const slow = deferred();
      let running = 0;
      let most = 0;
      const body = async () => {
        most = Math.max(most, ++running);
        await slow.promise;
        running -= 1;
      };
      await places.run(body).catch(() => undefined);
      await places.run(body).catch(() => undefined);
      slow.resolve();
      return { right: most === 1, seen: `${most} at a time in 1 place` };
    },
  },
  'CX-04': {
    must: 'a caller who gives up gets the own reason back, and no time-out',
    async run(library) {
      const limit = library.timeout?.(60_000);
      if (!limit) return undefined;
      const caller = new AbortController();
      const reason = new Error('the user left');
      // It tidies up before it ends.
      const body = ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => void pause(5).then(() => reject(signal.reason))));
      const call = limit.run(body, caller.signal);
      caller.abort(reason);
      const error = await call.catch((one) => one);
      return { right: error === reason, seen: `rejected with “${error.message}”` };
    },
  },
  'TO-03': {
    must: 'a call that succeeds in time leaves its signal as it is',
    async run(library) {
      const limit = library.timeout?.(60_000);
      if (!limit) return undefined;
      let kept;
      await limit.run(async ({ signal }) => void (kept = signal));
      await pause(10);
      return { right: !kept.aborted, seen: kept.aborted ? 'aborted after the success' : 'not aborted' };
    },
  },
  'CB-21': {
    must: 'a retry does not ask an open circuit again',
    async run(library) {
      if (!library.retryOver) return undefined;
      const breaker = library.breaker({ failures: 1, delayMs: 60_000 });
      await breaker.run(failing).catch(() => undefined);
      const call = library.retryOver(breaker, 3);
      await call.run(async () => 1);
      const attempts = call.attempts();
      return { right: attempts === 1, seen: `asked it ${attempts} ${attempts === 1 ? 'time' : 'times'}` };
    },
  },
  'RT-25': {
    must: 'three layers with two retries each make three calls',
    async run(library) {
      if (!library.retry) return undefined;
      let ran = 0;
      const layers = [library.retry(2), library.retry(2), library.retry(2)];
      const body = () => {
        ran += 1;
        return failing();
      };
      await layers
        .reduce((inner, layer) => () => layer.run(inner), body)()
        .catch(() => undefined);
      return { right: ran === 3, seen: `${ran} calls` };
    },
  },
};
