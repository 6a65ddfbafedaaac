import type { Finding } from '../findings.js';
import { countOf } from './report.js';
import type { Report } from './report.js';

/** A test suite for each file with findings; one test that passes where there are none. */
export function junit({ findings, elapsedMs }: Report): string {
  const seconds = (elapsedMs / 1000).toFixed(3);
  const paths = [...new Set(findings.map(({ path }) => path))];
  const suites = paths.map((path) =>
    suite(
      path,
      findings.filter((one) => one.path === path),
    ),
  );
  const clean =
    '  <testsuite name="redress lint" tests="1" failures="0" errors="0">\n    <testcase name="no findings" classname="redress"/>\n  </testsuite>';
  const total = Math.max(1, findings.length);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="redress lint" tests="${total}" failures="${countOf(findings, 'error')}" errors="0" time="${seconds}">`,
    ...(suites.length === 0 ? [clean] : suites),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(path: string, findings: readonly Finding[]): string {
  const cases = findings.map((one) => {
    const text = [`${one.path}:${one.line}:${one.column}`, one.message, ...one.help].join('\n');
    const name = `    <testcase name="${escape(`${one.rule} ${one.line}:${one.column}`)}" classname="${escape(path)}"`;
    if (one.level === 'warning') return `${name}><system-out>${escape(text)}</system-out></testcase>`;
    return `${name}><failure message="${escape(one.message)}" type="${escape(one.rule)}">${escape(text)}</failure></testcase>`;
  });
  return [
    `  <testsuite name="${escape(path)}" tests="${findings.length}" failures="${countOf(findings, 'error')}" errors="0">`,
    ...cases,
    '  </testsuite>',
  ].join('\n');
}

/** Characters that XML 1.0 does not allow at all are left out. */
function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
