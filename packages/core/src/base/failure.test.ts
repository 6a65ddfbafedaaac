import { describe, expect, it } from 'vitest';
import { RefusedError, RetryableError, StoreUnavailableError, TerminalError } from './errors.js';
import { classify, matches } from './failure.js';

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error(code, { cause }), { code });

describe('the class of a failure', () => {
  const cases: [string, unknown, string][] = [
    ['a refused connection never reached the other side', coded('ECONNREFUSED'), 'notExecuted'],
    ['a name that is not found never reached the other side', coded('ENOTFOUND'), 'notExecuted'],
    ['a reset may pass', coded('ECONNRESET'), 'transient'],
    ['a read time-out may pass', coded('ETIMEDOUT'), 'transient'],
    ['HTTP 503 may pass', Object.assign(new Error('x'), { status: 503 }), 'transient'],
    ['HTTP 429 asks for a pause', Object.assign(new Error('x'), { statusCode: 429 }), 'throttling'],
    ['HTTP 404 stays', Object.assign(new Error('x'), { status: 404 }), 'permanent'],
    ['what says that it is retryable may pass', new RetryableError('later'), 'transient'],
    ['an unavailable store may pass', new StoreUnavailableError('down'), 'transient'],
    ['a terminal error stays', new TerminalError('no', { cause: coded('ECONNRESET') }), 'permanent'],
    ['a refusal stays', new RefusedError('no', { cause: coded('ECONNRESET') }), 'permanent'],
    ['an abort was wanted', new DOMException('stop', 'AbortError'), 'cancelled'],
    ['a TypeError stays', new TypeError('x'), 'permanent'],
    ['a TypeError of fetch is what its cause is', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 'notExecuted'],
    ['nothing at all stays', undefined, 'permanent'],
    ['a text stays', 'oops', 'permanent'],
  ];
  for (const [title, error, expected] of cases) it(`${title}`, () => expect(classify(error)).toBe(expected));

  it('looks at causes, eight deep, and at a ring of them once', () => {
    const ring = coded('A') as Error & { cause?: unknown };
    ring.cause = ring;
    expect(classify(ring)).toBe('permanent');
    const nest = (depth: number): Error => (depth === 0 ? coded('ECONNRESET') : coded('A', nest(depth - 1)));
    expect(classify(nest(7))).toBe('transient');
    expect(classify(nest(8))).toBe('permanent');
  });
});

describe('a matcher', () => {
  class Declined extends Error {
    override name = 'Declined';
  }
  it('is a class, a code, a name, or a predicate', () => {
    expect(matches(new Declined(), [Declined])).toBe(true);
    expect(matches(Object.assign(new Error('back from a journal'), { name: 'Declined' }), [Declined])).toBe(true);
    expect(matches(coded('LIMIT'), ['LIMIT'])).toBe(true);
    expect(matches(new TypeError('x'), ['TypeError'])).toBe(true);
    expect(matches(new Error('x'), [(error) => error instanceof Error])).toBe(true);
    expect(matches(new Error('x'), [Declined, 'LIMIT', () => false])).toBe(false);
    expect(matches(undefined, [Declined, 'LIMIT'])).toBe(false);
  });
});
