/** Work that is done one after the other, in the order of asking. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** `work` begins when all that was asked for before has ended, well or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
