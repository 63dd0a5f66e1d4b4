/** Process that follows instructions in its events, and logs that contain such events, for tests of the runtime. */

import type { LogRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import {
  completeStep,
  type KeyedProcess,
  reject,
  type StepResult,
  type TimerChange,
} from '../../consumer/process.ts'
import { tick } from './application.ts'
import { logRecord } from './records.ts'
import { Stage } from './stage.ts'

const ORDER_TYPE = 'test.order.v1'
const START_MS = Date.parse('2026-03-01T12:00:00Z')

export interface Order {
  /** Timers to set, by name, each with its due time in seconds after the start. */
  readonly set?: Readonly<Record<string, number>>
  readonly cancel?: readonly string[]
  readonly forget?: boolean
  readonly refuse?: boolean
  readonly fail?: boolean
  /** Instructions to follow when a timer fires, by the name of the timer. */
  readonly onTimer?: Readonly<Record<string, Order>>
}

interface Obedient {
  readonly onTimer: Readonly<Record<string, Order>>
}

/**
 * Follows the instructions in its events. Emits one event for each instruction and each timer; the event's data identify the cause.
 */
const obeying: KeyedProcess<Obedient, Order> = {
  name: 'obeying',
  accepts: [ORDER_TYPE],
  onEvent: (state, { id, entity, data = {} }) => obey(id, entity, state, data),
  onTimer: (state, { name, dueMs, entity }) =>
    obey(`${name}@${(dueMs - START_MS) / 1000}`, entity, state, state.onTimer[name] ?? {}),
}

function obey(why: string, entity: string, state: Obedient | undefined, order: Order): StepResult<Obedient> {
  if (order.fail) throw new Error('ordered to fail')
  if (order.refuse) return reject('ordered to refuse')
  const timers: TimerChange[] = [
    ...Object.entries(order.set ?? {}).map(([name, dueS]) => ({ name, dueMs: START_MS + dueS * 1000 })),
    ...(order.cancel ?? []).map(name => ({ name })),
  ]
  const emission = {
    name: 'done',
    to: 'events',
    key: entity,
    type: 'test.done.v1',
    source: '/obeying',
    data: { done: `${entity.split(' ')[1]} ${why}` },
  } as const
  const next = order.forget ? undefined : { onTimer: { ...state?.onTimer, ...order.onTimer } }
  return completeStep('done', next, [emission], timers)
}

export function obeyingStage(): Stage {
  return new Stage(obeying as KeyedProcess<never>)
}

/** Returns the actions of the process, in the order in which they were first published, as `subject id` or `subject timer@due`. */
export function doneOn(stage: Stage): string[] {
  return stage.events
    .filter(({ type }) => type === 'test.done.v1')
    .map(({ data }) => (data as { done: string }).done)
}

/** Returns an event with an instruction for a subject. `at` is its time in seconds after the start. */
export function order(id: string, subject: string, at: number, data: Order = {}): Event {
  const time = new Date(START_MS + at * 1000).toISOString()
  return { id, source: '/orders', subject, type: ORDER_TYPE, time, datacontenttype: 'application/json', data }
}

/** Returns a log with these entries at consecutive offsets. Append times are in seconds after the start. */
export function createLog(
  entries: readonly (readonly [appendS: number, content: Event | 'tick'])[],
): LogRecord[] {
  return entries.map(([appendS, content], offset) =>
    logRecord(offset, content === 'tick' ? tick(0, '2026-03-01T12:00:00Z') : content, {
      timestampMs: START_MS + 3_600_000 + appendS * 1000,
    }),
  )
}
