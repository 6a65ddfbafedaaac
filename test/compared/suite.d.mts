export interface Library {
  readonly name: string;
}

export interface Scenario {
  /** What must hold. */
  readonly must: string;
  /** Undefined where a library has no such thing. */
  run(library: Library): Promise<{ readonly right: boolean; readonly seen: string } | undefined>;
}

export const scenarios: Readonly<Record<string, Scenario>>;

export function libraries(
  print: (line: string) => void,
): Promise<{ readonly all: readonly Library[]; readonly skipped: readonly string[] }>;
