import { messageOf, RedressError } from '../../base/errors.js';
import type { DominoReport } from '../line/explain.js';
import { dominoText } from '../line/render.js';
import type { ProcessId } from '../words.js';

/** Another life of this process has begun: nothing of what this one does is kept any more. Code `PROCESS_FENCED`. */
export class ProcessFencedError extends RedressError {
  constructor(process: ProcessId) {
    super('PROCESS_FENCED', `"${process}" was opened elsewhere since: what this life of it does is not kept.`, { details: { process } });
  }
}

/** The process has ended: it was stopped, or something failed that leaves its state in doubt. Code `PROCESS_ENDED`. */
export class ProcessEndedError extends RedressError {
  constructor(process: ProcessId, cause?: unknown) {
    const why = cause === undefined ? 'it was stopped' : messageOf(cause);
    super('PROCESS_ENDED', `"${process}" has ended (${why}). Open it again to go on from the recovery line.`, {
      cause,
      details: { process },
    });
  }
}

/** Others would have to go back as well, and that was not asked for. Nothing was changed. Code `PROCESS_ORPHANS`. */
export class OrphansError extends RedressError {
  readonly report: DominoReport;

  constructor(process: ProcessId, report: DominoReport) {
    super('PROCESS_ORPHANS', `"${process}" cannot go back alone; ask for it with scope "group".\n${dominoText(report)}`, {
      details: { process, line: report.line },
    });
    this.report = report;
  }
}

/** A name that is not of the group, or a group that was founded with others. Code `GROUP_MEMBERS`. */
export class GroupMembersError extends RedressError {
  constructor(group: string, members: readonly ProcessId[], problem: string) {
    super('GROUP_MEMBERS', `The group "${group}" was founded with ${members.join(', ')}: ${problem}.`, { details: { group, members } });
  }
}
