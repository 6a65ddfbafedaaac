// Packs every package that can be published, as it would be published, and lets publint and attw judge the tarball.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packageFolders, root, run } from './tools.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'redress-pack-'));
let bad = 0;
for (const path of packageFolders()) {
  const folder = join(root, path);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  const into = join(scratch, basename(path));
  const packed = spawnSync('pnpm', ['pack', '--pack-destination', into], { cwd: folder, encoding: 'utf8' });
  if (packed.status !== 0) {
    console.error(packed.stdout + packed.stderr);
    bad += 1;
    continue;
  }
  const tarball = join(
    into,
    readdirSync(into).find((file) => file.endsWith('.tgz')),
  );
  const exports = run('publint', [tarball, '--strict']);
  const types = run('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--quiet']);
  console.log(`== ${manifest.name}: publint ${exports === 0 ? 'ok' : 'FAILED'}, attw ${types === 0 ? 'ok' : 'FAILED'}`);
  bad += Number(exports !== 0) + Number(types !== 0);
}
rmSync(scratch, { recursive: true });
process.exit(bad === 0 ? 0 : 1);
