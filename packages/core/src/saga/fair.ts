import type { Claim, Head, Store } from '../base/store.js';

/**
 * Claims that are fair to names. The store takes those due longest first, so ten thousand due runs of one saga would keep
 * all others waiting. A name that has had its share of a full claim is left out of the next ones, until there is room that
 * the others do not use: so a due run waits for at most one claim of each other saga.
 */
export class Fair {
  private readonly served = new Set<string>();

  /** At most `wanted.limit` streams of `wanted.names`. */
  async claim(store: Store, wanted: Claim & { readonly names: readonly string[] }): Promise<readonly Head[]> {
    const others = wanted.names.filter((name) => !this.served.has(name));
    const first = this.served.size > 0 && others.length > 0 ? await store.claim({ ...wanted, names: others }) : [];
    let heads = first;
    if (heads.length < wanted.limit) {
      this.served.clear();
      heads = [...first, ...(await this.rest(store, wanted, first))];
    }
    if (heads.length === wanted.limit) for (const { name } of heads) this.served.add(name);
    return heads;
  }

  /** What is claimed already must be driven, whatever becomes of the second claim. */
  private async rest(store: Store, wanted: Claim, first: readonly Head[]): Promise<readonly Head[]> {
    const limit = wanted.limit - first.length;
    const rest = store.claim({ ...wanted, limit });
    return first.length > 0 ? rest.catch(() => []) : rest;
  }
}
