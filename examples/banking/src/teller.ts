import type { Screen } from '@redress/example-shared';
import type { Report } from './messages.js';
import { Story } from './story.js';

/** Without a terminal, a line after so many transfers. */
const EVERY = 500;
const END = /^saga\.(completed|compensated|stuck)$/;

/** Counts what the worker processes report, and tells of it on the screen. */
export class Teller {
  readonly ended = new Set<string>();
  replayed = 0;
  kills = 0;
  readonly #screen: Screen;
  readonly #story: Story;
  readonly #total: number;
  /** Workers that were killed and are not up again. */
  readonly #dead = new Set<number>();

  constructor(screen: Screen, total: number, told: readonly string[]) {
    this.#screen = screen;
    this.#story = new Story(screen, told);
    this.#total = total;
  }

  add(worker: number, report: Report): void {
    if (report.type === 'ready') this.#ready(worker, report.left);
    if (report.type !== 'event') return;
    this.#story.add(worker, report);
    if (report.name === 'step.replayed') this.replayed++;
    if (!END.test(report.name) || this.ended.has(report.id)) return;
    this.ended.add(report.id);
    this.#progress();
  }

  killed(worker: number): void {
    const { red, dim } = this.#screen.colors;
    this.kills++;
    this.#dead.add(worker);
    this.#story.killed(worker);
    const when = dim(`, after ${this.ended.size} of ${this.#total} transfers`);
    this.#screen.line(`${red('☠')} kill -9 of worker ${worker}, number ${this.kills}${when}`);
  }

  #ready(worker: number, left: number): void {
    if (!this.#dead.delete(worker)) return;
    const { cyan, dim } = this.#screen.colors;
    const whose = left === 1 ? '1 of its transfers is' : `${left} of its transfers are`;
    this.#screen.line(`${cyan('▶')} worker ${worker} restarted${dim(`, ${whose} unfinished`)}`);
  }

  #progress(): void {
    const { dim } = this.#screen.colors;
    const ended = this.ended.size;
    const text = `  ${ended} of ${this.#total} transfers have ended`;
    if (this.#screen.moving) this.#screen.status(text);
    else if (ended % EVERY === 0) this.#screen.line(dim(text));
  }
}
