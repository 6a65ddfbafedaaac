import { ts } from 'ts-morph';

/** The syntax trees and the checker of the one back end there is. Nothing but this file and its neighbour knows where they come from. */
export { ts };

export interface TypedProject {
  /** By absolute path; undefined when the project does not hold it. */
  file(path: string): ts.SourceFile | undefined;
  /** All sources that are read, declarations of packages left out. */
  readonly sources: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
  /** The compiler writes the types of decorated signatures into the program. */
  readonly emitsMetadata: boolean;
}

/** What the lint needs of a compiler. */
export interface BackEnd {
  /** One file, without types. Never throws on odd code. */
  parse(path: string, text: string): ts.SourceFile;
  /** Files with all that they import, and types. @throws LintUsageError when the configuration cannot be read. */
  open(roots: readonly string[], tsconfig: string | undefined): TypedProject;
}
