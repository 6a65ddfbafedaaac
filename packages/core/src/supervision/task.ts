import type { ChildContext, ChildSpec, RunningChild } from './child.js';

/** A child that is a function: it is over when `run` is, in good order when that returns. It ends early by `context.signal`. */
export function task(run: (context: ChildContext) => unknown): ChildSpec['start'] {
  return (context) => ({ ended: (async () => run(context))() });
}

/** A child that is an object of this process. What it has not is left out. */
export interface Service {
  /** It is ready when this answers. */
  start?(context: ChildContext): unknown;
  /** What it does as long as it lives; when this ends, it has ended. Without it, it lives until `stop` has answered. */
  run?(context: ChildContext): unknown;
  stop?(): unknown;
  ping?(signal: AbortSignal): unknown;
  ready?(signal: AbortSignal): unknown;
  busy?(): boolean;
}

/** Each life of the child is an object of its own: state that led to a failure is not kept. */
export function service(create: (context: ChildContext) => Service | Promise<Service>): ChildSpec['start'] {
  return async (context) => {
    const object = await create(context);
    await object.start?.(context);
    if (context.signal.aborted) {
      // It comes too late: it is stopped, and what it would do does not begin.
      await object.stop?.();
      context.signal.throwIfAborted();
    }
    return runningOf(object, context);
  };
}

function runningOf(object: Service, context: ChildContext): RunningChild {
  let over = (): void => {};
  const stopped = new Promise<void>((resolve) => (over = resolve));
  const stop = async (): Promise<void> => {
    await object.stop?.();
    over();
  };
  return {
    ended: object.run ? (async () => object.run?.(context))() : stopped,
    stop,
    ...(object.ping ? { ping: (signal) => object.ping?.(signal) } : {}),
    ...(object.ready ? { ready: (signal) => object.ready?.(signal) } : {}),
    ...(object.busy ? { busy: () => object.busy?.() ?? false } : {}),
  };
}
