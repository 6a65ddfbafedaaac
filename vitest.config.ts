import ts from 'typescript';
import { defineConfig } from 'vitest/config';
import { mutations } from './test/mutations.mjs';

const conditions = ['mono-source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  plugins: [
    {
      // Standard (TC39) decorators are left in the code by the transformer that vitest uses, and no Node runs them.
      name: 'standard-decorators',
      enforce: 'pre',
      transform(code, id) {
        if (!/\/test\/standard\/.*\.ts$/.test(id)) return undefined;
        const compilerOptions: ts.CompilerOptions = {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
          sourceMap: true,
          verbatimModuleSyntax: true,
        };
        const out = ts.transpileModule(code, { fileName: id, compilerOptions });
        return { code: out.outputText, map: out.sourceMapText ?? null };
      },
    },
    {
      // scripts/mutations.mjs takes a guard out by name, without touching the files.
      name: 'mutation',
      enforce: 'pre',
      transform(code, id) {
        const mutation = mutations.find((one) => one.id === process.env['REDRESS_MUTATION']);
        const places = mutation ? [mutation, ...(mutation.also ?? [])].filter(({ file }) => id.endsWith(file)) : [];
        if (places.length === 0) return undefined;
        return { code: places.reduce((text, { from, to }) => text.replace(from, () => to), code), map: null };
      },
    },
  ],
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    testTimeout: 30_000,
  },
});
