import { coordinated } from './coordinated.js';
import { independent } from './independent.js';
import { logged } from './logged.js';
import type { Scheme } from './scheme.js';

export const SCHEMES = {
  plain: independent('none', 'checkpoints whenever each likes'),
  bcs: independent('bcs', 'the same, and forced ones before messages that would make them useless'),
  round: coordinated,
  log: logged,
} satisfies Readonly<Record<string, Scheme>>;

export type SchemeName = keyof typeof SCHEMES;
