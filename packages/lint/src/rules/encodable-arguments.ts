import { ts } from '../port.js';
import type { Rule } from '../rule.js';
import { unencodable } from './encodable.js';

export const encodableArguments: Rule = {
  id: 'encodable-arguments',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'Arguments and results of sagas and steps can be written to the journal.',
  why: 'The arguments of a step are kept before it runs and its result after it; another process reads them. A function, a stream, a socket or a signal has no copy: the step is refused, or ends as unknown when its result cannot be kept.',
  wrong: `
class Reports {
  @Step({ irreversible: 'written is written' })
  async export(report: string, into: Writable, onDone: () => void) {
    await archive.write(report, into, { idempotencyKey: step().key });
  }
}`,
  right: `
class Reports {
  @Step({ irreversible: 'written is written' })
  async export(report: string, into: { path: string }) {
    await archive.write(report, into, { idempotencyKey: step().key });
  }
}`,
  unless: 'Classes of your own can be registered with the codec, and are not reported.',
  check({ unit, checker, report }) {
    for (const operation of unit.operations) {
      for (const parameter of operation.fn.parameters.slice(operation.isPlain && operation.kind === 'saga' ? 1 : 0)) {
        const found = parameter.type && unencodable(parameter.type, checker);
        if (!found) continue;
        report({
          at: parameter,
          subject: operation,
          message: `${operation.label} takes ${found} as ${parameter.name.getText()}, which cannot be written to the journal`,
          help: ['pass what it can be found by, such as an id or a path; the signal is step().signal'],
        });
      }
      const result = operation.fn.type && resultOf(operation.fn.type);
      const found = result && unencodable(result, checker);
      if (!found || !operation.fn.type) continue;
      report({
        at: operation.fn.type,
        subject: operation,
        message: `${operation.label} answers ${found}, which cannot be written to the journal`,
        help: ['answer what it can be found by'],
      });
    }
  },
};

/** `Hold` of `Promise<Hold>`. */
function resultOf(type: ts.TypeNode): ts.TypeNode | undefined {
  if (!ts.isTypeReferenceNode(type)) return type;
  return /^Promise(Like)?$/.test(type.typeName.getText()) ? type.typeArguments?.[0] : type;
}
