/** Median of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs `contenders` (name → async function that answers a rate) in turns, `rounds` times; medians by name. */
export async function interleave(contenders, rounds) {
  const rates = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      globalThis.gc?.();
      const rate = await contender();
      // The first round warms the code up.
      if (round >= 0) rates[name].push(rate);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, all]) => [name, median(all)]));
}

/** Keeps `width` of `work(i)` under way until `total` are done; how many per second. */
export async function rate(total, width, work) {
  let next = 0;
  const started = performance.now();
  const lane = async () => {
    while (next < total) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (total / (performance.now() - started)) * 1000;
}

export function row(cells, widths) {
  return cells.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  ');
}

export const whole = (n) => Math.round(n).toLocaleString('en-US');
export const ratio = (n) => n.toFixed(2);
