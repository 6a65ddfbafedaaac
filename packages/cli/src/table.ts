import stringWidth from 'string-width';

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  /** Puts colour on what is shown. */
  readonly paint?: (shown: string, row: T) => string;
  /** Gives way when the terminal is narrow. Default: false. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const LEAST = 12;

/** Columns as wide as they must be, in the manner of `kubectl`. Lines end where the terminal does. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[], width: number, titled = true): string {
  const cells = rows.map((row) => columns.map(({ of }) => oneLine(of(row))));
  const widths = columns.map(({ title }, i) => Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[i] as string))));
  shrink(columns, widths, width);
  const line = (texts: readonly string[], row?: T): string =>
    texts
      .map((text, i) => {
        const shown = cut(text, widths[i] as number);
        const pad = i === texts.length - 1 ? '' : ' '.repeat((widths[i] as number) - stringWidth(shown));
        const paint = columns[i]?.paint;
        return (row !== undefined && paint ? paint(shown, row) : shown) + pad;
      })
      .join(GAP)
      .trimEnd();
  const titles = titled ? [line(columns.map(({ title }) => title))] : [];
  return [...titles, ...cells.map((texts, i) => line(texts, rows[i]))].map((text) => `${text}\n`).join('');
}

/** The columns that may give way do so, the widest first, until all fits or none can. */
function shrink<T>(columns: readonly Column<T>[], widths: number[], width: number): void {
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1) - width;
  while (over > 0) {
    const able = widths.map((one, i) => (columns[i]?.shrinks && one > LEAST ? one : 0));
    const widest = Math.max(...able);
    if (widest === 0) return;
    const at = able.indexOf(widest);
    const next = Math.max(...able.filter((one) => one < widest), LEAST);
    const less = Math.min(over, Math.max(widest - next, 1));
    widths[at] = widest - less;
    over -= less;
  }
}

/** At most so many cells; the last one says that there was more. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const cells = stringWidth(segment);
    if (used + cells > width - 1) break;
    shown += segment;
    used += cells;
  }
  return `${shown}…`;
}

/** What would move the cursor or break a line is shown as a mark: names come from outside. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, '·');
}
