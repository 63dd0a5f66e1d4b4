/** Runs a redrive or a drop of dead letters, with its preview and its audit event. */
import { setTimeout as sleep } from 'node:timers/promises'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Connections } from '../../../packages/runtime/lambda/connections.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import type { Config } from '../../app/config.ts'
import type { Audit } from '../../audit.ts'
import type { DeadLetterFilter } from '../../queries/dead-letter-pages.ts'
import {
  type DeadLetterSummary,
  deadLetterSummary,
  deadLettersOf,
  type ReadDeadLetter,
  readLetters,
} from '../../queries/dead-letter-records.ts'
import type { DeadLetterSource, PlacedDeadLetter, PlacedRow } from '../../queries/dead-letters.ts'
import { leaveAudit } from '../audit.ts'
import type { LeftOutReason, RedriveTopics } from './decide.ts'
import type { Operation } from './operation.ts'
import { publishChosen } from './publish.ts'
import type { Chooser } from './redriving.ts'
import { ACTIONS, type Command } from './request.ts'
import { type Selected, type SelectedDeadLetter, selectedDeadLetters, Tally } from './selection.ts'
import { TopicWatch } from './topics.ts'

/** Connections and parameters of a run. */
export interface Work {
  readonly config: Pick<Config, 'env' | 'contentMode'>
  readonly connections: Connections
  readonly letters: DeadLetterSource
  readonly publisher: () => Promise<Publisher>
  /** Signal that ends the operation early. */
  readonly stop: AbortSignal
  readonly command: Command
  readonly ats: readonly string[]
  /**
   * True if the records are patched. A patched record without an event is then redriven for every consumer that failed to process
   * it.
   */
  readonly isPatched: boolean
  readonly filter: DeadLetterFilter
  readonly operation: Operation
  readonly by: string
  readonly choose: Chooser
  /** Topics to which records can be redriven. */
  readonly watched: RedriveTopics
}

const SAMPLE = 5

/** Result of a run or a preview. */
export interface Outcome {
  readonly tally: Tally
  readonly sample: readonly DeadLetterSummary[]
  readonly missing: readonly string[]
  /** Number of selected dead letters that were processed. */
  readonly decided: number
  readonly elapsedMs: number
  /** Error that ended the run early; undefined if the run was completed. */
  readonly error?: unknown
}

/**
 * Previews an operation without changing anything. If the preview is stopped, the result covers only the dead letters evaluated so
 * far.
 */
export async function surveyed(work: Work): Promise<Outcome> {
  const startedMs = performance.now()
  const tally = new Tally()
  const sample: PlacedRow[] = []
  const selected = await selectedUnlessStopped(work)
  let looked = 0
  for await (const { taken, decided } of decidedGroups(work, selected, tally)) {
    looked += decided
    for (const one of taken) {
      tally.take(one)
      if (sample.length < SAMPLE) sample.push(one.row)
    }
    if (work.stop.aborted) break
  }
  const { log, topic } = work.letters
  const letters = work.stop.aborted ? [] : await deadLettersOf(log, topic, sample)
  const summaries = letters.map(letter => deadLetterSummary(letter))
  const { missing } = selected
  return { tally, sample: summaries, missing, decided: looked, elapsedMs: performance.now() - startedMs }
}

/** Current run, whose progress can be observed. */
export class Run {
  readonly tally = new Tally()
  readonly startedMs = performance.now()
  /** Number of selected dead letters; undefined until the selection is complete. */
  total: number | undefined
  /** Number of dead letters processed so far. */
  decided = 0

  get elapsedMs(): number {
    return performance.now() - this.startedMs
  }
}

/** Runs the operation. The promise never rejects: an error is part of the outcome. Completed work is always audited. */
export async function done(
  work: Work,
  run: Run,
  { perSecond }: { readonly perSecond: number | undefined },
): Promise<Outcome> {
  const { config, command, stop, letters, operation, by } = work
  let missing: readonly string[] = []
  let error: unknown
  try {
    const selected = await selectedUnlessStopped(work)
    missing = selected.missing
    await publishChosen(
      departing(work, selected, run),
      await work.publisher(),
      {
        ...{ operation, action: ACTIONS[command], by },
        dlqTopic: letters.topic,
        contentMode: config.contentMode,
      },
      {
        perSecond,
        nowMs: () => performance.now(),
        wait: ms => sleep(ms, undefined, { signal: stop }).catch(() => {}),
        isStopped: () => stop.aborted,
      },
      taken => {
        for (const one of taken) run.tally.take(one)
      },
    )
  } catch (caught) {
    error = caught
  }
  const { tally, decided, elapsedMs } = run
  const outcome = { tally, sample: [], missing, decided, elapsedMs }
  return error === undefined ? outcome : { ...outcome, error }
}

