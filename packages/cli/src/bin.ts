#!/usr/bin/env node
import { main } from './main.js';

// The output is flushed before the process ends by itself.
process.exitCode = await main(process.argv.slice(2));
