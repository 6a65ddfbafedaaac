// Effect's workflow: activities with `withCompensation`, so its own undo. In memory, or on PostgreSQL through its cluster of one
// (`SingleRunner`), which is its durable engine.
// Settings: a pool of 20 connections, as with the others on PostgreSQL (50 were not better); replies and messages are looked for every 10 ms instead of 200 ms and 10 s; no
// simulated serialization; logs off.
import { PgClient } from '@effect/sql-pg';
import { Duration, Effect, Layer, ManagedRuntime, Redacted, References, Schema } from 'effect';
import { ClusterWorkflowEngine, SingleRunner } from 'effect/cluster';
import { Digest } from 'effect/crypto';
import { Activity, Workflow, WorkflowEngine } from 'effect/workflow';
import { actOrRefuse, orderOf, STEPS, undo } from '../contenders/order.mjs';

const CONNECTIONS = 20;
const Acted = Schema.Struct({ ok: Schema.Boolean, id: Schema.String, cents: Schema.Number });
const Place = Workflow.make('PlaceOrder', {
  payload: { id: Schema.String, cents: Schema.Number },
  idempotencyKey: ({ id }) => id,
  success: Schema.String,
  error: Schema.String,
});

const activity = (name, order) =>
  Activity.make({
    name,
    success: Acted,
    error: Schema.String,
    execute: Effect.tryPromise({ try: () => actOrRefuse(name, order), catch: (error) => error.message }),
  });
// An undo is an activity as well: it is written down that it was done.
const undoing = (name, order) =>
  Activity.make({ name: `undo-${name}`, success: Schema.Void, execute: Effect.promise(() => undo(name, order)) });

const PlaceLive = Place.toLayer(
  Effect.fnUntraced(function* (order) {
    for (const name of STEPS) yield* Workflow.withCompensation(activity(name, order), () => undoing(name, order));
    return 'done';
  }),
);

function engineOf({ kind, url }) {
  if (kind === 'memory') return WorkflowEngine.layerMemory;
  const soon = Duration.millis(10);
  const shardingConfig = { simulateRemoteSerialization: false, entityMessagePollInterval: soon, entityReplyPollInterval: soon };
  return ClusterWorkflowEngine.layer.pipe(
    Layer.provideMerge(SingleRunner.layer({ shardingConfig })),
    Layer.provide(Digest.layerWebCrypto),
    Layer.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: CONNECTIONS })),
  );
}

export async function open(settings) {
  const quiet = Layer.succeed(References.MinimumLogLevel, 'None');
  const runtime = ManagedRuntime.make(PlaceLive.pipe(Layer.provideMerge(engineOf(settings)), Layer.provide(quiet)));
  await runtime.runPromise(Effect.void);
  const outcome = (order) =>
    Place.execute(order).pipe(
      Effect.match({ onSuccess: (ended) => ended, onFailure: (error) => (error === 'ship was refused' ? 'undone' : error) }),
    );
  return {
    durability: settings.kind === 'memory' ? 'none' : 'host',
    note: settings.kind === 'memory' ? undefined : `${CONNECTIONS} connections`,
    one: (i, variant) => runtime.runPromise(outcome(orderOf(variant, i))),
    close: () => runtime.dispose(),
  };
}
