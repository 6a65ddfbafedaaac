/** The house: which package stands on which, and what may be read where. A new package or family gets its line here. */

/** What each package may import of ours. A test may import whatever its package declares. */
export const FLOORS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  memory: ['core'],
  redis: ['core'],
  sqlite: ['core'],
  postgres: ['core'],
  decorators: ['core'],
  // Stands on what users' tests stand on: marked classes over a memory store.
  testkit: ['core', 'memory', 'decorators'],
  cli: ['core', 'memory', 'redis', 'sqlite', 'postgres', 'testkit', 'decorators', 'lint'],
  dashboard: ['core', 'memory', 'redis', 'sqlite', 'postgres', 'testkit', 'decorators'],
  nestjs: ['core', 'memory', 'redis', 'sqlite', 'postgres', 'testkit', 'decorators'],
  lint: [],
  'eslint-plugin': ['lint'],
};

/** The families inside core, and what each may import besides itself. */
export const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  base: [],
  policy: ['base'],
  redundancy: ['base'],
  saga: ['base'],
  rollback: ['base'],
  supervision: ['base'],
};

/** Doors whose host asks for a default export. */
export const DEFAULT_DOORS: readonly string[] = ['packages/eslint-plugin/src/index.ts'];

/** The only files of core that read the computer's clock and chance. */
export const CLOCK = 'packages/core/src/base/clock.ts';
export const CHANCE = 'packages/core/src/base/random.ts';

export const LONGEST = 300;
