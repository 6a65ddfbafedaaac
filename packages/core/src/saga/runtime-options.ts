import { z } from 'zod';
import { ConfigurationError, RefusedError } from '../base/errors.js';
import type { Tags } from './definition.js';
import type { Store } from '../base/store.js';

const duration = z.union([z.number().min(0), z.string()]).optional();
/** The options of a runtime. */
export const runtimeOptions = z.strictObject({
  store: z.custom<Store>(
    (value) => typeof (value as Store | undefined)?.commit === 'function',
    'A store is needed, such as memoryStore() or sqliteStore(file)',
  ),
  sagas: z.array(z.unknown()).optional(),
  steps: z.array(z.unknown()).optional(),
  environment: z.object({}).loose().optional(),
  oldCodecs: z.array(z.unknown()).optional(),
  lease: duration,
  poll: duration,
  flush: duration,
  grace: duration,
  drain: duration,
  retention: duration,
  maxRecoveries: z.number().int().min(1).optional(),
  maxConcurrentRuns: z.number().int().min(1).optional(),
  interceptors: z.array(z.function()).optional(),
  alwaysReplay: z.boolean().optional(),
  worker: z.boolean().optional(),
});

/** The id, when it can be one. @throws RefusedError */
export function checkId(saga: string, id: string): string {
  if (isShortText(id)) return id;
  throw new RefusedError(
    `${saga} was given the id ${JSON.stringify(id)}. An id is a text of 1 to 300 characters without control characters.`,
    {
      code: 'SAGA_ID_INVALID',
    },
  );
}

/** Tags are found by their equality: each a short text. `error` is the engine's own. */
export function checkTags(saga: string, tags: Tags | undefined): Tags | undefined {
  for (const [key, value] of Object.entries(tags ?? {})) {
    if (key !== 'error' && isShortText(key) && isShortText(value)) continue;
    throw new RefusedError(
      `${saga} was given the tag ${JSON.stringify(key)}: ${JSON.stringify(value)}. Names and values of tags are texts of 1 to 300 characters without control characters; "error" is taken.`,
      { code: 'SAGA_TAG_INVALID' },
    );
  }
  return tags && Object.keys(tags).length > 0 ? tags : undefined;
}

function isShortText(text: unknown): boolean {
  return typeof text === 'string' && text.length > 0 && text.length <= 300 && !/[\0-\x1f\x7f]/.test(text);
}

export function unregistered(saga: string): ConfigurationError {
  return new ConfigurationError([
    {
      subject: `saga ${saga}`,
      cause: 'this runtime does not know it, so no process could recover its runs.',
      remedy: 'Add it to `sagas` of createRuntime, or its class to `classes` of redress.',
    },
  ]);
}
