/** The person at the keyboard can put it right: one sentence on stderr, exit code 2, and nothing was written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
