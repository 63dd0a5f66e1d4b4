/** Redrives or drops the selected dead letters, or shows in advance what that would do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { instant } from '#runtime/consumer/instant.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Publisher } from '#runtime/pipeline/ports.ts'
import type { Config } from '../../app/config.ts'
import type { DeadLetterSource, PlacedRow } from '../../queries/dead-letters/dead-letters.ts'
import { readLetters } from '../../queries/dead-letters/records.ts'
import { buildRedrive, findLeftOutReason, type RedriveTopics } from './decision.ts'
import { type Departing, publishChosen } from './publish.ts'
import { ACTIONS, type HandlingRequest } from './operation.ts'
import type { Tally } from './selection.ts'
import { TopicWatch } from './redrive-topics.ts'

/** Connections and parameters of a run or a preview. */
export interface Work {
  readonly request: HandlingRequest
  /** Selected dead letters. */
  readonly rows: readonly PlacedRow[]
  readonly letters: DeadLetterSource
  /** Topics to which records can be redriven. */
  readonly topics: RedriveTopics
  readonly connections: Pick<Connections, 'kafka'>
  /** Signal that ends the run or the preview after the current batch. */
  readonly stop: AbortSignal
}

/** Operator of a run, and the connection for writing. */
interface RunContext {
  readonly by: string
  /** Id of the run, as in its audit event. */
  readonly operation: string
  readonly config: Pick<Config, 'contentMode'>
  readonly publisher: Publisher
}

/** Counts what a run would do, without changing anything. If it is stopped, only a part is counted. */
export async function previewHandling(work: Work, tally: Tally): Promise<void> {
  for await (const group of selectDeparting(work, tally, { by: '' })) {
    for (const { row } of group) tally.addHandled(row)
    if (work.stop.aborted) return
  }
}

/**
 * Redrives or drops the selected dead letters.
 *
 * @param tally counts what was done, also if the run ends with an error
 * @throws TopicReplaced if a topic was recreated meanwhile; otherwise see `readRecords` and `Publisher.publish`
 */
export async function runHandling(work: Work, tally: Tally, context: RunContext): Promise<void> {
  const { request, letters, stop } = work
  const { by, operation, config, publisher } = context
  const handled = { operation, action: ACTIONS[request.command], by, dlqTopic: letters.topic, ...config }
  await publishChosen(
    selectDeparting(work, tally, context),
    publisher,
    handled,
    {
      perSecond: request.perSecond,
      nowMs: () => performance.now(),
      wait: ms => sleep(ms, undefined, { signal: stop }).catch(() => {}),
      isStopped: () => stop.aborted,
    },
    batch => {
      for (const { row } of batch) tally.addHandled(row)
    },
  )
}

/** Returns the counts for the audit event of a run. */
export function toCounts(
  { command }: HandlingRequest,
  { handledCount, leftOut }: Tally,
): Record<string, number> {
  return { [ACTIONS[command]]: handledCount, ...Object.fromEntries(leftOut) }
}

/** Dead letter that leaves. An unreadable dead letter can only be dropped. */
interface DepartingRow extends Departing {
  readonly row: PlacedRow
}

/** Number of dead letters to process at once if their records are not read. */
const GROUP = 1_000

/** Yields groups of dead letters to handle, in the order of their partitions. Skipped dead letters are only counted. */
async function* selectDeparting(
  { request, rows, letters, topics, connections }: Work,
  tally: Tally,
  { by }: { readonly by: string },
): AsyncGenerator<readonly DepartingRow[]> {
  const wanted = rows.filter(row => {
    const because = findLeftOutReason(row, request)
    if (because) tally.addLeftOut(because)
    return because === undefined
  })
  tally.decided = rows.length - wanted.length
  if (request.command === 'drop') {
    for (let at = 0; at < wanted.length; at += GROUP) {
      const group = wanted.slice(at, at + GROUP).map(row => toDepartingRow(row))
      tally.decided += group.length
      yield group
    }
    return
  }
  const watch = new TopicWatch(connections, topics)
  const written = new Set<string>()
  for await (const group of readLetters(letters.log, letters.topic, wanted)) {
    const at = instant(Date.now())
    const selected = group.flatMap(({ row, found }) => {
      // The record is no longer in the topic.
      if (!found) return []
      const record = buildRedrive(found, topics, { by, at })
      if (typeof record !== 'string') return [toDepartingRow(row, record)]
      tally.addLeftOut(record)
      return []
    })
    for (const { record } of selected) if (record) written.add(record.topic)
    await watch.check(written)
    tally.decided += group.length
    yield selected
  }
}

function toDepartingRow(row: PlacedRow, record?: NonNullable<Departing['record']>): DepartingRow {
  const { partition, offset } = row
  return { partition, offset, row, ...(record && { record }) }
}
