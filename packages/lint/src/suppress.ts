import { catalog } from './catalog.js';
import { fingerprint } from './findings.js';
import type { Finding } from './findings.js';

/** Letters of a reason, at least. */
const LEAST = 10;
/** On a line of its own: what stands behind code may stand in a text. */
const COMMENT = /^\s*\{?\s*(?:\/\/|\/\*)\s*redress-disable-next-line\b([^\n]*)/;
const EMPTY_WORDS = /^(todo|fix later|fixme|later|temporary|ignore( this)?|because|legacy code|n\/a)\W*$/i;

interface Suppression {
  readonly path: string;
  /** Of the comment. */
  readonly line: number;
  /** The line that it speaks of: the next one that is no comment, blank or decorator. */
  readonly target: number;
  readonly rules: readonly string[];
  readonly reason: string;
  readonly text: string;
}

export interface Suppressed {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly { readonly finding: Finding; readonly reason: string }[];
}

/** Takes out what comments suppress, and adds what is wrong with the comments. */
export function applySuppressions(
  findings: readonly Finding[],
  textOf: (path: string) => string | undefined,
  paths: readonly string[],
  { reportUnused }: { readonly reportUnused: boolean },
): Suppressed {
  const all = paths.flatMap((path) => suppressionsIn(path, textOf(path)));
  const used = new Set<Suppression>();
  const suppressed: { finding: Finding; reason: string }[] = [];
  const kept = findings.filter((finding) => {
    const by = all.find((one) => faultOf(one) === undefined && fits(one, finding));
    if (by) {
      used.add(by);
      suppressed.push({ finding, reason: by.reason });
    }
    return !by;
  });
  const own = all.flatMap((one) => {
    const fault = faultOf(one) ?? (reportUnused && !used.has(one) ? 'suppresses nothing' : undefined);
    return fault === undefined ? [] : [complaint(one, fault)];
  });
  return { findings: [...kept, ...own], suppressed };
}

function fits({ path, line, target, rules }: Suppression, finding: Finding): boolean {
  if (path !== finding.path || !rules.includes(finding.rule)) return false;
  return [finding.line, finding.mark.line].some((one) => one > line && one <= target);
}

function suppressionsIn(path: string, text: string | undefined): readonly Suppression[] {
  if (!text?.includes('redress-disable-next-line')) return [];
  const lines = text.split('\n');
  return lines.flatMap((one, i) => {
    const found = COMMENT.exec(one);
    if (!found) return [];
    const [names = '', ...rest] = (found[1] ?? '').replace(/\*\/.*$/, '').split(/\s--\s?/);
    const rules = names.split(/[\s,]+/).filter(Boolean);
    return [{ path, line: i + 1, target: targetOf(lines, i), rules, reason: rest.join(' -- ').trim(), text: one }];
  });
}

function targetOf(lines: readonly string[], from: number): number {
  let at = from + 1;
  while (at < lines.length && /^\s*(\/\/|\/\*|\*|@|\}?\)|$)/.test(lines[at] ?? '')) at++;
  return at + 1;
}

function faultOf({ rules, reason }: Suppression): string | undefined {
  if (rules.length === 0) return 'names no rule';
  const unknown = rules.find((one) => !catalog.some(({ id }) => id === one));
  if (unknown) return `names ${unknown}, and there is no such rule`;
  if (reason.replace(/\s/g, '').length < LEAST || EMPTY_WORDS.test(reason)) {
    return `gives no reason of at least ${LEAST} letters`;
  }
  return undefined;
}

function complaint({ path, line, text, rules }: Suppression, fault: string): Finding {
  const column = text.search(/\S/) + 1;
  const isUnused = fault === 'suppresses nothing';
  return {
    rule: isUnused ? 'unused-suppression' : 'suppression-needs-reason',
    level: isUnused ? 'warning' : 'error',
    path,
    line,
    column,
    mark: { line, text, column, length: text.length - column + 1 },
    message: `this suppression${rules.length > 0 ? ` of ${rules.join(', ')}` : ''} ${fault}`,
    help: isUnused ? ['remove it'] : ['// redress-disable-next-line <rule> -- <why this place is in order>'],
    className: '',
    method: '',
    fingerprint: fingerprint('suppression', path, '', '', text.trim()),
    through: [],
  };
}
