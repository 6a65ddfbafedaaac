import { ts } from '../port.js';
import { optionOf } from './model.js';
import type { ClassModel, Operation, Unit } from './model.js';
import { baseExpression, memberOf } from './own.js';
import { isFunction, valueOf } from './syntax.js';
import type { Function } from './syntax.js';

/** The method or function that undoes a step. */
export interface Handler {
  readonly step: Operation;
  /** Where the step names it. */
  readonly reference: ts.Expression;
  /** Empty for a function without a name. */
  readonly name: string;
  /** `unknown`: it may be inherited from a class that cannot be seen, or the reference is none that can be read. */
  readonly state: 'found' | 'missing' | 'unknown';
  readonly member: ts.Node | undefined;
  readonly fn: Function | undefined;
}

/** All handlers of a file, alternates included. */
export function handlersOf(unit: Unit, checker: ts.TypeChecker | undefined): readonly Handler[] {
  const ofClasses = unit.classes.flatMap((type) => type.operations.flatMap((step) => ofMethod(type, step, checker)));
  const ofFunctions = unit.operations.filter(({ isPlain }) => isPlain).flatMap(ofFunction);
  return [...ofClasses, ...ofFunctions];
}

/** Each function once, with the first step that it undoes. */
export function undoBodies(unit: Unit, checker: ts.TypeChecker | undefined): readonly (Handler & { readonly fn: Function })[] {
  const seen = new Set<Function>();
  return handlersOf(unit, checker).filter((one): one is Handler & { readonly fn: Function } => {
    if (!one.fn || seen.has(one.fn)) return false;
    seen.add(one.fn);
    return true;
  });
}

function ofMethod(type: ClassModel, step: Operation, checker: ts.TypeChecker | undefined): readonly Handler[] {
  const marks = step.marks.filter(({ name }) => name === 'Compensate');
  return marks
    .flatMap((mark) => [mark.args[0], mark.options.get('alternate')])
    .flatMap((reference) => (reference ? [referred(type, step, reference, checker)] : []));
}

function referred(type: ClassModel, step: Operation, reference: ts.Expression, checker: ts.TypeChecker | undefined): Handler {
  const name = nameIn(reference);
  const unknown: Handler = { step, reference, name: name ?? '', state: 'unknown', member: undefined, fn: undefined };
  if (name === undefined) return unknown;
  const member = memberOf(type.node, name) ?? inherited(type.node, name, checker);
  if (member) return { ...unknown, state: 'found', member, fn: isFunction(member) ? member : undefined };
  return isWholly(type.node, checker) ? { ...unknown, state: 'missing' } : unknown;
}

/** `refund` of `(p: Payments) => p.refund`. */
function nameIn(reference: ts.Expression): string | undefined {
  const fn = valueOf(reference);
  if (!fn || (!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn))) return undefined;
  const returned = ts.isBlock(fn.body) ? fn.body.statements.find(ts.isReturnStatement)?.expression : fn.body;
  return returned && ts.isPropertyAccessExpression(returned) && ts.isIdentifier(returned.expression) ? returned.name.text : undefined;
}

function inherited(type: ts.ClassLikeDeclaration, name: string, checker: ts.TypeChecker | undefined): ts.Node | undefined {
  return checker?.getTypeAtLocation(type).getProperty(name)?.declarations?.[0];
}

/** No base of it is out of sight. */
function isWholly(type: ts.ClassLikeDeclaration, checker: ts.TypeChecker | undefined): boolean {
  const base = baseExpression(type);
  if (!base) return true;
  const declared = checker?.getTypeAtLocation(base);
  return declared !== undefined && (declared.flags & ts.TypeFlags.Any) === 0 && (declared.symbol?.declarations?.length ?? 0) > 0;
}

function ofFunction(step: Operation): readonly Handler[] {
  return ['compensate', 'alternate'].flatMap((option) => {
    const reference = optionOf(step, 'Step', option);
    if (!reference) return [];
    const fn = isFunction(reference) ? reference : named(reference);
    return [{ step, reference, name: ts.isIdentifier(reference) ? reference.text : '', state: 'unknown' as const, member: fn, fn }];
  });
}

function named(reference: ts.Expression): Function | undefined {
  const value = valueOf(reference);
  return isFunction(value) ? value : undefined;
}

/** How the body of an undo speaks of its one argument. */
export interface UndoArgument {
  /** `undo`, for `async refund(undo: Undo<…>)`. */
  readonly name: string | undefined;
  /** Taken out of it in the signature: `async refund({ result, forwardKey })`, property to local name. */
  readonly parts: ReadonlyMap<string, string>;
}

export function undoArgument(fn: Function): UndoArgument {
  const name = fn.parameters.find((one) => one.name.getText() !== 'this')?.name;
  if (!name || ts.isIdentifier(name)) return { name: name?.text, parts: new Map() };
  const elements = ts.isObjectBindingPattern(name) ? name.elements : [];
  return { name: undefined, parts: new Map(elements.map((one) => [(one.propertyName ?? one.name).getText(), one.name.getText()])) };
}
