/** A promise that the scenario settles. */
export function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined);
  return { promise, ...settle };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const failing = () => Promise.reject(new Error('down'));

/** What became of a promise by now. */
export function watch(promise) {
  const seen = { status: 'pending' };
  promise.then(
    (value) => Object.assign(seen, { status: 'fulfilled', value }),
    (error) => Object.assign(seen, { status: 'rejected', error }),
  );
  return seen;
}

/** Waits until it is so, for a second at most; whether it is. */
export async function until(isSo, ms = 1000) {
  const end = performance.now() + ms;
  while (!isSo() && performance.now() < end) await pause(5);
  return isSo();
}
