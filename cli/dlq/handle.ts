/** Runs a redrive or a drop of dead letters: the plan, the work, and the trail that it leaves. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../lib/app/config.ts'
import { topicName } from '../../lib/app/topics.ts'
import { type Audit, auditEvent } from '../../lib/audit.ts'
import { deadLetterSummary, type FoundDeadLetter } from '../../lib/queries/dead-letters.ts'
import { producedRecord } from '../../lib/runtime/cloudevents/writer.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import type { Connections } from '../../lib/runtime/lambda/connections.ts'
import type { Publisher } from '../../lib/runtime/pipeline/ports.ts'
import { StoppedByUser } from '../failure.ts'
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { type Selection, type Taken, Tally } from './choose.ts'
import { progressText } from './handling-text.ts'
import { publishChosen } from './publish.ts'
import { type DeadLetterLine, summaryOf } from './report.ts'
import { chosenGroups, type Search } from './search.ts'
import { TopicWatch } from './topics.ts'

/** What a run works with. */
export interface Work extends Search {
  readonly config: Config
  readonly terminal: Terminal
  readonly connections: Connections
  /** What the records are published with. */
  readonly publisher: () => Promise<Publisher>
  readonly by: string
  readonly selection: () => Selection
  readonly watched: ConstructorParameters<typeof TopicWatch>[1]
}

const SAMPLE = 5

/** What was come across, and how it ended. */
export interface Outcome {
  readonly tally: Tally
  readonly sample: readonly DeadLetterLine[]
  readonly missing: readonly string[]
  readonly elapsedMs: number
  /** The error that ended it early; undefined if there was none. */
  readonly error?: unknown
}

/**
 * Goes through everything and changes nothing.
 *
 * @throws StoppedByUser if it is stopped: what was not looked at could be anything
 */
export async function surveyed(work: Work): Promise<Outcome> {
  const startedMs = performance.now()
  const tally = new Tally()
  const sample: DeadLetterLine[] = []
  const selection = work.selection()
  const inSample = (letter: FoundDeadLetter) => {
    if (sample.length < SAMPLE) sample.push(summaryOf(deadLetterSummary(letter)))
  }
  for await (const { taken } of chosenGroups(work, selection, tally, inSample)) {
    for (const one of taken) tally.take(one)
    if (work.terminal.stop.aborted) break
  }
  if (work.terminal.stop.aborted) {
    work.terminal.stderr.write('Stopped before anything was changed.\n')
    throw new StoppedByUser()
  }
  const missing = selection.names?.missing ?? []
  return { tally, sample, missing, elapsedMs: performance.now() - startedMs }
}

/**
 * Does it. Never rejects for what happens on the way: what was done is audited, and the error is part of the outcome.
 *
 * @param expected how many there are, if that is known
 */
export async function done(
  work: Work,
  { perSecond, expected }: { readonly perSecond: number | undefined; readonly expected: number | undefined },
): Promise<Outcome> {
  const { terminal, config, command } = work
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  const tally = new Tally()
  const selection = work.selection()
  const standing = { scanned: 0 }
  const total = work.ranges.reduce((sum, { start, end }) => sum + end - start, 0)
  const part = () =>
    expected === undefined ? standing.scanned / (total || 1) : tally.taken / (expected || 1)
  const hide = showLine(terminal, () => {
    const leftOut = tally.met - tally.taken
    return progressText({
      command,
      taken: tally.taken,
      leftOut,
      part: Math.min(1, part()),
      elapsedMs: elapsedMs(),
    })
  })
  let error: unknown
  try {
    await publishChosen(
      departing(work, selection, tally, standing),
      await work.publisher(),
      {
        operation: work.operation,
        action: command === 'redrive' ? 'redriven' : 'dropped',
        by: work.by,
        dlqTopic: topicName('dlq', config.env),
        contentMode: config.contentMode,
      },
      {
        perSecond,
        nowMs: () => performance.now(),
        wait: ms => sleep(ms, undefined, { signal: terminal.stop }).catch(() => {}),
        isStopped: () => terminal.stop.aborted,
      },
      taken => {
        for (const one of taken) tally.take(one)
      },
    )
  } catch (caught) {
    error = caught
  } finally {
    hide()
  }
  const outcome = { tally, sample: [], missing: selection.names?.missing ?? [], elapsedMs: elapsedMs() }
  return error === undefined ? outcome : { ...outcome, error }
}

/** Leaves the audit event of a run, or of the part of it that was done. */
export async function audited(
  publisher: Publisher,
  { config, command, operation, by }: Work,
  { tally }: Outcome,
  filter: Audit['filter'],
  startedAt: string,
): Promise<void> {
  const event = auditEvent({
    action: `dlq ${command}`,
    by,
    startedAt,
    endedAt: instant(Date.now()),
    operation: operation.id,
    filter,
    counts: {
      [command === 'redrive' ? 'redriven' : 'dropped']: tally.taken,
      ...Object.fromEntries(tally.leftOut),
    },
  })
  await publisher.publish([producedRecord(topicName('events', config.env), by, event, config.contentMode)])
}

async function* departing(
  work: Work,
  selection: Selection,
  tally: Tally,
  standing: { scanned: number },
): AsyncGenerator<readonly Taken[]> {
  const watch = new TopicWatch(work.connections, work.watched)
  const written = new Set<string>()
  for await (const { taken, scanned } of chosenGroups(work, selection, tally)) {
    for (const { record } of taken) if (record) written.add(record.topic)
    await watch.check(written)
    yield taken
    standing.scanned += scanned
  }
}
