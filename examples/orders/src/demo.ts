#!/usr/bin/env node
import { createScreen, runDemo } from '@redress/example-shared';
import { readOptions } from './options.js';

/*
 * The parent: it starts the worker, kills it, starts it again, and checks at the end that nothing was lost. It does no
 * order itself. What is heavy is imported after the first line is on the screen.
 */

runDemo(async (argv) => {
  const options = readOptions(argv);
  if (!options) return 0;
  const screen = createScreen(options.json ? process.stderr : process.stdout);
  if (options.everyCrash) {
    const { everyCrash } = await import('./every-crash.js');
    return everyCrash(screen, options);
  }
  const { placeOrders } = await import('./place-orders.js');
  return placeOrders(screen, options);
});
