import type { Reporter, TestModule } from 'vitest/node';

/** Prints each reason for which tests were skipped, with the first of them: `context.skip('no server')` gives the reason. */
// oxlint-disable-next-line import/no-default-export -- the runner loads a reporter by its default export
export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const names = new Map<string, string[]>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason = (result.state === 'skipped' && result.note) || 'no reason given';
        names.set(reason, [...(names.get(reason) ?? []), `${module.relativeModuleId} > ${test.fullName}`]);
      }
    }
    if (names.size > 0) console.log('\nSkipped:');
    for (const [reason, [first, ...more]] of names) {
      console.log(`  ${reason}: ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`);
    }
  }
}
