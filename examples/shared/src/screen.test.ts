import { describe, expect, it } from 'vitest';
import { layOut, wrap } from './screen.js';

describe('layOut', () => {
  it('puts pieces side by side where they fit', () => {
    expect(layOut('▶ PlaceOrder o-1', ['✔ Stock.reserve', 'COMPLETED'], 100)).toEqual([
      '▶ PlaceOrder o-1      ✔ Stock.reserve   COMPLETED',
    ]);
  });

  it('goes on in the next line where they do not', () => {
    const lines = layOut(
      '▶ PlaceOrder o-1',
      ['✔ Stock.reserve', '✔ Payments.charge', '☠ process killed before Shipping.ship answered'],
      60,
    );
    expect(lines).toEqual(['▶ PlaceOrder o-1   ✔ Stock.reserve   ✔ Payments.charge', '    ☠ process killed before Shipping.ship answered']);
  });

  it('does not count colours', () => {
    expect(layOut('\u001b[31m☠\u001b[39m', ['\u001b[1ma\u001b[22m', 'b'], 12)).toEqual([
      '\u001b[31m☠\u001b[39m   \u001b[1ma\u001b[22m   b',
    ]);
  });
});

describe('wrap', () => {
  it('breaks between words', () => {
    expect(wrap('one two three', 8, 2)).toEqual(['one two', '  three']);
    expect(wrap('  one two', 6, 4)).toEqual(['  one', '    two']);
  });
});
