/** What goes between a process or thread and the one that has started it; a program's own messages pass beside it. */
export type Wire =
  | { readonly redress: 'ready' | 'beat' | 'stop' }
  | { readonly redress: 'ping' | 'pong'; readonly n: number }
  /** To a replica, which has one task at a time, and what it says. Its program is plain JavaScript: see replica-process.mjs. */
  | { readonly redress: 'task' | 'answer'; readonly body: unknown };

export function asWire(message: unknown): Wire | undefined {
  return typeof message === 'object' && message !== null && 'redress' in message ? (message as Wire) : undefined;
}
