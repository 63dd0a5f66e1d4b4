/** Adds contents to a state that is computed anew, by commits like those of its records. */

import { type Application, requireTopicSettings } from '../../consumer/application.ts'
import { DAY_MS } from '../../consumer/durations.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { adaptToTopic, type Consumer } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { Change } from '../model/snapshot.ts'
import type { StateStore } from '../ports.ts'
import { toLoadSelection } from '../replay.ts'

/** Contents to add. `parkedBytes`, `held` (entities) and `parked` (events) are differences of the state's numbers. */
export type Addition = Partial<
  Pick<
    Change,
    'states' | 'timers' | 'outbox' | 'ids' | 'failures' | 'context' | 'parkedBytes' | 'appliedOffset'
  >
> & {
  readonly failuresFromMs?: number | undefined
  readonly origin?: string
  readonly held?: number
  readonly parked?: number
}

/** Items of each kind in one commit, which takes the store a few milliseconds. */
const AT_ONCE = 1_000

/**
 * Adds contents to a state, which keeps its applied offset unless the addition has one. Large ones are added in several commits.
 *
 * @throws CopyStopped if the state is changed meanwhile
 */
export async function addContents(
  store: Pick<StateStore, 'load' | 'commit'>,
  consumer: Consumer,
  stateKey: StateKey,
  { states = new Map(), timers = new Map(), outbox = [], ids = [], failures = [], ...once }: Addition,
): Promise<void> {
  const [stateList, timerList] = [[...states], [...timers]]
  const longest = Math.max(...[stateList, timerList, outbox, ids, failures].map(({ length }) => length))
  for (let from = 0; from === 0 || from < longest; from += AT_ONCE) {
    const slice = <T>(all: readonly T[]): readonly T[] => all.slice(from, from + AT_ONCE)
    const some = {
      states: new Map(slice(stateList)),
      timers: new Map(slice(timerList)),
      outbox: slice(outbox),
    }
    const part = { ...some, ids: slice(ids), failures: slice(failures), ...(from === 0 && once) }
    const change = await buildChange(store, consumer, stateKey, part)
    if ((await store.commit(stateKey, change)) === 'refused')
      throw new CopyStopped('overtaken', 'another command works on the new state')
  }
}

async function buildChange(
  store: Pick<StateStore, 'load'>,
  consumer: Consumer,
  stateKey: StateKey,
  {
    parkedBytes = 0,
    held = 0,
    parked = 0,
    ...added
  }: Addition & Pick<Change, 'states' | 'timers' | 'outbox' | 'ids' | 'failures'>,
): Promise<Change> {
  const { application, idWindowMs, failureBytes } = adaptToTopic(consumer, stateKey.topic)
  const snapshot = await store.load(stateKey, toLoadSelection({}))
  const { version, clock, appliedDigest, emitted, newEntities, origin, failureMemory, failuresFromMs } =
    snapshot
  return {
    base: version,
    ...{
      appliedOffset: version.appliedOffset,
      fired: version.fired,
      clock,
      appliedDigest,
      emitted,
      failuresFromMs,
    },
    ...omitUndefined({ newEntities, origin }),
    parkedBytes: snapshot.parkedBytes + parkedBytes,
    tally: new Map([
      ...countDifference('held', 'released', held),
      ...countDifference('parked', 'parked-applied', parked),
    ]),
    ...{ idWindowMs, failureWindowMs: failureWindowMs(application), failureBytes },
    // These forgotten failures were already reported for the live state.
    forgottenTold: failureMemory.forgotten,
    code: '',
    ...added,
  }
}

/** Returns the counter by which the difference between two counters changes by this number. */
function countDifference(more: string, less: string, by: number): [string, number][] {
  return by === 0 ? [] : [[`${by > 0 ? more : less}/left`, Math.abs(by)]]
}

/**
 * Returns the period for which failures are remembered, in milliseconds of the log's clock. It equals the retention of dead
 * letters.
 */
export function failureWindowMs(application: Application): number {
  return requireTopicSettings(application, application.deadLettersTopic).keptDays * DAY_MS
}
