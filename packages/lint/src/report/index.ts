import { github } from './github.js';
import { json } from './json.js';
import { junit } from './junit.js';
import type { Reporter } from './report.js';
import { sarif } from './sarif.js';
import { stylish } from './stylish.js';

export type Format = 'stylish' | 'json' | 'github' | 'sarif' | 'junit';

export const reporters: Readonly<Record<Format, Reporter>> = { stylish, json, github, sarif, junit };
