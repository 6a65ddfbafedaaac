import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { habitProblems } from './floors/habits.js';
import { readHouse } from './floors/house.js';
import type { House, Manifest } from './floors/house.js';
import { importProblems } from './floors/imports.js';
import { parse } from './floors/source.js';

const house = readHouse(fileURLToPath(new URL('..', import.meta.url)));

describe('floors', () => {
  it('finds the house', () => {
    expect(house.map((room) => room.name)).toContain('core');
  });

  it('imports fall down the floors, without rings, through the doors', () => {
    expect(importProblems(house)).toEqual([]);
  });

  it('packages have one door, files end, names are given, time and chance are handed in', () => {
    expect(habitProblems(house)).toEqual([]);
  });
});

describe('the judge of floors', () => {
  const manifest = (name: string, more: Partial<Manifest> = {}): Manifest => {
    const exports = { '.': './dist/index.js', './package.json': './package.json' };
    return { name: `@redress/${name}`, exports, publishConfig: { exports }, ...more };
  };
  const build = (kind: 'package' | 'example', name: string, files: Record<string, string>, more?: Partial<Manifest>): House => {
    const folder = `${kind}s/${name}`;
    const sources = Object.entries({ 'index.ts': 'export {};', ...files }).map(([file, text]) => parse(`${folder}/src/${file}`, text));
    return [{ folder, name, kind, manifest: manifest(name, more), sources }];
  };
  const core = { dependencies: { '@redress/core': 'workspace:*' } };

  const crooked: readonly (readonly [what: string, problem: RegExp, House])[] = [
    [
      'core imports a package',
      /core may import nothing of ours/,
      build('package', 'core', { 'base/a.ts': "import { x } from '@redress/memory';" }),
    ],
    ['core imports itself by name', /its own package/, build('package', 'core', { 'base/a.ts': "import '@redress/core';" })],
    [
      'a store imports a neighbour',
      /memory may import only core/,
      build('package', 'memory', { 'a.ts': "export * from '@redress/sqlite';" }),
    ],
    ['a type import', /memory may import only core/, build('package', 'memory', { 'a.ts': "import type { X } from '@redress/testkit';" })],
    ['an import() type', /memory may import only core/, build('package', 'memory', { 'a.ts': "type X = import('@redress/testkit').Y;" })],
    ['a dynamic import', /decorators may import only core/, build('package', 'decorators', { 'a.ts': "await import('@redress/cli');" })],
    ['a require', /lint may import nothing of ours/, build('package', 'lint', { 'a.ts': "const x = require('@redress/core');" })],
    ['an import assignment', /lint may import nothing/, build('package', 'lint', { 'a.ts': "import x = require('@redress/core');" })],
    ['a path behind the door', /one door/, build('package', 'memory', { 'a.ts': "import '@redress/core/dist/base/codec.js';" }, core)],
    ['an undeclared package', /does not declare/, build('package', 'memory', { 'a.ts': "import '@redress/core';" })],
    [
      'an undeclared package in a test',
      /does not declare/,
      build('package', 'memory', { 'a.test.ts': "import '@redress/testkit';" }, core),
    ],
    ['a computed import in core', /computed/, build('package', 'core', { 'base/a.ts': 'await import(name);' })],
    ['an unknown package', /without a floor/, build('package', 'attic', { 'a.ts': "import '@redress/core';" }, core)],
    [
      'a path that leaves the package',
      /leaves packages\/memory\/src/,
      build('package', 'memory', { 'a.ts': "import '../../core/src/index.js';" }),
    ],
    [
      'an example that leaves its folder',
      /leaves examples\/o\/src/,
      build('example', 'o', { 'a.ts': "import '../../../packages/core/src/index.js';" }),
    ],
    ['base imports saga', /the family base may import base, not saga/, build('package', 'core', { 'base/a.ts': "import '../saga/b.js';" })],
    [
      'saga imports policy',
      /saga may import saga and base, not policy/,
      build('package', 'core', { 'saga/a.ts': "import '../policy/b.js';" }),
    ],
    ['a family imports the door', /not the door/, build('package', 'core', { 'saga/a.ts': "import '../index.js';" })],
    ['an unknown family', /family without a line/, build('package', 'core', { 'attic/a.ts': "import '../base/b.js';" })],
    [
      'a ring',
      /a\.ts -> .*b\.ts -> .*a\.ts/,
      build('package', 'lint', { 'a.ts': "import './b.js';", 'b.ts': "import type { X } from './a.js';" }),
    ],
    [
      'two doors',
      /one door/,
      build('package', 'lint', {}, { exports: { '.': './a.js', './b': './b.js', './package.json': './package.json' } }),
    ],
    [
      'two published doors',
      /publishConfig/,
      build('package', 'lint', {}, { publishConfig: { exports: { '.': './a.js', './b': './b.js' } } }),
    ],
    ['a long file', /301 lines/, build('package', 'lint', { 'a.ts': '//\n'.repeat(301) })],
    ['a default export', /:1 has a default export/, build('package', 'lint', { 'a.ts': 'export default 1;' })],
    ['a default class', /:2 has a default export/, build('package', 'lint', { 'a.ts': '\nexport default class A {}' })],
    ['a name exported as default', /default export/, build('package', 'lint', { 'a.ts': 'const a = 1; export { a as default };' })],
    ['any', /:2 says "any"/, build('package', 'lint', { 'a.ts': '\nexport const a = (x: Map<string, any>) => x;' })],
    ['Date.now', /reads Date\.now: take it from environment\.clock/, build('package', 'core', { 'base/a.ts': 'Date.now();' })],
    ['Date.now by another way', /reads Date\.now/, build('package', 'core', { 'base/a.ts': "globalThis.Date['now']();" })],
    ['Date.now taken out', /reads Date\.now/, build('package', 'core', { 'base/a.ts': 'const { now } = Date;' })],
    ['new Date()', /the date of today/, build('package', 'core', { 'base/a.ts': 'new Date();' })],
    ['Math.random', /environment\.random/, build('package', 'core', { 'base/clock.ts': 'const r = Math.random;' })],
    ['setTimeout', /:2 reads setTimeout/, build('package', 'core', { 'saga/a.ts': '\nsetTimeout(() => {}, 1);' })],
    ['setInterval handed on', /reads setInterval/, build('package', 'core', { 'saga/a.ts': 'const timers = { setInterval };' })],
    ['setImmediate of globalThis', /reads setImmediate/, build('package', 'core', { 'saga/a.ts': 'globalThis.setImmediate(f);' })],
    ['performance.now', /reads performance\.now/, build('package', 'core', { 'saga/a.ts': 'performance.now();' })],
    [
      'timers from a module',
      /reads "node:timers\/promises"/,
      build('package', 'core', { 'saga/a.ts': "import { setTimeout as f } from 'node:timers/promises';" }),
    ],
    ['randomUUID', /reads randomUUID/, build('package', 'core', { 'saga/a.ts': "import { randomUUID } from 'node:crypto';" })],
  ];
  it.each(crooked)('refuses %s', (_, problem, crookedHouse) => {
    expect([...importProblems(crookedHouse), ...habitProblems(crookedHouse)]).toContainEqual(expect.stringMatching(problem));
  });

  it('accepts what is straight', () => {
    const straight: House = [
      ...build('package', 'core', {
        'base/clock.ts': 'export const clock = { now: () => Date.now(), at: setTimeout, m: () => performance.now() };',
        'base/random.ts': "import { randomBytes } from 'node:crypto'; Math.random();",
        'saga/a.ts':
          "import { b } from '../base/b.js'; import './c.js'; new Date(1); clock.setTimeout(1); let t: ReturnType<typeof setTimeout>;",
        'saga/c.ts': 'interface Timers { setTimeout(ms: number): void } class A { setInterval() {} } x instanceof Date;',
        'saga/a.test.ts': "import '../policy/retry.js'; setTimeout(f, 1); const x: any = 1;",
        'index.ts': "export { a } from './saga/a.js';",
      }),
      ...build(
        'package',
        'memory',
        { 'a.ts': "import '@redress/core'; import(name);", 'a.test.ts': "import '@redress/testkit';" },
        {
          ...core,
          devDependencies: { '@redress/testkit': 'workspace:*' },
        },
      ),
      ...build('example', 'orders', { 'a.ts': "import '@redress/core'; export default 1;" }, core),
    ];
    expect([...importProblems(straight), ...habitProblems(straight)]).toEqual([]);
  });
});
