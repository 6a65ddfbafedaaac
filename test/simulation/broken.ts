import type { History } from './history.js';
import type { Rule } from './rules.js';
import { EPOCH } from './timeline.js';
import {
  OVER,
  RUN,
  key,
  intent,
  outcome,
  entry,
  undone,
  started,
  toThird,
  frozen,
  decided,
  back,
  good,
  pivot,
  wait,
  cancel,
  completed,
  there,
  Writer,
} from './written.js';

const back3 = (): Writer => back(toThird(new Writer()));
/** Each rule of a single run, broken by hand. */
export const BROKEN = {
  'version-grows': [new Writer().commit([started], { version: 2 }).history({ ended: true })],
  'one-owner': [
    toThird(new Writer())
      .commit([outcome(3, 'refused')], { by: 'p2.1' })
      .history(),
  ],
  'claim-only-due': [toThird(new Writer()).claim('p2.1', 500).history(), good().claim('p2.1', 50_000).history()],
  'end-is-final': [
    good()
      .commit([entry('stuck:1', 'saga.stuck', { n: 1, error: 'x' })], { status: 'stuck', ...OVER, by: 'p1.1' })
      .history(),
  ],
  'status-fits': [
    toThird(new Writer())
      .commit([outcome(3, 'refused'), decided])
      .history(),
  ],
  'journal-shape': [
    new Writer().commit([started, intent(2, 'reserve')]).history(),
    toThird(new Writer())
      .commit([outcome(2, 'done')])
      .history(),
  ],
  direction: [
    back3()
      .commit([intent(4, 'hold')], { status: 'compensating' })
      .history(),
    back3()
      .commit([entry('end', 'saga.completed')], { status: 'completed', ...OVER })
      .history(),
  ],
  'all-settled': [
    toThird(new Writer())
      .commit([entry('end', 'saga.completed')], { status: 'completed', ...OVER })
      .history(),
  ],
  'outcome-true': [
    toThird(new Writer())
      .commit([outcome(3, 'done')])
      .history(),
    back3()
      .commit([undone(2)], { status: 'compensating' })
      .history(),
  ],
  'refused-true': [good().effect('post', 'landed').history()],
  'undo-list': [
    toThird(new Writer())
      .commit([outcome(3, 'refused'), decided, frozen([1, 2])], { status: 'compensating' })
      .history(),
    toThird(new Writer())
      .commit([outcome(3, 'unknown'), decided, frozen([2, 1])], { status: 'compensating' })
      .history(),
    toThird(new Writer())
      .commit([outcome(3, 'refused'), decided, frozen([3, 2, 1])], { status: 'compensating' })
      .history(),
    toThird(new Writer())
      .commit([outcome(3, 'unknown'), decided, frozen([3, 2, 1])], { status: 'compensating' })
      .history({ total: new Set() }),
  ],
  pivot: [
    new Writer()
      .commit([started, pivot])
      .body('settle')
      .commit([outcome(1, 'done'), decided], { status: 'compensating' })
      .history(),
  ],
  waits: [
    new Writer()
      .commit([started, wait('sleep', [500])])
      .commit([outcome(1, 'done')])
      .history(),
    new Writer()
      .commit([started, wait('receive', ['yes'])])
      .commit([outcome(1, 'done')])
      .history(),
    new Writer()
      .commit([started, wait('receive', ['yes'])])
      .commit([entry('step:1/outcome', 'step.completed', { outcome: 'done', signal: 'signal:k', alsoUnknown: false })])
      .history(),
  ],
  cancel: [completed(new Writer(), (write) => write.commit([cancel], { by: 'p2.1' })).history(there)],
  held: [
    new Writer()
      .commit([started, intent(1, 'reserve')])
      .commit([entry('audit:1', 'run.held')], { by: 'p2.1' })
      .claim('p2.1', 20_000)
      .body('reserve', 'ok', 'p2.1')
      .history(),
  ],
  'undo-order': [
    back3().undo('reserve').history(),
    back3().undo('charge').undo('reserve').history(),
    back3()
      .undo('reserve')
      .commit([undone(1)], { status: 'compensating' })
      .history(),
  ],
  'undo-all': [
    back3()
      .undo('charge')
      .commit([undone(2), entry('end', 'saga.compensated')], { status: 'compensated', ...OVER })
      .history(),
  ],
  'intent-first': [new Writer().commit([started]).body('reserve').history(), new Writer().body('reserve').history()],
  'acts-as-owner': [
    new Writer()
      .commit([started, intent(1, 'reserve')])
      .body('reserve', 'ok', 'p2.1')
      .history(),
    new Writer()
      .commit([started, intent(1, 'reserve')], { wakeAt: EPOCH + 5 })
      .body('reserve')
      .history(),
    back3().undo('charge', { by: 'p2.1' }).history(),
  ],
  'not-after-decision': [back3().body('post', 'ok', 'p1.1', 2).history()],
  'not-again': [back3().body('charge', 'ok', 'p1.1', 2).history(), good().undo('charge').history()],
  'not-repeatable': [toThird(new Writer()).body('post', 'refuse', 'p1.1', 2).history()],
  keys: [
    back3()
      .undo('charge', { sent: key('charge') })
      .history(),
    new Writer().commit([started, intent(1, 'reserve'), intent(2, 'reserve')]).history(),
  ],
  'undo-known': [toThird(new Writer()).undo('charge').history()],
  'undos-apart': [back3().undo('charge', { open: true }).undo('charge').history()],
  quiesce: [
    toThird(new Writer())
      .body('reserve', 'none', 'p1.1', 2)
      .commit([outcome(3, 'refused'), decided, frozen([2, 1])], { status: 'compensating' })
      .undo('charge')
      .history(),
  ],
  'late-later': [
    toThird(new Writer())
      .commit([outcome(3, 'unknown'), decided, frozen([3, 2, 1], [3], EPOCH + 5_000)], { status: 'compensating' })
      .undo('post', { late: true })
      .history({ total: new Set(['reserve', 'charge']) }),
  ],
  'told-after': [new Writer().event('saga.started').history()],
  ends: [toThird(new Writer()).history(), good().history({ ended: false })],
  answers: [
    good().answer('completed').history(),
    completed(new Writer()).answer('completed', { value: '"y"' }).history(there),
    good().history({ waiting: new Set([7]) }),
  ],
  'id-and-input': [good().answer('SAGA_ID_CONFLICT').history(), good().answer('SAGA_COMPENSATED', { input: 'other' }).history()],
  'effects-stay': [completed(new Writer()).history()],
  'effects-go': [good().history({ effects: new Map([[key('charge'), 'charge']]) })],
  commits: [completed(new Writer()).history({ ...there, sequential: new Map([[RUN, 3]]) })],
} as const satisfies Partial<Record<Rule, readonly History[]>>;
