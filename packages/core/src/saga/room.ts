interface Guest {
  /** How many children it waits for. */
  waits: number;
}

/**
 * How many recovered runs a process drives. One that waits for a child takes no room meanwhile: when all room is taken
 * by those that wait, nobody goes on with what they wait for.
 */
export class Room {
  /** Recovered runs, by stream. */
  private readonly guests = new Map<string, Guest>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.guests.size;
  }

  get left(): number {
    let busy = 0;
    for (const { waits } of this.guests.values()) if (waits === 0) busy += 1;
    return this.most - busy;
  }

  /** A recovered run takes room until it is `gone`. */
  take(stream: string, gone: Promise<unknown>): void {
    const guest = { waits: 0 };
    this.guests.set(stream, guest);
    void gone.then(() => {
      if (this.guests.get(stream) === guest) this.guests.delete(stream);
    });
  }

  /** Waits in the name of a run, which may be a recovered one. */
  async waiting<T>(stream: string, wait: () => Promise<T>): Promise<T> {
    const guest = this.guests.get(stream);
    if (guest) guest.waits += 1;
    try {
      return await wait();
    } finally {
      if (guest) guest.waits -= 1;
    }
  }
}
