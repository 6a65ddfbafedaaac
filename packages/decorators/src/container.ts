/** What an object is registered under: its class, a string, a symbol, or what else the container takes. */
export type Token = object | string | symbol;

/**
 * The part of a dependency-injection container that is used: finding the object of a class. tsyringe's containers fit
 * as they are; for others, hand in `{ resolve: (token) => … }`. The parameter is typed `never`, so that a container
 * fits whatever it takes as a token.
 */
export interface Container {
  /** The object registered under the token. Throws when there is none. */
  resolve(token: never): unknown;
  /** Calls back each time that the token is resolved: it says which runtime an object belongs to. */
  afterResolution?(token: never, callback: (token: unknown, result: unknown) => void, options: { frequency: 'Always' }): void;
}
