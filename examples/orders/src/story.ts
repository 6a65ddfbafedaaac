import type { Screen } from '@redress/example-shared';
import type { Report } from './messages.js';
import { isStep, UNDO_OF } from './operations.js';

type Told = Extract<Report, { type: 'event' }>;

/** What one process did of one order. */
interface Chapter {
  readonly head: string;
  readonly marks: string[];
  replayed: number;
  /** The step or undo whose answer is awaited. */
  open: string | undefined;
}

/** Tells a few orders in full: one row for each process that worked on one, written when it ends or dies. */
export class Story {
  readonly #screen: Screen;
  readonly #open = new Map<string, Chapter | undefined>();

  constructor(screen: Screen, ids: readonly string[]) {
    this.#screen = screen;
    for (const id of ids) this.#open.set(id, undefined);
  }

  add(event: Told): void {
    if (!this.#open.has(event.id)) return;
    const chapter = this.#open.get(event.id) ?? this.#begin(event);
    this.#mark(chapter, event);
    if (END[event.name]) this.#write(event.id, chapter);
  }

  /** The process is dead: what its orders were doing is over. */
  killed(): void {
    const { red } = this.#screen.colors;
    for (const [id, chapter] of this.#open) {
      if (!chapter) continue;
      chapter.marks.push(red(`☠ process killed${chapter.open ? ` before ${chapter.open} answered` : ''}`));
      this.#write(id, chapter);
    }
  }

  #begin(event: Told): Chapter {
    const { cyan, bold } = this.#screen.colors;
    const head = event.name === 'run.claimed' ? `${cyan('↺')} ${bold(event.id)} resumed` : `${cyan('▶')} PlaceOrder ${bold(event.id)}`;
    const chapter = { head, marks: [], replayed: 0, open: undefined };
    this.#open.set(event.id, chapter);
    return chapter;
  }

  #mark(chapter: Chapter, { name, step = '', code }: Told): void {
    const { green, red, yellow, bold, dim } = this.#screen.colors;
    const undo = isStep(step) ? UNDO_OF[step] : step;
    const end = END[name];
    if (name === 'step.replayed') chapter.replayed++;
    if (name === 'step.started') chapter.open = step;
    if (name === 'step.completed') chapter.marks.push(`${green('✔')} ${step}`);
    if (name === 'step.refused') chapter.marks.push(`${red('✖')} ${step} refused${code ? dim(` ${code}`) : ''}`);
    if (name === 'step.unknown') chapter.marks.push(`${yellow('?')} ${step} unknown${code ? dim(` ${code}`) : ''}`);
    if (name === 'saga.compensating') chapter.marks.push(`${yellow('→')} undo`);
    if (name === 'undo.completed') chapter.marks.push(`${green('✔')} ${undo}`);
    if (name.startsWith('step.') && name !== 'step.started') chapter.open = undefined;
    if (end) chapter.marks.push(bold(end));
  }

  #write(id: string, chapter: Chapter): void {
    const steps = chapter.replayed === 1 ? '1 step' : `${chapter.replayed} steps`;
    const replayed = chapter.replayed > 0 ? [`${steps} answered from the journal`] : [];
    this.#screen.row(chapter.head, [...replayed, ...chapter.marks]);
    this.#open.set(id, undefined);
  }
}

const END: Readonly<Record<string, string>> = {
  'saga.completed': 'COMPLETED',
  'saga.compensated': 'COMPENSATED',
  'saga.stuck': 'STUCK',
};
