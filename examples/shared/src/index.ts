// The one door of what the demos have in common.
export { shown } from './address.js';
export { startChild } from './child.js';
export type { Child, Exit } from './child.js';
export { idOf, readRecords, whole } from './csv.js';
export type { BadLine, Form, Records } from './csv.js';
export { checkStorePlace, flag, readFlags, readStorePlace, wholeNumber } from './flags.js';
export type { StorePlace } from './flags.js';
export { openJournal, patiently } from './journal.js';
export { runDemo } from './main.js';
export { euros, judge, total } from './judge.js';
export type { Invariant } from './judge.js';
export { inParallel } from './parallel.js';
export { showInvariants, showTable } from './report.js';
export { runsOf } from './runs.js';
export { createScreen, wrap } from './screen.js';
export type { Screen } from './screen.js';
export { serve } from './serve.js';
export type { Ended } from './serve.js';
export { UsageError } from './usage.js';
export { keep, workplace } from './workplace.js';
export type { Workplace } from './workplace.js';

// The outside world
export { Desk, DESK_TABLES, readDesks, twice } from './desk.js';
export type { DeskFacts, Idempotent } from './desk.js';
export { CALM, FAIR, Network } from './network.js';
export type { EffectHook, Weather } from './network.js';
export { seeded } from './random.js';
export { openSql } from './sql.js';
export type { Sql } from './sql.js';
