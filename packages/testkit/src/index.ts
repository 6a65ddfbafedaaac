export { describeStore } from './store-laws/describe-store.js';
export type { DescribeStoreOptions } from './store-laws/describe-store.js';
export type { OpenStoreUnderTest, StoreUnderTest } from './store-laws/store-under-test.js';
export { seededRandom } from './seeded-random.js';
export { VirtualClock } from './virtual-clock.js';
