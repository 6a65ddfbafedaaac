export interface World {
  effects(): unknown[];
  asked(): unknown[];
  close(): void;
}

export function openWorld(file: string): World;
