import type { z } from 'zod';
import { ConfigurationError } from './errors.js';
import type { Problem } from './errors.js';

/** @throws ConfigurationError with one problem for each option that does not fit. */
export function checkOptions(subject: string, schema: z.ZodType, options: unknown): void {
  const result = schema.safeParse(options);
  if (result.success) return;
  throw new ConfigurationError(
    result.error.issues.map((issue): Problem => {
      const at = issue.path.join('.');
      return { subject: at ? `${subject}, ${at}` : subject, cause: `${issue.message}.`, remedy: 'See the options in its documentation.' };
    }),
  );
}
