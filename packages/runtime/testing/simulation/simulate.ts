/** Plays the process of an author under many seeds, and compares each schedule with an undisturbed run over the same log. */
import { setTimeout as pause } from 'node:timers/promises'
import type { LogRecord } from '../../cloudevents/record.ts'
import { writeEvent } from '../../cloudevents/writer.ts'
import { type Application, requireFirstTopic, requireTopicSettings } from '../../consumer/application.ts'
import type { AuthoredProcess } from '../../consumer/define-process.ts'
import type { Event } from '../../consumer/event.ts'
import { computePartition } from '../../consumer/murmur2.ts'
import type { TopicName } from '../../consumer/topic-name.ts'
import { assertFits } from '../../pipeline/check-definition.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../../pipeline/consumer.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import { type PlainRecord, toRecordContent } from '../plain-record.ts'
import { ImpureStep, withPureSteps } from '../pure-step.ts'
import { FIRST_APPEND_MS } from '../records.ts'
import type { Group } from './group.ts'
import { addRedrives } from './redrives.ts'
import { shrink } from './shrink.ts'
import { Simulation } from './simulation.ts'
import { tellStory } from './story.ts'
import { addTicks } from './ticks.ts'
import {
  compareWithUndisturbed,
  type Difference,
  type DifferenceKind,
  runUndisturbed,
} from './undisturbed.ts'

const ENV = 'test'
/** Longest interval between ticks in which most timers still fire one by one, and the number of ticks of a schedule. */
const TICK_MS = 60_000
const TICKS = 8
/** Number of ticks after the last fault within which everything must be done. */
const SETTLES_IN_TICKS = 40
const SEEDS = 100

/** Options of `simulate`. */
export interface SimulateOptions {
  /**
   * Records that come in this order, at their times: events, or records that are not CloudEvents. The key of an event is its subject.
   */
  readonly records: readonly (Event | PlainRecord)[]
  /** Number of schedules, with the seeds from 0 on; or the seeds themselves. 100 schedules by default. */
  readonly seeds?: number | readonly number[]
  /** Topic that the process reads; by default, the first topic of the application. */
  readonly topic?: string
  /** Number of partitions of that topic; 2 by default. */
  readonly partitions?: number
}

/** Result of `simulate`. */
export interface Simulated {
  /** Number of schedules that were played. */
  readonly schedules: number
  /** How often each kind of fault has struck. */
  readonly faults: Readonly<Record<string, number>>
  /** The first schedule that differs from an undisturbed run; absent if none does. */
  readonly difference?: SimulatedDifference
}

/** A schedule that differs from an undisturbed run. */
export interface SimulatedDifference {
  readonly seed: number
  readonly kinds: readonly DifferenceKind[]
  /** The shortest schedule that was found and still differs, as text: its differences, and what has happened. */
  readonly story: string
}

/** A schedule that was played. */
interface Played {
  readonly simulation: Simulation
  readonly group: Group
  readonly differences: readonly Difference[]
}

/**
 * Plays a process under schedules with faults: instances are killed between any two calls, batches are delivered twice, in any size,
 * and beside each other, answers are lost or late, and the store forgets. Each schedule must give the same states and emissions as
 * an undisturbed run over its log, and must not stand still. The same seed plays the same schedule.
 *
 * @throws Error if the process reads a clock or random numbers, or depends on anything else than state and event
 */
export async function simulate<State>(
  process: AuthoredProcess<State>,
  { seeds = SEEDS, ...options }: SimulateOptions,
): Promise<Simulated> {
  assertFits(process.application, process as AuthoredProcess<unknown>)
  const faults: Record<string, number> = {}
  const count = typeof seeds === 'number' ? requireWhole('seeds', seeds) : 0
  const all = typeof seeds === 'number' ? Array.from({ length: count }, (_, seed) => seed) : seeds
  assertPlayable(process.application, options, all)
  let schedules = 0
  for (const seed of all) {
    const play = (records: SimulateOptions['records'], own: number, allowed?: ReadonlySet<string>) =>
      playSchedule(process, { ...options, records }, own, allowed)
    const played = await play(options.records, seed)
    if (schedules === 0) await ensurePure(process, played)
    schedules += 1
    for (const { fault } of played.simulation.chance.struck) faults[fault] = (faults[fault] ?? 0) + 1
    if (played.differences.length === 0) continue
    const { records, ...shortest } = await shrink(
      { ...played, records: options.records, playedSeed: seed },
      play,
    )
    return { schedules, faults, difference: describe(seed, shortest, records.length) }
  }
  return { schedules, faults }
}

/** @throws RangeError if nothing would be played; Error for a topic that the application does not have */
function assertPlayable(
  application: Application,
  { records, topic, partitions = 1 }: Omit<SimulateOptions, 'seeds'>,
  seeds: readonly number[],
): void {
  if (seeds.length === 0 || !seeds.every(Number.isSafeInteger))
    throw new RangeError('seeds: must be a number from 1 on, or a list of whole numbers')
  if (records.length === 0) throw new RangeError('records: must contain at least one record')
  requireWhole('partitions', partitions)
  if (topic !== undefined) requireTopicSettings(application, topic as TopicName)
}

function requireWhole(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new RangeError(`${name}: must be a whole number from 1 on, not ${value}`)
}

