import { ts } from '../port.js';
import type { Rule } from '../rule.js';

export const checkpointedSchemaVersion: Rule = {
  id: 'checkpointed-schema-version',
  family: 'rollback',
  preset: 'recommended',
  level: 'warning',
  scope: 'file',
  summary: 'A checkpointed class says the version of its state.',
  why: 'Checkpoints outlive the code that wrote them. Without a version the next release reads the old state as if it were its own; with one it is migrated, or refused.',
  wrong: `
@Checkpointed({ id: (a: Account) => a.no })
class Account {
  no = '1';
}`,
  right: `
@Checkpointed({ id: (a: Account) => a.no, version: 2, migrate: { 1: (old: object) => old } })
class Account {
  no = '1';
}`,
  unless: 'Classes without `id` are not reported: their objects are only rolled back, and never written to a store.',
  check({ unit, report }) {
    for (const type of unit.classes) {
      const mark = type.marks.find(({ name }) => name === 'Checkpointed');
      // Without an id nothing is written to a store: objects only go back, within their process.
      if (!mark || !mark.options.isWhole || !mark.options.get('id') || mark.options.get('version')) continue;
      const first = mark.args[0];
      const object = first && ts.isObjectLiteralExpression(first) ? first : undefined;
      report({
        at: mark.node,
        message: `${type.name} is checkpointed without a version: the next release could not tell old state from its own`,
        help: ['say version: 1, and raise it with each change of the fields'],
        ...(object && object.properties.length > 0 && !object.properties.hasTrailingComma
          ? { fix: [{ start: object.properties.end, end: object.properties.end, text: ', version: 1' }] }
          : {}),
      });
    }
  },
};
