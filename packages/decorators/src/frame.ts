import { currentScope, runInScope } from '@redress/core';
import type { Call, Scope } from '@redress/core';
import type { Method } from './registry.js';

/** The marked method that is running: what `super.method()` and calls inside of it belong to. */
export interface Frame {
  readonly instance: object;
  readonly method: string;
  readonly marked: Method;
  readonly call?: Call;
  /** It repeats its body; the outermost call owns the retries. */
  readonly retries: boolean;
}

export function frameOf(scope: Scope | undefined): Frame | undefined {
  return scope?.self as Frame | undefined;
}

export function inFrame<T>(frame: Frame, more: Scope, fn: () => T): T {
  return runInScope({ ...currentScope(), ...more, self: frame }, fn);
}

/** Whether this call is `super.method()`: it comes from the running method and goes to the same one further up. */
export function isSuper(frame: Frame | undefined, instance: object, marked: Method): boolean {
  return (
    frame !== undefined &&
    frame.instance === instance &&
    frame.method === marked.key &&
    frame.marked !== marked &&
    frame.marked.home !== marked.home
  );
}

/** The body of a saga itself; the engine has set the pass. */
export async function runBody(method: Method, instance: object, args: readonly unknown[]): Promise<unknown> {
  const frame: Frame = { instance, method: method.key, marked: method, retries: false };
  return inFrame(frame, {}, () => method.raw.apply(instance, [...args]));
}
