import { readBlocks } from './blocks.js';
import type { Block, Mark } from './blocks.js';

/** Blocks of one document that make one module. */
export interface Program {
  readonly document: string;
  /** Of its first block. */
  readonly line: number;
  /** The code, with blank lines before and between, so that its line numbers are those of the document. */
  readonly code: string;
  /** Why it is compiled and not run. */
  readonly typesOnly: string | undefined;
  /** It imports vitest, so that vitest runs it. */
  readonly isTest: boolean;
  /** What it must print: the outputs shown after its blocks, one after the other. */
  readonly output: { readonly line: number; readonly text: string } | undefined;
}

export interface Document {
  readonly programs: readonly Program[];
  readonly shell: readonly Block[];
  readonly problems: readonly string[];
}

/** Names under which code would escape: it is `ts` or `sh`, or it is not code. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ typescript: 'ts', tsx: 'ts', mts: 'ts', javascript: 'ts', js: 'ts', mjs: 'ts', cjs: 'ts' },
  ...{ bash: 'sh', shell: 'sh', console: 'sh', zsh: 'sh' },
};

interface Draft {
  readonly pieces: { readonly line: number; readonly code: string }[];
  readonly program: Program;
}

/** Puts the blocks of a document together. */
export function readDocument(document: string, text: string): Document {
  const { blocks, problems: found } = readBlocks(document, text);
  const problems = [...found];
  const drafts: Draft[] = [];
  const say = (line: number, sentence: string): void => void problems.push(`${document}:${line} ${sentence}`);
  for (const block of blocks) {
    const { line, language, code } = block;
    const mark = (kind: Mark['kind']): Mark | undefined => block.marks.find((one) => one.kind === kind);
    const right = ALIASES[language];
    if (right) say(line, `has a block of "${language}": write "${right}", so that it is checked.`);
    const last = drafts.at(-1);
    if (mark('output')) {
      if (!last) say(line, 'shows an output, and no block before it printed it.');
      else if (last.program.typesOnly !== undefined) say(line, 'shows the output of a block that is not run.');
      else drafts[drafts.length - 1] = { ...last, program: { ...last.program, output: joined(last.program.output, line, code) } };
    }
    if (language !== 'ts') {
      for (const { kind, line: at } of block.marks) if (kind !== 'output') say(at, `has a mark "${kind}" before a block that is not ts.`);
      continue;
    }
    const typesOnly = mark('types-only');
    if (typesOnly && typesOnly.reason === '') say(typesOnly.line, 'does not say why: <!-- docs: types-only, reason -->.');
    const pieces = block.marks.filter(({ kind }) => kind === 'hidden').map((hidden) => ({ line: hidden.line + 1, code: hidden.code }));
    pieces.push({ line: line + 1, code });
    const isTest = /from 'vitest'/.test(pieces.map((piece) => piece.code).join('\n'));
    if (!mark('continues')) {
      drafts.push({ pieces, program: { document, line, code: '', typesOnly: typesOnly?.reason, isTest, output: undefined } });
    } else if (!last) {
      say(line, 'continues a block, and there is none before it.');
    } else {
      const { program } = last;
      const merged = { ...program, typesOnly: program.typesOnly ?? typesOnly?.reason, isTest: program.isTest || isTest };
      drafts[drafts.length - 1] = { pieces: [...last.pieces, ...pieces], program: merged };
    }
  }
  const programs = drafts.map(({ pieces, program }) => ({ ...program, code: place(pieces) }));
  return { programs, shell: blocks.filter(({ language }) => language === 'sh'), problems };
}

function joined(before: Program['output'], line: number, text: string): NonNullable<Program['output']> {
  return before ? { line: before.line, text: `${before.text}\n${text}` } : { line, text };
}

function place(pieces: Draft['pieces']): string {
  const lines: string[] = [];
  for (const { line, code } of pieces) {
    while (lines.length < line - 1) lines.push('');
    lines.push(...code.split('\n'));
  }
  return `${lines.join('\n')}\n`;
}
