import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** What a terminal, or a file in its place, is written to with. */
export interface Screen {
  readonly colors: Colors;
  readonly width: number;
  /** It can take back what it showed. */
  readonly moving: boolean;
  /** Writes a line that stays. */
  line(text?: string): void;
  /** Writes pieces side by side, on as many lines as the width asks for; the first piece is a column of its own. */
  row(head: string, pieces: readonly string[]): void;
  /** Shows where things stand, in place of what it showed before; nothing where that is impossible. */
  status(text: string): void;
}

/** Widest screen that lines are laid out for; wider ones leave the rest empty. */
const WIDEST = 120;
const GAP = '   ';

/** Colours and moving parts only on a terminal; `NO_COLOR` and `FORCE_COLOR` have the last word on colours. */
export function createScreen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Screen {
  const moving = stream.isTTY === true && env['TERM'] !== 'dumb';
  const forced = env['FORCE_COLOR'] !== undefined && !['', '0'].includes(env['FORCE_COLOR']);
  const colors = pc.createColors(!env['NO_COLOR'] && (moving || forced));
  const columns = stream.columns ?? Number(env['COLUMNS']);
  const width = Math.min(columns > 20 ? columns : 100, WIDEST);
  let shown = false;
  const clear = (): void => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  return {
    colors,
    width,
    moving,
    line(text = '') {
      clear();
      stream.write(`${text}\n`);
    },
    row(head, pieces) {
      for (const text of layOut(head, pieces, width)) this.line(text);
    },
    status(text) {
      if (!moving) return;
      clear();
      stream.write(text.slice(0, width - 1));
      shown = true;
    },
  };
}

/** Lines of at most `width` columns where the pieces allow it. */
export function layOut(head: string, pieces: readonly string[], width: number): string[] {
  const indent = width >= 90 ? 22 : 4;
  const lines: string[] = [];
  let line = head + ' '.repeat(Math.max(indent - columnsOf(head) - GAP.length, 0));
  for (const piece of pieces) {
    if (columnsOf(line) + GAP.length + columnsOf(piece) <= width) line += GAP + piece;
    else {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent) + piece;
    }
  }
  return [...lines, line];
}

export function columnsOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** Breaks a sentence between words; lines after the first start with `indent` spaces. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  const words = text.trimStart().split(' ');
  let line = text.slice(0, text.length - text.trimStart().length) + (words.shift() ?? '');
  for (const word of words) {
    if (columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else line += ` ${word}`;
  }
  return [...lines, line];
}
