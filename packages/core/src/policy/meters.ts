import type { Clock } from '../base/clock.js';
import type { CircuitState } from './circuit.js';

/** One metric with one set of attributes. */
export type Metric =
  | {
      readonly name: string;
      readonly kind: 'counter' | 'upDownCounter';
      readonly unit?: string;
      readonly attributes: Attributes;
      readonly value: number;
    }
  | {
      readonly name: string;
      readonly kind: 'histogram';
      readonly unit: 'seconds';
      readonly attributes: Attributes;
      readonly value: Histogram;
    };

export interface Histogram {
  readonly count: number;
  readonly sum: number;
  /** Upper bounds; what is above the last one is counted in the last place of `counts`, which is one longer. */
  readonly boundaries: readonly number[];
  readonly counts: readonly number[];
}

type Attributes = Readonly<Record<string, string>>;

const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const STATES: readonly CircuitState[] = ['closed', 'open', 'halfOpen'];
const NANOSECONDS = 1e6;

interface Stay {
  state: CircuitState;
  since: number;
  readonly ms: Record<CircuitState, number>;
}

/** Numbers by name and attributes. */
export class Meters {
  private readonly numbers = new Map<string, { name: string; kind: 'counter' | 'upDownCounter'; attributes: Attributes; value: number }>();
  private readonly histograms = new Map<string, { name: string; attributes: Attributes; sum: number; counts: number[] }>();
  private readonly stays = new Map<string, Stay>();

  constructor(private readonly clock: Clock) {}

  add(name: string, attributes: Attributes, by = 1): void {
    this.number(name, 'counter', attributes).value += by;
  }

  /** Up and down. */
  move(name: string, attributes: Attributes, by: number): void {
    this.number(name, 'upDownCounter', attributes).value += by;
  }

  private number(name: string, kind: 'counter' | 'upDownCounter', attributes: Attributes): { value: number } {
    const id = idOf(name, attributes);
    let found = this.numbers.get(id);
    if (!found) this.numbers.set(id, (found = { name, kind, attributes, value: 0 }));
    return found;
  }

  record(name: string, attributes: Attributes, seconds: number): void {
    const id = idOf(name, attributes);
    let found = this.histograms.get(id);
    if (!found)
      this.histograms.set(id, (found = { name, attributes, sum: 0, counts: Array.from({ length: BOUNDARIES.length + 1 }, () => 0) }));
    const above = BOUNDARIES.findIndex((bound) => seconds <= bound);
    const at = above < 0 ? BOUNDARIES.length : above;
    found.counts[at] = (found.counts[at] as number) + 1;
    found.sum += seconds;
  }

  /** A circuit is in this state from now on; undefined: it is met, and as far as is known closed. */
  enter(method: string, state: CircuitState | undefined): void {
    const now = this.clock.monotonic();
    const stay = this.stays.get(method);
    if (!stay) {
      this.stays.set(method, { state: state ?? 'closed', since: now, ms: { closed: 0, open: 0, halfOpen: 0 } });
    } else if (state !== undefined) {
      stay.ms[stay.state] += now - stay.since;
      Object.assign(stay, { state, since: now });
    }
  }

  snapshot(): readonly Metric[] {
    return [...this.simple(), ...this.states(), ...this.distributions()];
  }

  private simple(): readonly Metric[] {
    return [...this.numbers.values()].map((one) => ({ ...one }));
  }

  private distributions(): readonly Metric[] {
    return [...this.histograms.values()].map(({ name, attributes, sum, counts }) => ({
      name,
      kind: 'histogram' as const,
      unit: 'seconds' as const,
      attributes,
      value: { count: counts.reduce((all, one) => all + one, 0), sum, boundaries: BOUNDARIES, counts: [...counts] },
    }));
  }

  private states(): readonly Metric[] {
    const now = this.clock.monotonic();
    return [...this.stays].flatMap(([method, stay]) =>
      STATES.flatMap((state): readonly Metric[] => {
        const isIn = stay.state === state;
        const ms = stay.ms[state] + (isIn ? now - stay.since : 0);
        const attributes = { method, state };
        return [
          { name: 'ft.circuitbreaker.state.total', kind: 'counter', unit: 'nanoseconds', attributes, value: Math.round(ms * NANOSECONDS) },
          { name: 'ft.circuitbreaker.state.current', kind: 'upDownCounter', attributes, value: isIn ? 1 : 0 },
        ];
      }),
    );
  }
}

const idOf = (name: string, attributes: Attributes): string => JSON.stringify([name, attributes]);
