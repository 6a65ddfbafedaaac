import stringWidth from 'string-width';
import type { Finding } from '../findings.js';
import { countOf, some } from './report.js';
import type { Look, Report } from './report.js';

const NARROW = 40;

/** For people at a terminal. */
export function stylish(report: Report, look: Look): string {
  return [...blocks(report.findings, look), [...summary(report), ''].join('\n')].join('\n');
}

/** One for each finding. */
export function blocks(findings: readonly Finding[], look: Look): readonly string[] {
  return findings.map((one) => block(one, look, Math.max(NARROW, look.width)));
}

function block(finding: Finding, { color }: Look, width: number): string {
  const paint = color
    ? (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`
    : (_: number, text: string): string => text;
  const level = paint(finding.level === 'error' ? 31 : 33, finding.level);
  const lines = [`${paint(1, `${finding.path}:${finding.line}:${finding.column}`)}  ${level}  ${finding.rule}`];
  if (finding.mark.text.trim() !== '') lines.push(...excerpt(finding, width, (text) => paint(finding.level === 'error' ? 31 : 33, text)));
  lines.push(...wrap(finding.message, width, '   ', '   '));
  finding.help.forEach((text, i) => {
    const isCommand = text.startsWith('redress ');
    const lead = i === 0 ? '   help: ' : '         ';
    lines.push(...(isCommand ? [`${lead}${text}`] : wrap(text, width, lead, '         ')));
  });
  return `${lines.join('\n')}\n`;
}

/** The line, cut around what is underlined when the terminal is narrow. Tabs and wide characters keep the mark in its place. */
function excerpt({ mark }: Finding, width: number, paint: (text: string) => string): readonly string[] {
  const number = String(mark.line).padStart(5);
  const room = width - 8;
  const from =
    stringWidth(spaced(mark.text.slice(0, mark.column - 1))) < room - 10 ? 0 : Math.max(0, mark.column - 1 - Math.floor(room / 3));
  const lead = from > 0 ? '…' : '';
  const shown = cut(lead + spaced(mark.text.slice(from)), room);
  const before = stringWidth(lead + spaced(mark.text.slice(from, mark.column - 1)));
  const wanted = stringWidth(spaced(mark.text.slice(mark.column - 1, mark.column - 1 + mark.length)));
  const length = Math.max(1, Math.min(wanted, room - before));
  return [`${number} │ ${shown}`, `      │ ${' '.repeat(before)}${paint('^'.repeat(length))}`];
}

const spaced = (text: string): string => text.replaceAll('\t', '  ');

function cut(text: string, room: number): string {
  if (stringWidth(text) <= room) return text;
  let shown = '';
  for (const letter of text) {
    if (stringWidth(shown + letter) > room - 1) break;
    shown += letter;
  }
  return `${shown}…`;
}

/** At spaces; a word that is longer than a line stands alone. Wide terminals get the sentence in one line, as a search would want it. */
function wrap(text: string, width: number, first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** `3 problems (2 errors, 1 warning) · 61 steps: … · 0.9 s, 214 files`. */
export function summary({ findings, steps, files, elapsedMs, baseline }: Report): readonly string[] {
  const { compensated, readOnly, irreversible, undeclared } = steps;
  const total = compensated + readOnly + irreversible + undeclared;
  const [errors, warnings] = [countOf(findings, 'error'), countOf(findings, 'warning')];
  const problems =
    findings.length === 0 ? 'no problems' : `${some(findings.length, 'problem')} (${some(errors, 'error')}, ${some(warnings, 'warning')})`;
  const ways = `${compensated} compensated, ${readOnly} read-only, ${irreversible} irreversible, ${undeclared} undeclared`;
  const lines = [`${problems} · ${some(total, 'step')}: ${ways} · ${(elapsedMs / 1000).toFixed(1)} s, ${some(files, 'file')}`];
  if (baseline && baseline.known + baseline.gone > 0) {
    const gone = baseline.gone > 0 ? ` (${baseline.gone} no longer ${baseline.gone === 1 ? 'occurs' : 'occur'}: run --prune-baseline)` : '';
    lines.push(`${some(baseline.known + baseline.gone, 'older finding')} in ${baseline.file}${gone}`);
  }
  return lines;
}
