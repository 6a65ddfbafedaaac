import { createHash } from 'node:crypto';

/** In front of a saga's name, where the saga is a step of another one. */
export const CHILD = '@saga ';

/** Whether an operation stands for a saga. */
export function isChild(operation: string): boolean {
  return operation.startsWith(CHILD);
}

/** The name of the saga that an operation stands for. */
export function childSaga(operation: string): string {
  return operation.slice(CHILD.length);
}

/** The stream of the run that a key belongs to. */
export function parentOf(key: string): string {
  return key.slice(0, key.lastIndexOf('~'));
}

/** Keys grow with each generation; an id has an end. */
export function childId(key: string): string {
  return key.length <= 200 ? key : `of ${createHash('sha256').update(key).digest('base64url')}`;
}
