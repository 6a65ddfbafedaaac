/** A file that names none of the modules cannot have a mark of ours. */
export function isFor(text: string, modules: readonly string[]): boolean {
  return modules.some((module) => text.includes(module));
}

const HEIRS = /\b(?:implements|extends)\s+([\w$.,\s<>]{1,300}?)\s*\{/g;

/** The names of the interfaces and classes that classes of a file implement or extend. */
export function heirsIn(text: string): readonly string[] {
  if (!text.includes('implements') && !text.includes('extends')) return [];
  return [...text.matchAll(HEIRS)].flatMap(([, names]) => (names ?? '').split(/[\s,<>.]+/)).filter((one) => /^[A-Z_$]/.test(one));
}
