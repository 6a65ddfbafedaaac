/** One thing that the doctor has looked at. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  readonly about: string;
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (about: string, says: string): Finding => ({ level: 'ok', about, says });
export const warning = (about: string, says: string, remedy: string): Finding => ({ level: 'warning', about, says, remedy });
export const problem = (about: string, says: string, remedy: string): Finding => ({ level: 'problem', about, says, remedy });