/** Writes the audit event for the completed part of a run. */
export async function audited(
  publisher: Publisher,
  { config, command, operation, by }: Pick<Work, 'config' | 'command' | 'operation' | 'by'>,
  { tally }: Pick<Outcome, 'tally'>,
  filter: Audit['filter'],
  startedAt: string,
): Promise<void> {
  await leaveAudit(publisher, config, {
    action: `dlq ${command}`,
    by,
    startedAt,
    endedAt: instant(Date.now()),
    operation: operation.id,
    filter,
    counts: countsOf(command, tally),
  })
}

/** Returns the counts for an audit event. */
export function countsOf(command: Command, { taken, leftOut }: Tally): Audit['counts'] {
  return { [ACTIONS[command]]: taken, ...Object.fromEntries(leftOut) }
}

/** Selects the dead letters. Returns an empty selection if the operation is stopped meanwhile. */
async function selectedUnlessStopped({ letters, stop, ...work }: Work): Promise<Selected> {
  const { ats, filter, operation, isPatched: ofAllConsumers } = work
  try {
    const selection = { ats, filter, operation: operation.id, ofAllConsumers }
    return await selectedDeadLetters(letters, selection, stop)
  } catch (error) {
    if (stop.aborted && error === stop.reason) return { rows: [], missing: [] }
    throw error
  }
}

async function* departing(
  work: Work,
  selected: Selected,
  run: Run,
): AsyncGenerator<readonly SelectedDeadLetter[]> {
  const watch = new TopicWatch(work.connections, work.watched)
  const written = new Set<string>()
  run.total = selected.rows.length
  for await (const { taken, decided } of decidedGroups(work, selected, run.tally)) {
    for (const { record } of taken) if (record) written.add(record.topic)
    await watch.check(written)
    run.decided += decided
    yield taken
  }
}

/** Number of dead letters to process at once if their records are not read. */
const GROUP = 1_000

/** Yields groups of dead letters to handle, in the order of their partitions. Skipped dead letters are only counted. */
async function* decidedGroups(
  { letters, ats, choose, command }: Work,
  { rows }: Selected,
  tally: Pick<Tally, 'leave'>,
): AsyncGenerator<{ readonly taken: readonly SelectedDeadLetter[]; readonly decided: number }> {
  const { byRecord } = choose
  const whyLeft = (row: PlacedRow): LeftOutReason | undefined => {
    if (row.kind === 'letter') return choose.byRow(row, ats.length > 0)
    return row.handled ? 'handled' : ats.length > 0 && command === 'drop' ? undefined : 'broken'
  }
  const wanted = rows.filter(row => {
    const because = whyLeft(row)
    if (because) tally.leave(because)
    return because === undefined
  })
  yield { taken: [], decided: rows.length - wanted.length }
  if (byRecord) {
    const read = readLetters(letters.log, letters.topic, wanted as readonly PlacedDeadLetter[])
    for await (const group of read)
      yield { taken: group.flatMap(one => takenBy(byRecord, one, tally)), decided: group.length }
  } else
    for (let at = 0; at < wanted.length; at += GROUP) {
      const group = wanted.slice(at, at + GROUP)
      const taken = group.map(row => ({ partition: row.partition, offset: row.offset, row }))
      yield { taken, decided: group.length }
    }
}

/** Decides about a dead letter by its record. Returns an empty list if the record is no longer in the topic. */
function takenBy(
  byRecord: NonNullable<Chooser['byRecord']>,
  { row, found }: ReadDeadLetter,
  tally: Pick<Tally, 'leave'>,
): SelectedDeadLetter[] {
  if (!found) return []
  const choice = byRecord(found)
  if (choice.kind === 'take') {
    const { partition, offset } = row
    return [{ partition, offset, row, ...(choice.record && { record: choice.record }) }]
  }
  tally.leave(choice.because)
  return []
}
