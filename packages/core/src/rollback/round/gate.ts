/** Calls pass while it is open. Closing lets those that are inside come to their end. */
export class Gate {
  private isOpen = false;
  private inside = 0;
  private entering: (() => void)[] = [];
  private leaving: (() => void)[] = [];
  private ended: { readonly error: unknown } | undefined;

  async enter(): Promise<void> {
    while (!this.isOpen) {
      if (this.ended) throw this.ended.error;
      await new Promise<void>((resolve) => this.entering.push(resolve));
    }
    this.inside += 1;
  }

  leave(): void {
    this.inside -= 1;
    if (this.inside === 0) for (const one of this.leaving.splice(0)) one();
  }

  open(): void {
    if (this.ended) return;
    this.isOpen = true;
    this.letIn();
  }

  /** Fulfilled when nobody is inside. */
  async close(): Promise<void> {
    this.isOpen = false;
    if (this.inside > 0) await new Promise<void>((resolve) => this.leaving.push(resolve));
  }

  /** Nobody enters any more. */
  end(error: unknown): void {
    this.isOpen = false;
    this.ended = { error };
    this.letIn();
  }

  private letIn(): void {
    for (const one of this.entering.splice(0)) one();
  }
}
