// One run of the lint in a process of its own, or of the type check by the TypeScript that ts-morph bundles; says time and memory as JSON.
import { createRequire } from 'node:module';

const [what, root] = process.argv.slice(2);
const start = performance.now();
let found = {};

if (what === 'tsc') {
  const { ts } = common();
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(fileNames, options, libHost(ts, options));
  const problems = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  found = {
    problems: problems.length,
    first: problems[0] && ts.flattenDiagnosticMessageText(problems[0].messageText, ' '),
    files: fileNames.length,
    version: ts.version,
  };
} else {
  const { lintProject } = await import('@redress/lint');
  const { findings, files, units, cached, steps } = await lintProject({ root, cacheFolder: `${root}/.cache` });
  found = { findings: findings.length, files, units, cached, steps: steps.compensated };
}
console.log(
  JSON.stringify({
    ms: performance.now() - start,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
    cpuMs: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
    ...found,
  }),
);

/** ts-morph keeps the library files in memory: they are read from there by both. */
function libHost(ts, options) {
  const host = ts.createCompilerHost(options);
  const { getLibFiles, libFolderInMemoryPath } = common();
  const libs = new Map(getLibFiles().map(({ fileName, text }) => [`${libFolderInMemoryPath}/${fileName}`, text]));
  host.getDefaultLibLocation = () => libFolderInMemoryPath;
  host.getDefaultLibFileName = (one) => `${libFolderInMemoryPath}/${ts.getDefaultLibFileName(one)}`;
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (path) => libs.get(path) ?? readFile(path);
  host.fileExists = (path) => libs.has(path) || fileExists(path);
  host.getSourceFile = (path, languageVersion, ...rest) =>
    libs.has(path) ? ts.createSourceFile(path, libs.get(path), languageVersion) : getSourceFile(path, languageVersion, ...rest);
  return host;
}

/** What ts-morph itself is made of. */
function common() {
  const ofLint = createRequire(createRequire(import.meta.url).resolve('@redress/lint'));
  return createRequire(ofLint.resolve('ts-morph'))('@ts-morph/common');
}
