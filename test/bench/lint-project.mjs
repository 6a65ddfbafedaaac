// A project of 1,000 files and 10,000 methods for the bench of the lint: 100 files import us, 300 are reached from those.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const FILES = 1000;
export const SAGAS = 50;
export const STEPS = 50;
export const REACHED = 300;
const METHODS = 10;

/** Methods as services have them, with little for a type checker to infer. */
function methods(name, extra) {
  return Array.from({ length: METHODS }, (_, i) => {
    const call = extra(i);
    return `
  async method${i}(input: ${name}Input, count = ${i}): Promise<${name}Output> {
    let total = 0;
    for (const line of input.lines) if (line.quantity > count) total += line.quantity * line.cents;
    const label = input.lines.map(({ sku }) => sku).join(', ');
    ${call}
    return { id: \`\${input.id}-\${total}\`, label, at: new Date(total) };
  }`;
  }).join('\n');
}

const types = (name) => `
export interface ${name}Line { sku: string; quantity: number; cents: number }
export interface ${name}Input { id: string; lines: ${name}Line[] }
export interface ${name}Output { id: string; label: string; at: Date }
`;

/** `n` is reached from the first 400, and reaches the next one. */
function plain(n) {
  const next = n + 1 < 100 + REACHED && (n - 100) % 3 !== 2 ? n + 1 : undefined;
  const uses = next === undefined ? '' : `import { Service${next} } from './service${next}.js';`;
  const field = next === undefined ? '' : `\n  private readonly next = new Service${next}();`;
  const call = (i) => {
    if (next !== undefined) return `await this.next.method${i}({ id: input.id, lines: input.lines });`;
    return i === 0 && n < 100 + REACHED
      ? "await fetch('https://example.org', { method: 'POST', body: label });"
      : 'await Promise.resolve(label);';
  };
  return `${uses}\n${types(`Service${n}`)}\nexport class Service${n} {${field}\n${methods(`Service${n}`, call)}\n}\n`;
}

/** A service whose first method is a step with an undo; the rest are helpers. */
function steps(n) {
  const name = `Service${n}`;
  const uses = [0, 1].map((k) => 100 + (((n - SAGAS) * 6 + k * 3) % REACHED));
  const marks = `
  @Compensate((s: ${name}) => s.undo, { total: true })
  @Timeout('5s')
  async act(input: ${name}Input): Promise<string> { return (await this.first.method0({ id: step().key, lines: input.lines })).id; }
  async undo(undo: Undo<${name}, 'act'>): Promise<void> { await this.second.method1({ id: undo.forwardKey, lines: [] }); }`;
  const imports = uses.map((one) => `import { Service${one} } from './service${one}.js';`).join('\n');
  return `import { Compensate, step, Timeout } from '@redress/decorators';\nimport type { Undo } from '@redress/decorators';\n${imports}\n${types(name)}
export class ${name} {\n  private readonly first = new Service${uses[0]}();\n  private readonly second = new Service${uses[1]}();${marks}
${methods(name, () => 'await Promise.resolve(label);')}\n}\n`;
}

function saga(n) {
  const name = `Service${n}`;
  // Each tenth calls something that is no step.
  const uses = [SAGAS + n, SAGAS + ((n + 1) % STEPS), ...(n % 10 === 0 ? [100 + n * 6] : [])];
  const gap = n % 10 === 0 ? 'await this.step2.method0(input);' : '';
  const fields = uses.map((one, i) => `\n  private readonly step${i} = new Service${one}();`).join('');
  return `import { Saga } from '@redress/decorators';\n${uses.map((one) => `import { Service${one} } from './service${one}.js';`).join('\n')}\n${types(name)}
export class ${name} {${fields}
  @Saga({ id: (input: ${name}Input) => input.id })
  async run(input: ${name}Input): Promise<string> { const first = await this.step0.act(input); await this.step1.act(input); ${gap} return first; }
${methods(name, () => 'await Promise.resolve(label);')}\n}\n`;
}

/** Writes it. Our decorators are declared in it, so that the type check does the same work wherever it stands. */
export function generate(root) {
  mkdirSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(root, 'node_modules/@redress/decorators'), { recursive: true });
  const declared = `export type Undo<_S, _M> = { readonly forwardKey: string; readonly key: string };
export declare function Saga(options?: object): MethodDecorator;
export declare function Compensate<S>(of: (self: S) => unknown, options?: object): MethodDecorator;
export declare function Timeout(limit: string): MethodDecorator;
export declare function step(): { readonly key: string };\n`;
  writeFileSync(join(root, 'node_modules/@redress/decorators/index.d.ts'), declared);
  writeFileSync(
    join(root, 'node_modules/@redress/decorators/package.json'),
    '{ "name": "@redress/decorators", "types": "./index.d.ts", "type": "module" }',
  );
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'DOM'],
    types: [],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    experimentalDecorators: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  writeFileSync(join(root, 'package.json'), '{ "name": "generated", "type": "module" }');
  for (let n = 0; n < FILES; n++) {
    const text = n < SAGAS ? saga(n) : n < SAGAS + STEPS ? steps(n) : plain(n);
    writeFileSync(join(root, `src/service${n}.ts`), text);
  }
}
