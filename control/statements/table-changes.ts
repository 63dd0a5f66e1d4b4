/** Follows the changes of a table, as the consumer `views` publishes them. */

import { isFailure, readEvent } from '#runtime/cloudevents'
import type { TopicOffsets } from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import {
  type ActivatedPlan,
  readableTables,
  type TablePlan,
  tableSource,
  VIEW_CHANGED_TYPE,
  type ViewChanged,
} from '../../lib/views/index.ts'
import { followTopic } from '../queries/records/follow-topic.ts'

/** Interval at which the plan in force is read, in milliseconds. */
const LOOK_MS = 1_000

export interface ChangesLog {
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds'>
  /** Topic `view-changes`. */
  readonly topic: string
  /** Reads the plan in force. */
  readonly plan: () => Promise<ActivatedPlan | undefined>
}

/**
 * Yields the changes of a table until it is stopped.
 *
 * @param from `beginning` for all changes that the topic still has, `now` for new changes only
 * @throws OperationFailure if the table is dropped, or its statement changes
 * @throws errors of `followTopic`
 */
export async function* followTableChanges(
  { log, offsets, topic, plan }: ChangesLog,
  { name, generation }: Pick<TablePlan, 'name' | 'generation'>,
  from: 'beginning' | 'now',
  stop: AbortSignal,
): AsyncGenerator<ViewChanged> {
  const bounds = await readTopicBounds(offsets, topic)
  const gone = new AbortController()
  const look = async () => {
    const inForce = await plan()
    const now = inForce && readableTables(inForce).find(table => table.name === name)
    // A plan that Redis has lost comes back with the next run of the function `clock`.
    if (!inForce || now?.generation === generation) return
    const [what, next] = now
      ? ['Its statement has changed', 'ask again']
      : ['It was dropped', '`sluice sql "SHOW TABLES"` lists the tables']
    gone.abort(new OperationFailure(`The table ${name} is not the same any more. ${what}: ${next}.`))
  }
  // A failed look is repeated at the next interval.
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS)
  try {
    const start = bounds.map(({ start, end }) => (from === 'now' ? end : start))
    const signal = AbortSignal.any([stop, gone.signal])
    for await (const record of followTopic(log, offsets, topic, start, signal)) {
      const event = readEvent(record)
      if (isFailure(event) || event.type !== VIEW_CHANGED_TYPE || event.source !== tableSource(name)) continue
      const change = event.data as ViewChanged
      if (change.generation === generation) yield change
    }
  } finally {
    clearInterval(looking)
  }
  if (!stop.aborted) gone.signal.throwIfAborted()
}
