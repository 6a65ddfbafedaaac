// Checks every source and test against the sources of the packages; those under test/standard with standard (TC39) decorators.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './tools.mjs';

const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
const standard = join(root, 'test/standard');
const projects = ['tsconfig.check.json'];
if (existsSync(standard) && readdirSync(standard).some((name) => name.endsWith('.ts'))) projects.push('tsconfig.standard.json');
const worst = Math.max(...projects.map((project) => run(process.execPath, [compiler, '-p', project])));
process.exit(worst);
