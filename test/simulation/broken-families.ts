import type { History } from './history.js';
import type { Rule } from './rules.js';
import { EPOCH } from './timeline.js';
import { decided, entry, frozen, intent, key, outcome, OVER, PART, pivot, RUN, started, undone, Writer } from './written.js';

const CHILD = `part/${key(PART)}`;
const ended = (result: unknown) => entry('end', 'saga.completed', { result });
const born = entry('started', 'saga.started', { saga: 'part', id: key(PART), version: 1, args: [], nonce: 'v' });
const done = entry('step:1/outcome', 'step.completed', { outcome: 'done', result: 'c', alsoUnknown: false });
const end = (result: unknown, run = RUN) => [[ended(result)], { run, status: 'completed', ...OVER }] as const;
const compensated = entry('end', 'saga.compensated');

/** A run whose step is a saga, to where that has begun, and to where it has completed. */
const begun = (): Writer => new Writer().commit([started, intent(1, PART)]).commit([born], { run: CHILD });
const grown = (): Writer => begun().commit(...end('c', CHILD));
const backward = (): Writer => grown().commit([done, decided, frozen([1])], { status: 'compensating' });
const recalled = (write: Writer): Writer =>
  write
    .commit([decided], { run: CHILD, status: 'compensating', by: 'p2.1' })
    .commit([frozen([]), entry('end/undone', 'saga.compensated')], { run: CHILD, status: 'compensated', ...OVER });
const undoneToo = [[undone(1), compensated], { status: 'compensated', ...OVER }] as const;

/** Good in all ways: a run that has completed with its child, and one that has taken it back. */
export const family = (): Writer =>
  grown()
    .commit([done])
    .commit(...end('x'));
export const takenBack = (): Writer => recalled(backward()).commit(...undoneToo);

const meta = (value: object): { readonly meta: string } => ({ meta: JSON.stringify(value) });
const inDays = meta({ deadlineAt: EPOCH + 86_400_000 });
const soon = meta({ deadlineAt: EPOCH + 5 });
const over = meta({ deadlineAt: EPOCH - 100 });
const confirm = entry('step:1', 'step.started', { operation: 'confirm', args: [], key: key('confirm'), kind: 'irreversible', pivot: true });
const childPivot = entry('step:1', 'step.started', { operation: 'settle', args: [], key: 'v/settle', kind: 'irreversible', pivot: true });
const often = (write: Writer, times: number): Writer => {
  for (let n = 1; n <= times; n++) write.claim('p1.1', n * 20_000).commit([], { owner: null, wakeAt: EPOCH + n * 20_000 + 10 });
  return write;
};

/** Each rule of deadlines, of pivots in doubt and of sagas as steps, broken by hand. */
export const BROKEN_FAMILIES = {
  deadline: [
    new Writer()
      .commit([started], over)
      .commit([ended('x')], { status: 'completed', ...OVER, ...over })
      .history({ calm: true }),
    new Writer()
      .commit([started, intent(1, 'reserve')], soon)
      .claim('p2.1', 20_000)
      .body('reserve', 'ok', 'p2.1')
      .history(),
  ],
  'deadline-kept': [
    new Writer().commit([started], inDays).history(),
    new Writer()
      .commit([started])
      .answer('completed', { deadline: 5 })
      .commit([intent(1, 'reserve')], inDays)
      .history(),
    new Writer()
      .commit([started], inDays)
      .commit([entry('compensating', 'saga.compensating', { cause: { code: 'SAGA_DEADLINE' } })], { status: 'compensating', ...inDays })
      .history(),
    new Writer()
      .commit([started], soon)
      .commit([], { owner: null, wakeAt: null, ...soon })
      .history({ calm: true }),
  ],
  idle: [often(new Writer().commit([started]), 25).history()],
  doubt: [
    new Writer().commit([started, pivot]).commit([decided], { status: 'compensating' }).history(),
    new Writer()
      .commit([started, pivot])
      .commit([outcome(1, 'unknown')])
      .history(),
    new Writer()
      .commit([started, pivot])
      .commit([outcome(1, 'refused'), decided, frozen([]), compensated], { status: 'compensated', ...OVER })
      .history({ effects: new Map([[key('settle'), 'settle']]) }),
  ],
  'probe-first': [
    new Writer().commit([started, confirm]).body('confirm', 'reset').body('confirm', 'ok', 'p1.1', 2).history(),
    new Writer().commit([started, confirm]).claim('p2.1', 20_000).body('confirm', 'ok', 'p2.1').history(),
  ],
  'child-born': [
    new Writer().commit([born], { run: CHILD }).history(),
    new Writer()
      .commit([started, intent(1, PART)])
      .commit([outcome(1, 'refused')])
      .commit([born], { run: CHILD })
      .history(),
    new Writer()
      .commit([started, intent(1, PART)])
      .commit([entry('started', 'saga.started', { saga: 'part', version: 1, args: ['other'], nonce: 'v' })], { run: CHILD })
      .history(),
  ],
  'child-true': [
    begun().commit([done]).history(),
    begun()
      .commit([outcome(1, 'refused')])
      .history(),
    begun()
      .commit(...end('d', CHILD))
      .commit([done])
      .history(),
  ],
  'child-fails': [
    begun()
      .commit([entry('step:1/outcome', 'step.unknown', { outcome: 'unknown', error: { code: 'STORE_UNAVAILABLE' } })])
      .history(),
  ],
  'child-pivot': [
    begun()
      .commit([childPivot], { run: CHILD })
      .commit([outcome(1, 'done')], { run: CHILD })
      .commit(...end('c', CHILD))
      .commit([done])
      .history(),
    begun()
      .commit([], meta({ pivot: 'passed' }))
      .history(),
  ],
  'child-place': [
    recalled(grown()).history(),
    begun()
      .commit([entry('cancel', 'cancel.requested', { who: 'its parent', why: 'no' })], { run: CHILD, by: 'p2.1' })
      .history(),
  ],
  'child-undone': [
    backward()
      .commit(...undoneToo)
      .history(),
  ],
  'child-stays': [recalled(family()).history()],
} as const satisfies Partial<Record<Rule, readonly History[]>>;
