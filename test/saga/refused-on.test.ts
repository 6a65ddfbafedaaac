import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { Matcher } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

class PaymentError extends Error {
  override name = 'PaymentError';
  readonly code: string;

  constructor(message: string, code = 'PAY_FAILED') {
    super(message);
    this.code = code;
  }
}
class CardError extends PaymentError {
  override name = 'CardError';
}

/** The class of another copy of the same library. */
const twin = (): Error => Object.assign(new Error('declined'), { name: 'CardError' });
const family =
  (prefix: string): Matcher =>
  (error) =>
    (error as { code?: string }).code?.startsWith(prefix) === true;

/** What a step that throws `error` came to, and how often it was undone. */
async function outcomeOf(error: Error, refusedOn: readonly Matcher[]) {
  const world = new World();
  let undone = 0;
  const pay = defineStep('pay', { refusedOn, compensate: () => void (undone += 1), undo: { total: true } }, async () => {
    throw error;
  });
  const saga = defineSaga('pays', { id: () => 'x' }, async (run) => run.step(pay));
  const { runtime } = world.process({ sagas: [saga], steps: [pay] });
  await world.clock.until(runtime.run(saga, []).catch(() => {}));
  return { outcome: (await runtime.admin.show('pays', 'x')).steps[0]?.outcome, undone };
}

const refused = { outcome: 'refused', undone: 0 };
const unknown = { outcome: 'unknown', undone: 1 };

describe('C4 refusedOn', () => {
  it.each<[string, Matcher[], Error, typeof refused]>([
    ['a class: its errors are refused', [PaymentError], new PaymentError('no'), refused],
    ['a class: those of a subclass too', [PaymentError], new CardError('no'), refused],
    ['a subclass: those of its base are not', [CardError], new PaymentError('no'), unknown],
    ['a class: so is one of the same name, of another copy', [CardError], twin(), refused],
    ['a code', ['CARD_EXPIRED'], new CardError('no', 'CARD_EXPIRED'), refused],
    ['a code: another one is not', ['CARD_EXPIRED'], new CardError('no', 'CARD_STOLEN'), unknown],
    ['a name', ['CardError'], new CardError('no'), refused],
    ['a family of codes, by a predicate', [family('CARD_')], new PaymentError('no', 'CARD_STOLEN'), refused],
    ['a family of codes: another family is not', [family('CARD_')], new PaymentError('no', 'BANK_CLOSED'), unknown],
    [
      'a predicate that fails is no answer',
      [
        () => {
          throw new Error('a bug');
        },
      ],
      new PaymentError('no'),
      unknown,
    ],
    ['several: one that fits is enough', ['BANK_CLOSED', CardError], new CardError('no'), refused],
    ['nothing: the error is undeclared', [], new PaymentError('no'), unknown],
    ['nothing: a RefusedError needs no declaration', [], new RefusedError('no'), refused],
    [
      'the error itself is asked, and not its cause, which may be of another call',
      [CardError],
      new Error('failed', { cause: new CardError('no') }),
      unknown,
    ],
  ])('%s', async (_what, matchers, error, expected) => {
    expect(await outcomeOf(error, matchers)).toEqual(expected);
  });
});
