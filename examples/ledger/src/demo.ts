#!/usr/bin/env node
import { createScreen, runDemo } from '@redress/example-shared';
import { readOptions } from './options.js';

// The parent: it tells the account processes what to do, kills one, and draws. What is heavy is imported later.
runDemo(async (argv) => {
  const options = readOptions(argv);
  if (!options) return 0;
  const screen = createScreen(options.json ? process.stderr : process.stdout);
  const { play } = await import('./play.js');
  return play(screen, options);
});
