import { ts } from '../port.js';
import type { Options } from '../analysis/options.js';
import type { Rule } from '../rule.js';
import { unencodable } from './encodable.js';

export const checkpointedStateEncodable: Rule = {
  id: 'checkpointed-state-encodable',
  family: 'rollback',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The fields of a checkpointed class can be copied, or say `@Transient()`.',
  why: 'A checkpoint holds a faithful copy of the state, or is refused with the path of what has none. A socket, a timer or a function in a field makes each checkpoint fail, at run time.',
  wrong: `
@Checkpointed({ id: (a: Account) => a.no, version: 1 })
class Account {
  no = '1';
  private socket?: Socket;
  onChange: () => void = () => {};
}`,
  right: `
@Checkpointed({ id: (a: Account) => a.no, version: 1 })
class Account {
  no = '1';
  @Transient() private socket?: Socket;
  balance = 0n;
}`,
  unless: 'Fields that `fields`, `transient` or a schema under `state` leave out are not looked at.',
  check({ unit, checker, report }) {
    for (const type of unit.classes) {
      const checkpointed = type.marks.find(({ name }) => name === 'Checkpointed');
      if (!checkpointed || !checkpointed.options.isWhole || checkpointed.options.get('state')) continue;
      const isLeftOut = leftOut(checkpointed.options);
      for (const member of type.node.members) {
        if (!ts.isPropertyDeclaration(member) || isTransient(member) || isStatic(member) || isLeftOut(member.name.getText())) continue;
        const found = member.type ? unencodable(member.type, checker) : member.initializer && liveValue(member.initializer);
        if (!found) continue;
        report({
          at: member.name,
          of: member,
          message: `${type.name}.${member.name.getText()} is ${found}, of which a checkpoint can keep no copy`,
          help: ['add @Transient() and set it again in a method with @AfterRestore()'],
        });
      }
    }
  },
};

/** By `transient`, or because `fields` does not name it. Lists that cannot be read leave out what they like. */
function leftOut({ get }: Options): (name: string) => boolean {
  const [fields, transient] = [get('fields'), get('transient')];
  const holds = (list: ts.Expression, name: string): boolean =>
    !ts.isArrayLiteralExpression(list) || list.elements.some((one) => !ts.isStringLiteralLike(one) || one.text === name);
  return (name) =>
    (fields !== undefined && !(ts.isArrayLiteralExpression(fields) && holds(fields, name))) ||
    (transient !== undefined && holds(transient, name));
}

const isStatic = (member: ts.PropertyDeclaration): boolean =>
  member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;

function isTransient(member: ts.PropertyDeclaration): boolean {
  return (ts.getDecorators(member) ?? []).some((one) => /(^|\.)Transient\b/.test(one.expression.getText()));
}

function liveValue(value: ts.Expression): string | undefined {
  if (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) return 'a function';
  if (ts.isNewExpression(value) && /^(WeakMap|WeakSet|EventEmitter|AbortController|Socket|Promise)$/.test(value.expression.getText())) {
    return `a ${value.expression.getText()}`;
  }
  return ts.isCallExpression(value) && /^(setTimeout|setInterval|Symbol)$/.test(value.expression.getText())
    ? `what ${value.expression.getText()} answers`
    : undefined;
}
