/** Where a command writes to, and where it stands. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly cwd: string;
  readonly color: boolean;
  /** Columns. */
  readonly width: number;
}

const WIDE = 160;

/** This process. `NO_COLOR` and `FORCE_COLOR` are heard; what is piped has no colours and is as wide as it likes. */
export function thisTerminal(): Terminal {
  const { env, stdout } = process;
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void process.stderr.write(text),
    cwd: process.cwd(),
    color: env['NO_COLOR'] ? false : isForced || stdout.isTTY,
    width: stdout.isTTY ? stdout.columns : WIDE,
  };
}
