import { basename } from 'node:path';
import { ts } from '../port.js';
import type { Classify } from '../effects/classify.js';
import type { EffectKind } from '../effects/list.js';
import { isLogging } from './logging.js';
import type { Operation } from './model.js';
import type { Resolver } from './resolver.js';
import { isFunction, lineOf, walk } from './syntax.js';
import type { Function } from './syntax.js';

/** A call on the way to an effect, within the function that stands before it. */
export interface Hop {
  readonly call: ts.Node;
  /** What it reaches; undefined for the effect itself. */
  readonly fn: Function | undefined;
}

/** An effect that a function reaches, by the shortest way. */
export interface Reached {
  readonly kind: EffectKind;
  /** The call that has the effect. */
  readonly call: ts.Node;
  /** From the function to the effect; the last one is the effect. */
  readonly hops: readonly Hop[];
}

export interface Reach {
  /** What it reaches outside of other sagas and steps. */
  from(fn: Function): readonly Reached[];
  /** The sagas and steps that it calls, helpers included. */
  operations(fn: Function): readonly { readonly operation: Operation; readonly hops: readonly Hop[] }[];
  /** `charge → this.http.post (client.ts:41) → fetch`. */
  chain(name: string, reached: Reached): string;
}

interface Direct {
  readonly effects: readonly { readonly kind: EffectKind; readonly call: ts.Node }[];
  readonly calls: readonly {
    readonly call: ts.CallExpression;
    readonly fns: readonly Function[];
    readonly operations: readonly Operation[];
  }[];
}

/** Follows calls through the project. Each function is read once. */
export function createReach(resolver: Resolver, classify: Classify): Reach {
  const known = new WeakMap<Function, Direct>();
  const direct = (fn: Function): Direct => {
    const before = known.get(fn);
    if (before) return before;
    const answer = readDirect(fn, resolver, classify);
    known.set(fn, answer);
    return answer;
  };
  return {
    from(fn) {
      const found: Reached[] = [];
      each(fn, direct, (one, hops) => {
        for (const { kind, call } of direct(one).effects) found.push({ kind, call, hops: [...hops, { call, fn: undefined }] });
      });
      return found;
    },
    operations(fn) {
      const found: { operation: Operation; hops: readonly Hop[] }[] = [];
      each(fn, direct, (one, hops) => {
        for (const { call, operations } of direct(one).calls) {
          for (const operation of operations) found.push({ operation, hops: [...hops, { call, fn: undefined }] });
        }
      });
      return found;
    },
    chain: (name, { hops }) => [name, ...hops.map((hop, i) => hopText(hop, hops[i + 1]))].join(' → '),
  };
}

/** Breadth first, so that ways are the shortest and rings end. */
function each(root: Function, direct: (fn: Function) => Direct, visit: (fn: Function, hops: readonly Hop[]) => void): void {
  const seen = new Set<Function>([root]);
  let level: { fn: Function; hops: readonly Hop[] }[] = [{ fn: root, hops: [] }];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { fn, hops } of level) {
      visit(fn, hops);
      for (const { call, fns } of direct(fn).calls) {
        for (const callee of fns) {
          if (seen.has(callee)) continue;
          seen.add(callee);
          next.push({ fn: callee, hops: [...hops, { call, fn: callee }] });
        }
      }
    }
    level = next;
  }
}

function readDirect(fn: Function, resolver: Resolver, classify: Classify): Direct {
  const effects: { kind: EffectKind; call: ts.Node }[] = [];
  const calls: { call: ts.CallExpression; fns: readonly Function[]; operations: readonly Operation[] }[] = [];
  walk(fn, (node) => {
    if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.env') effects.push({ kind: 'random', call: node });
    if (ts.isDecorator(node) || (ts.isClassLike(node) && node !== fn.parent)) return false;
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return true;
    if (ts.isCallExpression(node) && isLogging(node)) return true;
    const targets = resolver.targets(node);
    const operations = ts.isCallExpression(node) ? resolver.operations(node) : [];
    const fns = targets.flatMap((one) => (one.kind === 'code' && !resolver.operationOf(one.fn) && isFunction(one.fn) ? [one.fn] : []));
    if (ts.isCallExpression(node) && (fns.length > 0 || operations.length > 0)) calls.push({ call: node, fns, operations });
    for (const target of targets) {
      const kind = target.kind === 'code' ? undefined : classify(target, node);
      if (kind) effects.push({ kind, call: node });
    }
    return true;
  });
  return { effects, calls };
}

function hopText({ call, fn }: Hop, next: Hop | undefined): string {
  const text = calleeText(call);
  if (!fn || !next) return text;
  return `${text} (${basename(next.call.getSourceFile().fileName)}:${lineOf(next.call)})`;
}

/** `this.http.post` of a call, on one line and not too long. */
export function calleeText(node: ts.Node): string {
  const callee = ts.isCallExpression(node) ? node.expression : node;
  const text = callee.getText().replace(/\s+/g, ' ');
  return ts.isNewExpression(node) ? `new ${node.expression.getText()}()` : text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
