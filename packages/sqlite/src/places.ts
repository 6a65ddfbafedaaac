import { NEAR } from './schema.js';

/*
 * Where the first entries of a stream lie, as its head keeps it: runs of neighbours, `17+2,40+1` for those at 17, 18 and 40.
 */

/** `places` with those of `count` more entries, of which the first is number `first` of the stream and lies at `position`. */
export function withPlaces(places: string, first: number, count: number, position: number): string {
  const near = Math.min(count, NEAR - first);
  if (near <= 0) return places;
  return places === '' ? `${position}+${near}` : `${places},${position}+${near}`;
}

/** The position of each of the first entries, in their order. */
export function placesIn(places: string): readonly number[] {
  if (places === '') return [];
  return places.split(',').flatMap((run) => {
    const [position = 0, count = 0] = run.split('+').map(Number);
    return Array.from({ length: count }, (_, i) => position + i);
  });
}
