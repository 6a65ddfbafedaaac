#!/usr/bin/env node
import { createScreen, runDemo } from '@redress/example-shared';
import { readOptions } from './options.js';

/*
 * The parent: it starts the workers, kills them, starts them again, decides as the person in the review office, and
 * checks at the end that no money was lost. It does no transfer itself. What is heavy is imported after the first line
 * is on the screen.
 */

runDemo(async (argv) => {
  const options = readOptions(argv);
  if (!options) return 0;
  const screen = createScreen(options.json ? process.stderr : process.stdout);
  const { transferMoney } = await import('./transfer-money.js');
  return transferMoney(screen, options);
});
