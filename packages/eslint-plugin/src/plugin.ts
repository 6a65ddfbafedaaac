import { createRequire } from 'node:module';
import { catalog, loadRules } from '@redress/lint';
import { ruleFor } from './rule.js';
import type { Plugin, PluginConfig } from './types.js';

const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };
const loaded = await loadRules();

const shown = catalog.flatMap((one) => {
  const inEditor = loaded.inEditor.find(({ id }) => id === one.id);
  return inEditor ? [{ ...one, summary: inEditor.summary }] : [];
});

function config(name: 'recommended' | 'strict'): PluginConfig {
  const on = shown.filter(({ preset }) => name === 'strict' || preset === 'recommended');
  const rules = on.map(({ id, level }) => [`redress/${id}`, level === 'error' ? 'error' : 'warn'] as const);
  return {
    name: `redress/${name}`,
    get plugins() {
      return { redress: plugin };
    },
    rules: Object.fromEntries(rules),
  };
}

/**
 * The rules of the lint that one file is enough for: same ids, same messages. `configs.recommended` and `configs.strict` are flat
 * configurations. `settings.redress` takes `effects` and `modules`, as the configuration of the command does.
 */
export const plugin: Plugin = {
  meta: { name: 'eslint-plugin-redress', version: manifest.version, namespace: 'redress' },
  rules: Object.fromEntries(shown.map((one) => [one.id, ruleFor(one, loaded.lintText)])),
  configs: { recommended: config('recommended'), strict: config('strict') },
};
