import { Project } from 'ts-morph';
import type { ProjectOptions } from 'ts-morph';
import { LintUsageError } from './config.js';
import { ts } from './port.js';
import type { BackEnd, TypedProject } from './port.js';

/** Nothing is emitted and nothing is reported, so only what types need is read: no DOM, and no declarations of packages. */
const LENIENT: ts.CompilerOptions = {
  allowJs: false,
  skipLibCheck: true,
  noEmit: true,
  incremental: false,
  composite: false,
  declaration: false,
  types: [],
  lib: ['lib.es2023.d.ts'],
};

const WITHOUT_CONFIG: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  experimentalDecorators: true,
};

/** TypeScript as ts-morph bundles it: the user's own may be 7, which has no interface to ask. */
export const tsMorph: BackEnd = {
  parse(path, text) {
    const kind = path.endsWith('x') ? ts.ScriptKind.TSX : /\.[cm]?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS;
    return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  },
  open: openProject,
};

function openProject(roots: readonly string[], tsconfig: string | undefined): TypedProject {
  const project = configured(tsconfig, {
    ...(tsconfig ? { tsConfigFilePath: tsconfig } : {}),
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    compilerOptions: { ...(tsconfig ? {} : WITHOUT_CONFIG), ...LENIENT },
    resolutionHost: (host, options) => ownFilesOnly(host, options()),
  });
  for (const root of roots) project.addSourceFileAtPathIfExists(root);
  const program = project.getProgram().compilerObject;
  return {
    file: (path) => program.getSourceFile(path),
    sources: program.getSourceFiles().filter((source) => !source.isDeclarationFile && !source.fileName.includes('/node_modules/')),
    checker: program.getTypeChecker(),
    emitsMetadata: program.getCompilerOptions().emitDecoratorMetadata === true,
  };
}

/** @throws LintUsageError when the configuration cannot be read. */
function configured(tsconfig: string | undefined, options: ProjectOptions): Project {
  try {
    return new Project(options);
  } catch (error) {
    if (tsconfig === undefined) throw error;
    throw new LintUsageError(`${tsconfig} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

type ResolutionHost = ReturnType<NonNullable<ProjectOptions['resolutionHost']>>;

/** Packages stay closed, our own too: what is called of them is known by their names, see `effects`. */
function ownFilesOnly(host: ts.ModuleResolutionHost, options: ts.CompilerOptions): ResolutionHost {
  const cache = ts.createModuleResolutionCache(host.getCurrentDirectory?.() ?? '', (name) => name, options);
  return {
    resolveModuleNames: (names, from) =>
      names.map((name) => {
        if (name.startsWith('@redress/')) return undefined;
        const { resolvedModule } = ts.resolveModuleName(name, from, options, host, cache);
        const path = resolvedModule?.resolvedFileName;
        return path === undefined || path.includes('/node_modules/') || /\.d\.[cm]?ts$/.test(path) ? undefined : resolvedModule;
      }),
  };
}
