import type { StandardSchemaV1 } from '@standard-schema/spec';
import { RefusedError } from './errors.js';

/** Any schema that follows Standard Schema: zod, valibot, arktype and others. */
export type Schema<T = unknown> = StandardSchemaV1<unknown, T>;

/** The value as the schema gives it back. @throws RefusedError (code `INPUT_INVALID`) naming each field that does not fit. */
export async function parseWith<T>(schema: Schema<T>, value: unknown, subject: string): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (!result.issues) return result.value;
  const issues = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  throw new RefusedError(`${subject} was given input that does not fit: ${issues.join('; ')}.`, {
    code: 'INPUT_INVALID',
    details: { issues },
  });
}