function describe(seed: number, { simulation, differences }: Played, records: number): SimulatedDifference {
  const kinds = [...new Set(differences.map(({ kind }) => kind))]
  const { struck } = simulation.chance
  const head = `seed ${seed}: ${kinds.join(', ')}, with ${records} records and ${struck.length} faults`
  const found = differences.map(({ kind, what }) => `  ${kind}: ${what}`)
  return { seed, kinds, story: [head, ...found, ...tellStory(simulation.happened)].join('\n') }
}

async function playSchedule<State>(
  process: AuthoredProcess<State>,
  { records, topic: given, partitions = 2 }: SimulateOptions,
  seed: number,
  allowed?: ReadonlySet<string>,
): Promise<Played> {
  const { application } = process
  const name = (given ?? requireFirstTopic(application)) as TopicName
  const topic = application.kafkaTopic(name, ENV)
  const times = listTimes(records)
  const [startMs, endMs] = [times[0] ?? FIRST_APPEND_MS, times.at(-1) ?? FIRST_APPEND_MS]
  const topics = Object.keys(application.topics).map(other => {
    const { maxMessageBytes } = requireTopicSettings(application, other as TopicName)
    return [
      application.kafkaTopic(other as TopicName, ENV),
      { maxMessageBytes, partitions: other === name ? partitions : 1, isKept: other !== name },
    ] as const
  })
  const everyMs = Math.max(TICK_MS, Math.ceil((endMs - startMs) / TICKS / TICK_MS) * TICK_MS)
  const simulation = new Simulation({
    ...{ seed, startMs, topics: new Map(topics), settlesInMs: SETTLES_IN_TICKS * everyMs },
    ...(allowed && { allowed }),
  })
  const group = simulation.addConsumer({ codes: [createConsumer(process)], topics: [topic] })
  for (const [index, record] of records.entries()) {
    const content =
      'type' in record
        ? { ...writeEvent(record), key: Buffer.from(record.subject ?? '') }
        : toRecordContent(record)
    const partition = content.key ? computePartition(content.key, partitions) : index % partitions
    const what = 'id' in record ? record.id : `record ${index}`
    simulation.comes(
      times[index] as number,
      `${what} comes`,
      () => void simulation.log.append(topic, partition, content),
    )
  }
  addTicks(simulation, application, { topic, partitions, everyMs })
  const failures = application.kafkaTopic(application.failuresTopic, ENV)
  if (failures !== topic) addRedrives(simulation, application, failures, { everyMs })
  const undone = await simulation.run()
  const standing = undone.map(what => ({ kind: 'stands still', what }) as const)
  return {
    simulation,
    group,
    differences: [...standing, ...(await compareWithUndisturbed(group, simulation.log, simulation.store))],
  }
}

function createConsumer<State>(process: AuthoredProcess<State>): Consumer {
  const { application } = process
  const { failuresTopic: failuresTo } = application
  return { ...CONSUMER_DEFAULTS, application, failuresTo, process: process as unknown as Process, env: ENV }
}

/** Returns the times at which the records come. An event that is older than the one before it comes late. */
function listTimes(records: SimulateOptions['records']): number[] {
  let latestMs = 0
  return records.map(record => {
    const timeMs = 'type' in record ? Date.parse(record.time ?? '') : record.timestampMs
    if (timeMs && !Number.isNaN(timeMs)) latestMs = Math.max(latestMs, timeMs)
    latestMs ||= FIRST_APPEND_MS
    return latestMs
  })
}

/** Applies the log of a schedule twice more. @throws Error if a step is not a function of state and event alone */
async function ensurePure<State>(
  process: AuthoredProcess<State>,
  { simulation, group }: Played,
): Promise<void> {
  const { log } = simulation
  let impure: Error | undefined
  const pure = withPureSteps(process, error => {
    if (error instanceof ImpureStep) impure ??= error
  })
  const codes = [createConsumer(pure as AuthoredProcess<State>)]
  const run = (records: readonly LogRecord[], place: Group['partitions'][number], other = codes) =>
    runUndisturbed(log.whole, place, records, { codes: other, codeFrom: [0] })
  const decisions: Decision[] = []
  for (const place of group.partitions) {
    const records = log.all(place.topic, place.partition)
    await run(records, place)
    if (impure) throw impure
    const first = await run(records, place, [...group.codes])
    // A clock that was hidden from the first run shows a later time.
    await pause(2)
    const second = await run(records, place, [...group.codes])
    if (JSON.stringify(listResults(first)) !== JSON.stringify(listResults(second)))
      throw new Error(
        `the process "${process.name}" gives other results when its log is applied again: a step must depend only on ` +
          'its state and its event, not on a clock, random numbers or a variable outside',
      )
    decisions.push(...first.decisions)
  }
  if (decisions.some(({ outcome, failure }) => outcome === 'applied' || failure?.code === 'rejected')) return
  const failed = decisions.find(({ failure }) => failure)?.failure
  const why = failed ? `${failed.code}: ${failed.message}` : 'it accepts none of their types'
  throw new Error(`no record reaches the process "${process.name}": ${why}`)
}

function listResults({ state, events }: Awaited<ReturnType<typeof runUndisturbed>>): unknown {
  return [[...state.states], [...state.timers], events]
}
