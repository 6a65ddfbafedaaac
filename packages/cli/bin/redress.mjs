#!/usr/bin/env node
import { main } from '../dist/index.js';

// Who reads no further, such as head, has seen enough.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await main(process.argv.slice(2));
