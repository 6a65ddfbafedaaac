export const ENDINGS: Readonly<Record<string, { readonly status: string; readonly effects: readonly string[] }>>;
