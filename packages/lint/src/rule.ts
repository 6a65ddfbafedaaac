import type { Operation, Unit } from './analysis/model.js';
import type { Reach } from './analysis/reach.js';
import type { Resolver } from './analysis/resolver.js';
import type { Classify } from './effects/classify.js';
import type { ts } from './port.js';

export type Level = 'error' | 'warning';

/** A piece of text to be replaced, by offsets into the file. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Suggestion {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** What a rule says of one place. */
export interface Problem {
  /** What is underlined. */
  readonly at: ts.Node;
  /** Whose first line is the position; default: what is underlined. */
  readonly of?: ts.Node;
  /** One sentence, with the names in it. */
  readonly message: string;
  readonly help?: readonly string[];
  /** The class and method it concerns; default: those around the place. */
  readonly subject?: Operation;
  /** Files of the chain, absolute. */
  readonly through?: readonly string[];
  /** Safe: applied by `--fix`. */
  readonly fix?: readonly Edit[];
  /** For a person to choose from. */
  readonly suggestions?: readonly Suggestion[];
}

export interface Context {
  readonly unit: Unit;
  readonly resolver: Resolver;
  readonly reach: Reach;
  readonly classify: Classify;
  /** All units of the project; in an editor only this file. */
  readonly units: readonly Unit[];
  /** Undefined where there are no types. */
  readonly checker: ts.TypeChecker | undefined;
  /** The compiler writes the types of decorated signatures into the program. */
  readonly emitsMetadata: boolean;
  report(problem: Problem): void;
  /** A path as it is shown. */
  display(path: string): string;
}

/** One rule, with all that its page says. */
export interface Rule {
  readonly id: string;
  readonly family: 'compensation' | 'pivot and policy' | 'saga body' | 'step body' | 'rollback' | 'wiring';
  readonly preset: 'recommended' | 'strict';
  readonly level: Level;
  /** Whether one file is enough for it. `project`: it says nothing in an editor. */
  readonly scope: 'file' | 'project';
  readonly summary: string;
  readonly why: string;
  readonly wrong: string;
  readonly right: string;
  readonly options?: string;
  readonly unless: string;
  check(context: Context): void;
}
