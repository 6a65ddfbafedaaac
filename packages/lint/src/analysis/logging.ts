import type { ts } from '../port.js';
import { pathOf } from './syntax.js';

const OBJECTS = /^(log|logger|console|logging|winston|pino|debug|metrics|tracer|telemetry|sentry|span)$/i;
const WORDS = /^(log|debug|info|warn|warning|error|trace|verbose|notice|fatal)$/;
const FUNCTIONS = /^(log|debug|trace|log[A-Z]\w*)$/;

/** A line in a log, a number for a dashboard: it may come twice, and nothing depends on it. */
export function isLogging(node: ts.CallExpression): boolean {
  const path = pathOf(node.expression) ?? [];
  const name = path.at(-1) ?? '';
  const objects = path.slice(0, -1).map((one) => one.replace(/^[_#]+/, ''));
  if (objects.length === 0) return FUNCTIONS.test(name);
  return objects.some((one) => OBJECTS.test(one)) || (WORDS.test(name) && objects.some((one) => /log/i.test(one)));
}
