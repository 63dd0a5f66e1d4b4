/** Runs a redrive or a drop of dead letters: the look beforehand, the work, and the trail that it leaves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Connections } from '../../../packages/runtime/lambda/connections.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import type { Config } from '../../app/config.ts'
import { topicName } from '../../app/topics.ts'
import type { Audit } from '../../audit.ts'
import {
  type DeadLetterFilter,
  type DeadLetterSummary,
  deadLetterSummary,
  type FoundDeadLetter,
} from '../../queries/dead-letters.ts'
import type { ReadTopic } from '../../queries/lag.ts'
import { leaveAudit } from '../audit.ts'
import { type Selection, type Taken, Tally } from './choose.ts'
import type { RedriveTopics } from './decide.ts'
import { Names } from './named.ts'
import { Passage, type Passed } from './passage.ts'
import { publishChosen } from './publish.ts'
import type { Chooser } from './redriving.ts'
import { ACTIONS, type Command } from './request.ts'
import { chosenGroups, type Search } from './search.ts'
import { redriveTopics, TopicWatch } from './topics.ts'

/** What a run works with. */
export interface Work extends Search {
  readonly config: Pick<Config, 'env' | 'contentMode'>
  readonly connections: Connections
  /** What the records are published with. */
  readonly publisher: () => Promise<Publisher>
  readonly by: string
  readonly selection: () => Selection
  readonly watched: ConstructorParameters<typeof TopicWatch>[1]
}

interface Ordered extends Pick<Work, 'command' | 'ats' | 'operation' | 'by'> {
  readonly filter: DeadLetterFilter
  readonly chooser: (topics: RedriveTopics) => Chooser
}

interface Surroundings
  extends Pick<Work, 'config' | 'connections' | 'publisher' | 'log' | 'ranges' | 'stop'> {
  /** The functions of the environment, and the topics that they read. */
  readonly readers: readonly ReadTopic[]
}

/** @throws Unavailable if Kafka or Redis does not answer */
export async function workOf(
  { filter, chooser, ...ordered }: Ordered,
  { readers, ...surroundings }: Surroundings,
): Promise<Work> {
  const { connections, config } = surroundings
  const { ats, command, operation } = ordered
  const topics = await redriveTopics(connections, config, readers, command === 'redrive')
  // What was written later is not part of it: it may have failed again because of this very operation.
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, operation.startedAtMs + 1)
  const selection = () =>
    ats.length > 0 ? { filter: {}, names: new Names(ats) } : { filter: { ...filter, untilMs } }
  return { ...ordered, ...surroundings, selection, choose: chooser(topics), watched: topics }
}

const SAMPLE = 5

/** What was come across, and how it ended. */
export interface Outcome {
  readonly tally: Tally
  readonly sample: readonly DeadLetterSummary[]
  readonly missing: readonly string[]
  /** How many records were looked at. */
  readonly scanned: number
  readonly elapsedMs: number
  /** The error that ended it early; undefined if there was none. */
  readonly error?: unknown
}

/** Goes through everything and changes nothing. If it is stopped, the outcome is that of a part, and the rest could be anything. */
export async function surveyed(work: Work): Promise<Outcome> {
  const startedMs = performance.now()
  const tally = new Tally()
  const sample: DeadLetterSummary[] = []
  const selection = work.selection()
  const inSample = (letter: FoundDeadLetter) => {
    if (sample.length < SAMPLE) sample.push(deadLetterSummary(letter))
  }
  let scanned = 0
  for await (const group of chosenGroups(work, selection, tally, inSample)) {
    for (const one of group.taken) tally.take(one)
    scanned += group.scanned
    if (work.stop.aborted) break
  }
  const missing = selection.names?.missing ?? []
  return { tally, sample, missing, scanned, elapsedMs: performance.now() - startedMs }
}

/** A run that can be watched while it goes on. */
export class Run {
  readonly tally = new Tally()
  /** What of it needs no second look when it goes on after a stop. */
  readonly passage: Passage
  readonly startedMs = performance.now()
  /** Whether it has come to its records: before, it looks for what people have handled. */
  hasBegun = false
  /** Records that were looked at, of those that are to be. */
  scanned = 0
  readonly total: number

  /** @param before what is behind the runs before; the ranges begin there */
  constructor({ ranges }: Pick<Work, 'ranges'>, before?: Passed) {
    this.passage = new Passage(before)
    this.total = ranges.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  get elapsedMs(): number {
    return performance.now() - this.startedMs
  }
}

/** Does it. Never rejects for what happens on the way: what was done is audited, and the error is part of the outcome. */
export async function done(
  work: Work,
  run: Run,
  { perSecond }: { readonly perSecond: number | undefined },
): Promise<Outcome> {
  const { config, command, stop } = work
  const { tally, passage } = run
  const selection = work.selection()
  let error: unknown
  try {
    await publishChosen(
      departing(work, selection, run),
      await work.publisher(),
      {
        operation: work.operation,
        action: ACTIONS[command],
        by: work.by,
        dlqTopic: topicName('dlq', config.env),
        contentMode: config.contentMode,
      },
      {
        perSecond,
        nowMs: () => performance.now(),
        wait: ms => sleep(ms, undefined, { signal: stop }).catch(() => {}),
        isStopped: () => stop.aborted,
      },
      taken => {
        for (const one of taken) tally.take(one)
        passage.acknowledge(taken.length)
      },
    )
  } catch (caught) {
    error = caught
  }
  const missing = selection.names?.missing ?? []
  const outcome = { tally, sample: [], missing, scanned: run.scanned, elapsedMs: run.elapsedMs }
  return error === undefined ? outcome : { ...outcome, error }
}

/** Leaves the audit event of a run, or of the part of it that was done. */
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

/** What an audit event counts. */
export function countsOf(command: Command, { taken, leftOut }: Tally): Audit['counts'] {
  return { [ACTIONS[command]]: taken, ...Object.fromEntries(leftOut) }
}

async function* departing(work: Work, selection: Selection, run: Run): AsyncGenerator<readonly Taken[]> {
  const { tally, passage } = run
  const watch = new TopicWatch(work.connections, work.watched)
  const written = new Set<string>()
  const counts: Pick<Tally, 'leave'> = {
    leave(...left) {
      tally.leave(...left)
      passage.leave(...left)
    },
  }
  for await (const { taken, scanned, next } of chosenGroups(work, selection, counts)) {
    run.hasBegun = true
    for (const { record } of taken) if (record) written.add(record.topic)
    await watch.check(written)
    passage.read(taken.length, scanned, next)
    yield taken
    run.scanned += scanned
  }
}
