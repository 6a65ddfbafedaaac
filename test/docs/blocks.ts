/** One fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Line of the opening fence; the code starts on the next. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly marks: readonly Mark[];
}

/** `<!-- docs: kind, reason -->`, in force for the next block. */
export interface Mark {
  readonly kind: 'continues' | 'types-only' | 'output' | 'hidden';
  readonly line: number;
  readonly reason: string;
  /** Of `hidden`: code that the reader does not see, run before the block. */
  readonly code: string;
}

export interface Reading {
  readonly blocks: readonly Block[];
  /** What the document does wrong, as `file:line sentence`. */
  readonly problems: readonly string[];
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const MARK = /^\s*<!--\s*docs:\s*([a-z-]+)\s*(?:,\s*(.*?))?\s*(-->)?\s*$/;
const KINDS: readonly string[] = ['continues', 'types-only', 'output', 'hidden'];

/** Finds the fenced blocks of a document with the marks before them. Only blank lines may stand between a mark and its block. */
export function readBlocks(document: string, text: string): Reading {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  const problems: string[] = [];
  let marks: Mark[] = [];
  const say = (line: number, sentence: string): void => void problems.push(`${document}:${line} ${sentence}`);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const fence = FENCE.exec(line);
    const mark = MARK.exec(line);
    if (fence) {
      const [, indent = '', ticks = '', language = ''] = fence;
      const end = lines.findIndex((one, at) => at > i && closes(one, ticks));
      if (end === -1) say(i + 1, 'opens a block that nothing closes.');
      const last = end === -1 ? lines.length : end;
      const code = lines.slice(i + 1, last).map((one) => (one.startsWith(indent) ? one.slice(indent.length) : one.trimStart()));
      blocks.push({ document, line: i + 1, language, code: code.join('\n'), marks });
      marks = [];
      i = last;
    } else if (mark) {
      const [, kind = '', reason = '', closed] = mark;
      const end = closed ? i : lines.findIndex((one, at) => at > i && one.includes('-->'));
      if (!KINDS.includes(kind)) say(i + 1, `has an unknown mark "${kind}": there are ${KINDS.join(', ')}.`);
      else if (end === -1) say(i + 1, 'opens a comment that nothing closes.');
      else marks = [...marks, { kind: kind as Mark['kind'], line: i + 1, reason, code: lines.slice(i + 1, end).join('\n') }];
      if (end !== -1) i = end;
    } else if (line.trim() !== '') {
      for (const lost of marks) say(lost.line, `has a mark "${lost.kind}" with no block after it.`);
      marks = [];
    }
  }
  for (const lost of marks) say(lost.line, `has a mark "${lost.kind}" with no block after it.`);
  return { blocks, problems };
}

function closes(line: string, ticks: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= ticks.length && trimmed === (ticks[0] ?? '').repeat(trimmed.length);
}
