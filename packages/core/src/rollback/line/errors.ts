import { RedressError } from '../../base/errors.js';

/** A process, checkpoint or interval is named that the graph does not hold. Code `LINE_ARGUMENT`. */
export class LineArgumentError extends RedressError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('LINE_ARGUMENT', message, { details });
  }
}

/** No consistent line is left below what was asked for: a checkpoint that it needs was forgotten. Code `LINE_LOST`. */
export class LineLostError extends RedressError {
  constructor(process: string, oldest: number) {
    super('LINE_LOST', `"${process}" would have to go back behind its oldest checkpoint (${oldest}): what it needs was forgotten.`, {
      details: { process, oldest },
    });
  }
}
