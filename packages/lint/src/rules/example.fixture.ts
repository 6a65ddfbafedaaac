/** What stands before each example of a rule, so that it is a whole file. */
export const PRELUDE = `import 'reflect-metadata';
import { RefusedError } from '@redress/core';
import type { Probe } from '@redress/core';
import { AfterRestore, Checkpointed, Compensate, Hedge, Logged, Retry, run, Saga, Step, step, Timeout, Transient } from '@redress/decorators';
import type { Undo } from '@redress/decorators';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { inject, singleton } from 'tsyringe';
import { archive, bank, CardDeclined, carrier, isNotFound, mailer, other, url, warehouse } from './outside.js';
import { Stock } from './stock.js';
import type { Order } from './order.js';
`;
