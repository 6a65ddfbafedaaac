import type { Store } from '@redress/core';

export const STORES: Readonly<Record<string, (place: string) => Store>>;
