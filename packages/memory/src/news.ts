import { SOON_MS } from '@redress/core';
import type { Head, News, Topic, Watch } from '@redress/core';

interface Listener {
  /** Whether its connection is. */
  readonly isOpen: () => boolean;
  readonly heard: (news?: News) => void;
}

/** Calls a function in a later turn. */
type Soon = (fn: () => void) => void;

/** Who listens in one namespace, over all connections. They are told in a later turn, after whoever wrote has been answered. */
export class Listeners {
  readonly #streams = new Map<string, Set<Listener>>();
  readonly #kinds = new Map<string, Set<Listener>>();

  add(topic: Topic, listener: Listener, soon: Soon): Watch {
    const [map, key] = 'id' in topic ? [this.#streams, topic.id] : [this.#kinds, topic.kind];
    const { isOpen } = listener;
    const all = map.get(key) ?? new Set();
    map.set(key, all.add(listener));
    soon(() => tell(all, listener));
    const stop = (): void => {
      all.delete(listener);
      if (all.size === 0 && map.get(key) === all) map.delete(key);
    };
    return {
      get live() {
        return isOpen();
      },
      stop,
    };
  }

  /** A commit has left the stream so. */
  committed({ id, kind, name, owner, wakeAt }: Head, now: number, soon: Soon): void {
    if (owner !== null) return;
    const [ofStream, ofKind] = [this.#streams.get(id), this.#kinds.get(kind)];
    if (ofStream) soon(() => tellAll(ofStream));
    if (!ofKind || wakeAt === null || wakeAt - now > SOON_MS) return;
    const news = { name, inMs: Math.max(wakeAt - now, 0) };
    soon(() => tellAll(ofKind, news));
  }
}

function tellAll(all: Set<Listener>, news?: News): void {
  for (const listener of [...all]) tell(all, listener, news);
}

function tell(all: Set<Listener>, listener: Listener, news?: News): void {
  if (all.has(listener) && listener.isOpen()) listener.heard(news);
}
