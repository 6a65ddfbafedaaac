import { describeStore } from '@redress/testkit';
import type { DriverName } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { underTest } from './temporary.fixture.js';

/** Why this driver cannot be tried here, or undefined when it can. */
function missing(driver: DriverName): string | undefined {
  try {
    loadDriver(driver);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
}

for (const driver of ['libsql', 'better-sqlite3', 'node:sqlite'] as const) {
  describeStore(`sqliteStore with ${driver}`, () => underTest({ driver }), { unavailable: missing(driver) });
}
