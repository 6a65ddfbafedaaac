import { describe, expect, it } from 'vitest';
import { CrashPoints, parseKillAt } from './crash.js';

describe('parseKillAt', () => {
  it.each(['Payments.charge:before-effect', 'Shipping.ship:after-effect', 'Stock.release:after-record'])('takes %s', (text) => {
    expect(parseKillAt(text)).toBe(text);
  });

  it.each(['Payment.charge:before-effect', 'Payments:before-effect', '', ':', 'charge'])('names the methods that there are: %j', (text) => {
    expect(() => parseKillAt(text)).toThrow(
      'choose from Stock.reserve, Payments.charge, Shipping.ship, Stock.release, Payments.refund, Shipping.cancel.',
    );
  });

  it.each(['Payments.charge', 'Payments.charge:', 'Payments.charge:later', 'Payments.charge:before-effect:x'])(
    'names the moments that there are: %j',
    (text) => {
      expect(() => parseKillAt(text)).toThrow(
        'write Payments.charge:before-effect, Payments.charge:after-effect or Payments.charge:after-record.',
      );
    },
  );
});

describe('CrashPoints', () => {
  it('tells of undos by the name of the undo', () => {
    const seen: string[] = [];
    const points = new CrashPoints(undefined, (point) => seen.push(point));
    points.onEvent({ name: 'step.completed', at: 0, step: 'Payments.charge' });
    points.onEvent({ name: 'undo.completed', at: 0, step: 'Payments.charge' });
    points.onEvent({ name: 'saga.completed', at: 0 });
    expect(seen).toEqual(['Payments.charge:after-record', 'Payments.refund:after-record']);
  });
});
