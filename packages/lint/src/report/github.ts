import { blocks, summary } from './stylish.js';
import type { Finding } from '../findings.js';
import type { Report } from './report.js';

/** GitHub shows ten annotations of a kind in each step; the rest is said in the log. */
const MOST = 10;

/** Workflow commands. */
export function github(report: Report): string {
  const shown = (['error', 'warning'] as const).flatMap((level) => report.findings.filter((one) => one.level === level).slice(0, MOST));
  const rest = report.findings.filter((one) => !shown.includes(one));
  const log = blocks(rest, { color: false, width: 160 });
  return `${[...shown.map(command), ...log, ...summary(report)].join('\n')}\n`;
}

function command({ level, path, line, column, rule, message, help }: Finding): string {
  const fields = [`file=${property(path)}`, `line=${line}`, `col=${column}`, `title=${property(rule)}`];
  return `::${level} ${fields.join(',')}::${data([message, ...help].join('\n'))}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
