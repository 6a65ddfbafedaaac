/** How a run ended, as far as this process knows: `left` means that others go on with it. */
export type RunEnd =
  | { readonly status: 'completed'; readonly result: unknown }
  | { readonly status: 'compensated'; readonly cause: unknown }
  | { readonly status: 'mixed'; readonly cause: unknown }
  | { readonly status: 'stuck'; readonly cause: unknown; readonly step: string; readonly error: unknown }
  | { readonly status: 'left'; readonly why: string };

const AT_REST: ReadonlySet<string> = new Set(['completed', 'compensated', 'mixed', 'stuck']);

/** Nothing follows on an end by itself, and only a person helps a stuck run. */
export function isAtRest(status: string): boolean {
  return AT_REST.has(status);
}
