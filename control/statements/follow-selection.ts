/** Follows the answer to a question with EMIT CHANGES: changes of a table, or the events of a stream. */
import { isFailure, parseTime } from '#runtime/cloudevents'
import { type DataReader, plainEvents } from '#runtime/pipeline'
import { createDataCheck } from '../../lib/app/data/check-data.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { openStoredPlan } from '../../lib/clock/view-plan.ts'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { type ExpressionValue, isRowOfStream } from '../../lib/views/evaluation.ts'
import type { Selection, StreamSelection } from '../../lib/views/language/compilation.ts'
import { followTopic } from '../queries/records/follow-topic.ts'
import type { Environment } from '../questions/environment.ts'
import { type ChangesLog, followTableChanges } from './table-changes.ts'

/** Values of the columns of a row, in their order; of a row that has ended, only those of its key. */
export type RowChange = readonly ExpressionValue[] | { readonly ended: readonly ExpressionValue[] }

export interface SelectionLog extends Omit<ChangesLog, 'topic'> {
  readonly families: Families
  readonly getTopic: (signal: Signal) => string
  readonly reader: DataReader
}

/** Opens the log of changes and events. */
export async function openSelectionLog(environment: Environment): Promise<SelectionLog> {
  const { connections, config, reader } = environment
  const inForce = await openStoredPlan(connections, config.env)
  return {
    ...{ families: config.families, reader, plan: () => inForce.read() },
    ...{ log: await environment.log(), offsets: await environment.offsets() },
    getTopic: signal => environment.topic(signal),
  }
}

/**
 * Yields rows until it is stopped.
 *
 * @param from `beginning` for all that the topic still has, `now` for what is new
 * @throws OperationFailure if the table is dropped, or its statement changes
 * @throws Unavailable if the schema registry does not answer, and the errors of `followTopic`
 */
export async function* followSelection(
  log: SelectionLog,
  selection: Selection,
  from: 'beginning' | 'now',
  stop: AbortSignal,
): AsyncGenerator<RowChange> {
  if ('stream' in selection) return yield* followStream(log, selection, from, stop)
  const { table, selectChange } = selection
  const changes = { ...log, topic: log.getTopic('view-changes') }
  for await (const change of followTableChanges(changes, table, from, stop)) {
    const values = selectChange(change)
    if (values) yield change.tombstone ? { ended: values } : values
  }
}

/** Yields the events of a stream. Records that every consumer would refuse are not rows. */
async function* followStream(
  { families, log, offsets, getTopic, reader }: SelectionLog,
  { stream, selectEvent }: StreamSelection,
  from: 'beginning' | 'now',
  stop: AbortSignal,
): AsyncGenerator<readonly ExpressionValue[]> {
  const topic = getTopic(stream.signal as Signal)
  const bounds = await readTopicBounds(offsets, topic)
  const starts = bounds.map(({ start, end }) => (from === 'now' ? end : start))
  const readData = createDataCheck(families)
  for await (const record of followTopic(log, offsets, topic, starts, stop)) {
    const [event] = await plainEvents([record], reader)
    if (!event || isFailure(event) || !isRowOfStream(stream, event)) continue
    const read = readData(event)
    if (read.kind === 'failure') continue
    const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
    const values = selectEvent({ ...event, data: read.data, timeMs })
    if (values) yield values
  }
}
