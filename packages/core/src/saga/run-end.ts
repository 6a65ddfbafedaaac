/** How a run ended, as far as this process knows: `left` means that others go on with it. */
export type RunEnd =
  | { readonly status: 'completed'; readonly result: unknown }
  | { readonly status: 'compensated'; readonly cause: unknown }
  | { readonly status: 'mixed'; readonly cause: unknown }
  | { readonly status: 'stuck'; readonly cause: unknown; readonly step: string; readonly error: unknown }
  | { readonly status: 'left'; readonly why: string };
