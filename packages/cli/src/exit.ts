/** How a command ends. */
export const EXIT = { clean: 0, findings: 1, usage: 2, internal: 3 } as const;

/** The caller's mistake, in one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
