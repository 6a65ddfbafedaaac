// The limit for SQLite: grouped commits of the driver with nothing above it, as many to a saga as ours makes.
import { openRaw } from '../raw-sqlite.mjs';

export async function open({ file, shape }) {
  const raw = openRaw(file);
  return {
    durability: 'host',
    note: raw.driver,
    perSecond: async (total, width, variant) => {
      const { commits, bytes } = shape[variant];
      return raw.perSecond(Math.ceil(total / width) * width * commits, width, bytes) / commits;
    },
    close: async () => raw.close(),
  };
}
