import type { Screen } from '@redress/example-shared';
import type { Report } from './messages.js';
import { Story } from './story.js';

/** Orders that are told in full. */
const TOLD = 3;
/** Without a terminal, a line after so many orders. */
const EVERY = 50;
const END = /^saga\.(completed|compensated|stuck)$/;

/** Counts what the worker processes report, and tells of it on the screen. */
export class Teller {
  readonly ended = new Set<string>();
  replayed = 0;
  kills = 0;
  /** Processes that came up. */
  #lives = 0;
  readonly #screen: Screen;
  readonly #story: Story;
  readonly #total: number;

  constructor(screen: Screen, orderIds: readonly string[]) {
    this.#screen = screen;
    this.#story = new Story(screen, orderIds.slice(0, TOLD));
    this.#total = orderIds.length;
  }

  add(report: Report): void {
    if (report.type === 'ready') this.#ready(report.left);
    if (report.type !== 'event') return;
    this.#story.add(report);
    if (report.name === 'step.replayed') this.replayed++;
    if (!END.test(report.name) || this.ended.has(report.id)) return;
    this.ended.add(report.id);
    this.#progress();
  }

  killed(): void {
    const { red, dim } = this.#screen.colors;
    this.kills++;
    this.#story.killed();
    this.#screen.line(`${red('☠')} kill -9, number ${this.kills}${dim(`, after ${this.ended.size} of ${this.#total} orders`)}`);
  }

  #ready(left: number): void {
    if (this.#lives++ === 0) return;
    const { cyan, dim } = this.#screen.colors;
    this.#screen.line(`${cyan('▶')} restarted${dim(`, ${left === 1 ? '1 order was' : `${left} orders were`} left unfinished`)}`);
  }

  #progress(): void {
    const { dim } = this.#screen.colors;
    const ended = this.ended.size;
    const text = `  ${ended} of ${this.#total} orders have ended`;
    if (this.#screen.moving) this.#screen.status(text);
    else if (ended % EVERY === 0) this.#screen.line(dim(text));
  }
}
