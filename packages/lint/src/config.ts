import { z } from 'zod';
import { catalog } from './catalog.js';
import type { EffectOptions } from './effects/classify.js';

export type RuleSetting = 'off' | 'warn' | 'error';

/** The `lint` part of `redress.config.ts`. */
export interface LintConfig {
  /** `recommended`: no known false positives. `strict`: guesses too. Default: `recommended`. */
  readonly preset?: 'recommended' | 'strict';
  /** By id, over the preset. */
  readonly rules?: Readonly<Record<string, RuleSetting>>;
  /** What calls of a package, or a global, do: merged with the shipped list. */
  readonly effects?: EffectOptions;
  /** Globs. Default: all TypeScript. */
  readonly include?: readonly string[];
  /** Globs. Default: tests, `dist`, declarations. */
  readonly exclude?: readonly string[];
  /** Default: `tsconfig.json` beside the configuration, where there is one. */
  readonly tsconfig?: string;
  /** Where marks are imported from, besides `@redress/`: modules of your own that export them again. */
  readonly modules?: readonly string[];
  /** Default: `redress-baseline.json`. */
  readonly baseline?: string;
  /** Default: any number. */
  readonly maxWarnings?: number;
}

/** `redress.config.ts`; other commands have parts of their own. */
export interface RedressConfig {
  readonly lint?: LintConfig;
}

/** Gives the configuration its type. */
export function defineConfig(config: RedressConfig): RedressConfig {
  return config;
}

/** The caller's mistake: an option, a file or a reference that does not fit. */
export class LintUsageError extends Error {
  override readonly name = 'LintUsageError';
}

const kind = z.enum(['write', 'read', 'random', 'pure']);
const names = z.array(z.string()).optional();
const lintConfig = z.strictObject({
  preset: z.enum(['recommended', 'strict']).optional(),
  rules: z.record(z.string(), z.enum(['off', 'warn', 'error'])).optional(),
  effects: z
    .record(z.string(), z.union([kind, z.strictObject({ write: names, read: names, random: names, sql: names, http: names })]))
    .optional(),
  include: names,
  exclude: names,
  tsconfig: z.string().optional(),
  modules: names,
  baseline: z.string().optional(),
  maxWarnings: z.number().int().min(0).optional(),
});

/** @throws LintUsageError that names what does not fit. */
export function checkLintConfig(config: unknown, from: string): LintConfig {
  const outer = z.looseObject({ lint: z.unknown().optional() }).safeParse(config ?? {});
  if (!outer.success) throw new LintUsageError(`${from}: it must export an object, such as defineConfig({ lint: { … } }).`);
  const parsed = lintConfig.safeParse(outer.data.lint ?? {});
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new LintUsageError(
      `${from}: lint${first?.path.map((one) => `.${String(one)}`).join('') ?? ''}: ${first?.message ?? 'it does not fit'}.`,
    );
  }
  const unknown = Object.keys(parsed.data.rules ?? {}).filter((id) => !catalog.some((one) => one.id === id));
  if (unknown.length > 0) throw new LintUsageError(`${from}: there is no rule ${unknown.join(', ')}. See redress explain.`);
  return parsed.data as LintConfig;
}

export function modulesOf(config: LintConfig): readonly string[] {
  return ['@redress/', ...(config.modules ?? [])];
}
