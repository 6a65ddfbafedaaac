import type { Screen } from '@redress/example-shared';
import type { Report } from './messages.js';
import { undoOf } from './operations.js';

type Told = Extract<Report, { type: 'event' }>;

/** What one process did of one transfer. */
interface Chapter {
  readonly worker: number;
  readonly head: string;
  readonly marks: string[];
  replayed: number;
  /** The step or undo whose answer is awaited. */
  open: string | undefined;
}

/** Tells a few transfers in full: one row for each process that worked on one, written when it ends, rests or dies. */
export class Story {
  readonly #screen: Screen;
  readonly #told: ReadonlySet<string>;
  readonly #open = new Map<string, Chapter>();

  constructor(screen: Screen, ids: readonly string[]) {
    this.#screen = screen;
    this.#told = new Set(ids);
  }

  add(worker: number, event: Told): void {
    if (!this.#told.has(event.id)) return;
    const before = this.#open.get(event.id);
    const chapter = before?.worker === worker ? before : this.#begin(worker, event);
    if (!chapter) return;
    this.#mark(chapter, event);
    if (END[event.name] ?? waits(event)) this.#write(event.id, chapter);
  }

  /** The process is dead: what its transfers were doing is over. */
  killed(worker: number): void {
    const { red } = this.#screen.colors;
    for (const [id, chapter] of this.#open) {
      if (chapter.worker !== worker) continue;
      chapter.marks.push(red(`☠ worker ${worker} killed${chapter.open ? ` before ${chapter.open} answered` : ''}`));
      this.#write(id, chapter);
    }
  }

  #begin(worker: number, event: Told): Chapter | undefined {
    // What comes after the end of a chapter, such as news of a transfer that somebody else goes on with.
    if (!/^(run\.claimed|saga\.started|step\.|undo\.|saga\.comp)/.test(event.name)) return undefined;
    const { cyan, bold } = this.#screen.colors;
    const head =
      event.name === 'run.claimed'
        ? `${cyan('↺')} ${bold(event.id)} resumed by worker ${worker}`
        : `${cyan('▶')} ${bold(event.id)} at worker ${worker}`;
    const chapter = { worker, head, marks: [], replayed: 0, open: undefined };
    this.#open.set(event.id, chapter);
    return chapter;
  }

  #mark(chapter: Chapter, { name, step = '', code }: Told): void {
    const { green, red, yellow, bold, dim } = this.#screen.colors;
    const end = END[name];
    if (name === 'step.replayed') chapter.replayed++;
    if (waits({ name, step })) chapter.marks.push(`${yellow('…')} waits for a person`);
    if (name === 'step.started') chapter.open = step;
    if (step.startsWith(WAIT) && name === 'step.completed') return void chapter.marks.push(`${green('✔')} ${step.slice(WAIT.length)}`);
    if (name === 'step.completed') chapter.marks.push(`${green('✔')} ${step}`);
    if (name === 'step.refused') chapter.marks.push(`${red('✖')} ${step} refused${code ? dim(` ${code}`) : ''}`);
    if (name === 'step.unknown') chapter.marks.push(`${yellow('?')} ${step} unknown${code ? dim(` ${code}`) : ''}`);
    if (name === 'saga.compensating') chapter.marks.push(`${yellow('→')} undo`);
    if (name === 'undo.completed') chapter.marks.push(`${green('✔')} ${undoOf(step)}`);
    if (name.startsWith('step.') && name !== 'step.started') chapter.open = undefined;
    if (end) chapter.marks.push(bold(end));
  }

  #write(id: string, chapter: Chapter): void {
    const steps = chapter.replayed === 1 ? '1 step' : `${chapter.replayed} steps`;
    const replayed = chapter.replayed > 0 ? [`${steps} answered from the journal`] : [];
    this.#screen.row(chapter.head, [...replayed, ...chapter.marks]);
    this.#open.delete(id);
  }
}

const WAIT = '@receive ';

/** Nobody works on it until a signal comes. */
function waits({ name, step = '' }: Pick<Told, 'name' | 'step'>): boolean {
  return name === 'step.started' && step.startsWith(WAIT);
}

const END: Readonly<Record<string, string>> = {
  'saga.completed': 'COMPLETED',
  'saga.compensated': 'COMPENSATED',
  'saga.stuck': 'STUCK',
};
