/** Who is started anew when one child fails: it alone, all, or it and those that were started after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** Of children in the order of their start, those that the failure of one concerns, in that order. */
export function concerned<T>(strategy: Strategy, children: readonly T[], failed: T): readonly T[] {
  switch (strategy) {
    case 'one-for-one':
      return [failed];
    case 'one-for-all':
      return children;
    case 'rest-for-one':
      return children.slice(children.indexOf(failed));
  }
}
