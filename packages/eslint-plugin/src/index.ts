export { plugin, plugin as default } from './plugin.js';
export type { EditorRule, Plugin, PluginConfig, RuleContext, RuleFixer } from './types.js';
