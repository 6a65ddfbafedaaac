import type { Store } from '@redress/core';

export function openStore(place: string): Promise<Store>;
