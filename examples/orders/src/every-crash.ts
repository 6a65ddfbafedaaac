import { CALM, keep, workplace } from '@redress/example-shared';
import type { Screen } from '@redress/example-shared';
import { auditFiles } from './audit.js';
import type { CrashPoint } from './crash.js';
import { runLives } from './lives.js';
import type { Ending, Order } from './order.js';

const LEASE_MS = 300;
/** Width of the first column, on screens that are wide enough for one. */
const LABEL = 63;
const WIDE = 100;
/** Rows at work at a time. */
const AT_A_TIME = 2;

interface Scenario {
  readonly title: string;
  readonly order: Order;
  readonly ending: Ending;
  /** Ways to die twice: there a second process dies on what the first one has left. */
  readonly twice: readonly (readonly CrashPoint[])[];
}

const parcel = { customer: 'Maria Gonzalez', items: [{ sku: 'grinder-hand', quantity: 1 }], cents: 6900, card: 'tok_visa_4242' };
const charged = 'Payments.charge:after-effect';
const shipping = 'Shipping.ship:before-effect';
const SCENARIOS: readonly Scenario[] = [
  {
    title: 'An order that ships',
    order: { id: 'ships', country: 'US', ...parcel },
    ending: 'shipped',
    twice: [
      [charged, 'claim, after'],
      [charged, charged],
      [shipping, 'Shipping.ship:after-effect'],
    ],
  },
  {
    title: 'An order that the carrier refuses',
    order: { id: 'refused', country: 'AQ', ...parcel },
    ending: 'undone',
    twice: [
      [charged, 'claim, after'],
      ...['before-effect', 'after-effect', 'after-record'].map((side) => [shipping, `Shipping.cancel:${side}`]),
    ],
  },
];

/** One way to die, once or twice, and what came of it. */
interface Row {
  readonly deaths: readonly CrashPoint[];
  readonly kills: number;
  readonly ending: Ending | 'missing';
  readonly broken: readonly string[];
  readonly ok: boolean;
  /** Where the files of a wrong row are. */
  readonly folder?: string;
}

/** Kills a worker at every place where it can die, one after the other, and checks each time. Answers the exit code. */
export async function everyCrash(screen: Screen, { json }: { readonly json: boolean }): Promise<number> {
  const start = performance.now();
  const { bold, green, red } = screen.colors;
  screen.line(bold('Redress  one order, killed at every possible point in turn'));
  const results: (Row & { readonly order: string })[] = [];
  for (const scenario of SCENARIOS) {
    screen.line();
    const ways = await waysToDie(scenario);
    screen.line(`${bold(scenario.title)}: ${ways.length} ways to die`);
    for await (const row of inOrder(ways, AT_A_TIME, (deaths) => tryOne(scenario, deaths))) {
      results.push({ order: scenario.order.id, ...row });
      showRow(screen, row);
    }
  }
  const wrong = results.filter(({ ok }) => !ok).length;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  screen.line();
  screen.line(
    wrong === 0
      ? `${green('✔')} ${results.length} of ${results.length} survived, ${seconds} s`
      : `${red('✖')} ${wrong} of ${results.length} did not, ${seconds} s`,
  );
  if (json) process.stdout.write(`${JSON.stringify({ ok: wrong === 0, rows: results }, undefined, 2)}\n`);
  return wrong === 0 ? 0 : 1;
}

/** Lets the order pass once and notes every place that it comes by. */
async function waysToDie(scenario: Scenario): Promise<readonly (readonly CrashPoint[])[]> {
  const points = new Set<CrashPoint>();
  const place = workplace('orders');
  const note = {
    onReport: (report: { type: string; point?: CrashPoint }) => (report.point && points.add(report.point), false),
    onKilled() {},
  };
  await runLives({ ...jobOf(scenario, place), listPoints: true }, [], note);
  place.remove();
  return [...[...points].map((point) => [point]), ...scenario.twice];
}

async function tryOne(scenario: Scenario, deaths: readonly CrashPoint[]): Promise<Row> {
  const place = workplace('orders');
  let kills = 0;
  await runLives(jobOf(scenario, place), deaths, { onReport: () => false, onKilled: () => void kills++ });
  const found = await auditFiles(place, [scenario.order]);
  const ending = found.endings.get(scenario.order.id) ?? 'missing';
  const broken = found.invariants.filter(({ ok }) => !ok).map(({ name }) => name);
  const ok = kills === deaths.length && ending === scenario.ending && broken.length === 0;
  if (ok) place.remove();
  else keep(place);
  return { deaths, kills, ending, broken, ok, ...(ok || !place.folder ? {} : { folder: place.folder }) };
}

function jobOf({ order }: Scenario, { store, world }: { readonly store: string; readonly world: string }) {
  return { orders: [order], store, world, weather: CALM, leaseMs: LEASE_MS };
}

function showRow(screen: Screen, { deaths, kills, ending, broken, ok, folder }: Row): void {
  const { green, red, dim } = screen.colors;
  const label = deaths.join(', then ');
  const head = `${ok ? green('✔') : red('✖')} ${screen.width < WIDE ? label : label.padEnd(LABEL)}`;
  const killed = kills === deaths.length ? dim(`${kills} ${kills === 1 ? 'kill ' : 'kills'}`) : red(`was killed ${kills} times`);
  const invariants = broken.length === 0 ? dim('nothing lost') : red(`broken: ${broken.join(', ')}`);
  screen.row(head, [killed, ending, invariants, ...(folder ? [folder] : [])]);
}

/** Some at a time, answered in their order. */
async function* inOrder<T, R>(items: readonly T[], limit: number, each: (item: T) => Promise<R>): AsyncGenerator<R> {
  const started: Promise<R>[] = [];
  for (let i = 0; i < items.length; i++) {
    while (started.length < Math.min(i + limit, items.length)) started.push(each(items[started.length] as T));
    yield await (started[i] as Promise<R>);
  }
}
