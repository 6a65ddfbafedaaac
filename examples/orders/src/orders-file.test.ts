import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOrders } from './orders-file.js';

const HEADER = 'id,customer,country,sku,quantity,unit_cents,card';

function read(...lines: string[]) {
  return readOrders([HEADER, ...lines].join('\n'), 'some.csv');
}

describe('readOrders', () => {
  it('reads an order and multiplies its price', () => {
    const { orders, bad } = read('o-1,"Gonzalez, Maria",US,mug,3,1490,tok_visa_1');
    expect(bad).toEqual([]);
    expect(orders).toEqual([
      { id: 'o-1', customer: 'Gonzalez, Maria', country: 'US', items: [{ sku: 'mug', quantity: 3 }], cents: 4470, card: 'tok_visa_1' },
    ]);
  });

  it('sets a bad line aside with its number and a reason, and goes on', () => {
    const { orders, bad } = read(
      'o-1,Ana,BR,mug,1,1490,tok_1',
      'o-2,Ana,BR,mug,1,1490',
      'o-3,Ana,BR,mug,-3,1490,tok_1',
      'o-4,Ana,BR,mug,two,1490,tok_1',
      '',
      'o-5,Ana,Brazil,mug,1,"14,90",tok_1',
      ',Ana,BR,mug,1,1490,tok_1',
      'o-6,Ana,BR,mug,1,1490,tok_1',
    );
    expect(orders.map(({ id }) => id)).toEqual(['o-1', 'o-6']);
    expect(bad).toEqual([
      { line: 3, reason: 'it has 6 columns instead of 7' },
      { line: 4, reason: 'quantity "-3" is not between 1 and 1000' },
      { line: 5, reason: 'quantity "two" is no whole number' },
      { line: 7, reason: 'country "Brazil" is no country code of two capital letters; unit_cents "14,90" is no whole number' },
      { line: 8, reason: 'id "" is no order id (letters, digits, ".", "_", "-"; at most 40)' },
    ]);
  });

  it('reports an id that is used twice with different content, with both lines, and keeps the first', () => {
    const { orders, bad } = read('o-1,Ana,BR,mug,1,1490,tok_1', 'o-1,Ana,BR,mug,5,1490,tok_1');
    expect(orders).toHaveLength(1);
    expect(orders[0]?.items).toEqual([{ sku: 'mug', quantity: 1 }]);
    expect(bad).toEqual([{ line: 3, reason: 'order o-1 is used twice with different content, on lines 2 and 3: quantity "1" and "5"' }]);
  });

  it('takes a line that says the same again for the same order', () => {
    const { orders, bad, repeated } = read('o-1,Ana,BR,mug,1,1490,tok_1', 'o-1,Ana,BR,mug,01,1490,tok_1');
    expect(orders).toHaveLength(1);
    expect(bad).toEqual([]);
    expect(repeated).toEqual([{ line: 3, id: 'o-1', firstLine: 2 }]);
  });

  it('survives a quote that is never closed', () => {
    const { orders, bad } = read('o-1,Ana,BR,mug,1,1490,tok_1', 'o-2,"Ana,BR,mug,1,1490,tok_1');
    expect(orders.map(({ id }) => id)).toEqual(['o-1']);
    expect(bad).toEqual([{ line: 3, reason: 'it cannot be read as CSV (CSV_QUOTE_NOT_CLOSED)' }]);
  });

  it.each(['', 'a,b,c\n1,2,3'])('says what the first line must be: %j', (text) => {
    expect(() => readOrders(text, 'some.csv')).toThrow(`some.csv is no orders file: its first line must be "${HEADER}".`);
  });

  it('reads the file of the example: more than 200 orders and a few bad lines', () => {
    const { orders, bad, repeated } = readOrders(readFileSync(new URL('../data/orders.csv', import.meta.url), 'utf8'), 'orders.csv');
    expect(orders.length).toBeGreaterThan(200);
    expect(bad.map(({ line }) => line)).toEqual([33, 54, 89, 143, 172, 205]);
    expect(repeated).toHaveLength(1);
  });
});
