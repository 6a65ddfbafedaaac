import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalog } from '../catalog.js';
import type { Finding } from '../findings.js';
import { VERSION } from '../version.js';
import type { Report } from './report.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Named by findings that no rule makes. */
const OTHERS = ['unreadable-file', 'suppression-needs-reason', 'unused-suppression'];

/** SARIF 2.1.0. Paths are relative to the root, and fingerprints hold no line numbers, so that an alert stays one over moves. */
export function sarif({ findings, suppressed }: Report): string {
  const ids = [...catalog.map(({ id }) => id), ...OTHERS];
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'redress',
            semanticVersion: VERSION,
            rules: ids.map((id) => ({ id, defaultConfiguration: { level: catalog.find((one) => one.id === id)?.level ?? 'error' } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { description: { text: 'The root of the project.' } } },
        results: [
          ...numbered(findings).map(({ finding, nth }) => resultOf(finding, nth, ids)),
          ...numbered(suppressed.map(({ finding }) => finding)).map(({ finding, nth }, i) => ({
            ...resultOf(finding, nth, ids),
            suppressions: [{ kind: 'inSource', justification: suppressed[i]?.reason ?? '' }],
          })),
        ],
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function resultOf(finding: Finding, nth: number, ids: readonly string[]): object {
  const { rule, level, message, help, path, mark, fingerprint } = finding;
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level,
    message: { text: [message, ...help].join('\n') },
    locations: [
      {
        physicalLocation: {
          artifactLocation: isAbsolute(path) ? { uri: pathToFileURL(path).href } : { uri: encoded(path), uriBaseId: 'ROOT' },
          region: { startLine: mark.line, startColumn: mark.column, endColumn: mark.column + mark.length },
        },
        ...(finding.className === '' ? {} : { logicalLocations: [{ fullyQualifiedName: `${finding.className}.${finding.method}` }] }),
      },
    ],
    partialFingerprints: { 'redress/v1': `${fingerprint}:${nth}` },
  };
}

/** What lies outside of the root is named whole. */
const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** The same gap twice in one method: told from each other by their order. */
function numbered(findings: readonly Finding[]): readonly { readonly finding: Finding; readonly nth: number }[] {
  const counts = new Map<string, number>();
  return findings.map((finding) => {
    const nth = (counts.get(finding.fingerprint) ?? 0) + 1;
    counts.set(finding.fingerprint, nth);
    return { finding, nth };
  });
}
