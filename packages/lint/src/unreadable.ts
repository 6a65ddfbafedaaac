import type { Finding } from './findings.js';

/** A file that cannot be read, or that a rule stumbled over, as one finding. */
export function unreadable(path: string, why: string): Finding {
  return {
    rule: 'unreadable-file',
    level: 'error',
    path,
    line: 1,
    column: 1,
    mark: { line: 1, text: '', column: 1, length: 1 },
    message: `${path} could not be checked: ${why}`,
    help: [],
    className: '',
    method: '',
    fingerprint: path,
    through: [],
  };
}
