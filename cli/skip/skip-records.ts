/** Skips records at which the function of a consumer hangs or exits, or undoes such a skip. */

import { RedisReplaceableStates } from '#runtime/adapters/redis/replaceable-states.ts'
import { RedisSkippedRecords } from '#runtime/adapters/redis/skipped-records.ts'
import { computeDigest, type StateKey } from '#runtime/pipeline/model/index.ts'
import type { SkippedRecords } from '#runtime/pipeline/ports.ts'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { findFirstSignal, getConsumerName, listTriggerTopics } from '../../lib/app/functions.ts'
import { type InputsConfig, resolveInputs } from '../../lib/app/inputs.ts'
import type { Counts } from '../../lib/operations/audited-operation.ts'
import { selectStateKeys, resolveTopic as wholeName } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/kafka/topics.ts'
import type { GuardedConnections } from '../../lib/questions/guarded-connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation/carry-out.ts'
import { confirm } from '../operation/confirm.ts'
import { topicNeededFailure, unknownConsumerFailure } from '../options/consumer.ts'
import { withRedis } from '../servers/redis.ts'
import { awaitAnswer, serverFailure } from '../servers/server-errors.ts'
import { resolveConfig } from '../servers/settings.ts'
import { readReachByTopic } from '../servers/topic-reach.ts'
import { printReport, type Terminal } from '../terminal.ts'

export interface SkipOptions {
  readonly topic?: string
  readonly undo: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly env?: string
}

export interface NamedRecord {
  readonly partition: number
  readonly offset: number
}

interface FoundRecord extends NamedRecord {
  /** Digest that identifies the record. */
  readonly digest: string
}

interface SkipReport {
  readonly env: string
  readonly consumer: string
  readonly topic: string
  readonly dryRun: boolean
  readonly found: readonly FoundRecord[]
  readonly skipped: readonly FoundRecord[]
}

/**
 * Runs the command `sluice skip`.
 *
 * @throws CliFailure, ConfigError
 */
export async function skipRecords(
  consumer: string,
  named: readonly NamedRecord[],
  options: SkipOptions,
  terminal: Terminal,
): Promise<void> {
  const { undo, dryRun, yes, json, env } = options
  const config = resolveConfig(terminal, env)
  const topics = listCandidateTopics(consumer, options.topic, config)
  await withRedis(config, async (client, connections) => {
    const reach = await readReachByTopic(connections, topics)
    const records = new RedisSkippedRecords(client)
    const states = new RedisReplaceableStates(client)
    const topic = await locateTopic(consumer, named, reach, async (stateKey, offset, end) =>
      undo
        ? (await records.listSkipped(stateKey)).has(offset)
        : offset > (await states.facts(stateKey)).version.appliedOffset && offset < end,
    )
    const { bounds } = reach.get(topic) as TopicReach
    const getStateKey = (partition: number) =>
      selectStateKeys({ consumer, topic, partition }, config, bounds.length)[0] as StateKey
    const skipping: SkipContext = {
      records,
      topic,
      getStateKey,
      carryOut: (action, of, change) =>
        carryOut(connections, { action, filter: { consumer, topic, at: formatPlaces(of) } }, change),
    }
    if (undo) return undoSkips(named, skipping, terminal, json)
    const found = await Promise.all(
      named.map(async record => {
        const { version } = await states.facts(getStateKey(record.partition))
        const end = bounds[record.partition]?.end ?? 0
        return requireRecord(connections, getStateKey(record.partition), record, {
          applied: version.appliedOffset,
          end,
        })
      }),
    )
    const skipped = dryRun ? [] : await markSkipped(found, skipping, terminal, yes)
    printReport(terminal, { env: config.env, consumer, topic, dryRun, found, skipped }, json, formatReport)
    const passed = found.filter(record => !dryRun && !skipped.includes(record))
    if (passed.length > 0)
      throw new CliFailure(
        `${formatPlaces(passed)}: ${consumer} has processed them meanwhile, so they were not skipped.`,
      )
  })
}

interface SkipContext {
  readonly records: SkippedRecords
  readonly topic: string
  readonly getStateKey: (partition: number) => StateKey
  /** Carries out a change and writes its audit event. */
  readonly carryOut: (
    action: 'skip' | 'skip undo',
    of: readonly NamedRecord[],
    change: (counts: Counts) => Promise<void>,
  ) => Promise<void>
}

/**
 * Returns the topics that may have the records: all topics of the consumer, or the selected one.
 *
 * @throws CliFailure if the consumer is not a function of this project, or does not read the topic
 */
function listCandidateTopics(
  consumer: string,
  wanted: string | undefined,
  config: InputsConfig,
): readonly string[] {
  const inputs = resolveInputs(config).map(({ topic }) => topic)
  const own = readFunctions().filter(declared => getConsumerName(declared) === consumer)
  const topics = own.flatMap(declared =>
    listTriggerTopics(declared, config, inputs).map(({ topic }) => topic),
  )
  if (topics.length === 0) throw unknownConsumerFailure(consumer)
  const meant = wanted ?? findFirstSignal(consumer)
  const selected =
    meant === undefined ? topics : topics.filter(topic => topic === wholeName({ topic: meant }, config))
  if (selected.length > 0) return selected
  throw topicNeededFailure(consumer, topics)
}

/**
 * Returns the topic of the records. If the consumer reads several topics, it is the only one in which all records wait.
 *
 * @param isThere returns whether a record waits, or can be taken back
 * @throws CliFailure unless one topic has the records
 */
async function locateTopic(
  consumer: string,
  named: readonly NamedRecord[],
  reach: ReadonlyMap<string, TopicReach>,
  isThere: (stateKey: StateKey, offset: number, end: number) => Promise<boolean>,
): Promise<string> {
  const topics = [...reach.keys()]
  const [first = '', ...others] = topics
  if (others.length === 0) return first
  const fitting: string[] = []
  for (const [topic, { bounds }] of reach) {
    const found = named.map(async ({ partition, offset }) => {
      const end = bounds[partition]?.end
      return end !== undefined && (await isThere({ consumer, topic, partition }, offset, end))
    })
    if (!(await Promise.all(found)).includes(false)) fitting.push(topic)
  }
  const [fits, ...further] = fitting
  if (fits !== undefined && further.length === 0) return fits
  const many = fits === undefined ? 'none' : 'several'
  throw topicNeededFailure(consumer, topics, `, and ${many} of them can have ${formatPlaces(named)}`)
}

/**
 * Returns the record.
 *
 * @throws CliFailure if the consumer has already processed the record, or if the log has no record at the offset
 */
async function requireRecord(
  connections: GuardedConnections,
  { topic, partition, consumer }: StateKey,
  { offset }: NamedRecord,
  { applied, end }: { readonly applied: number; readonly end: number },
): Promise<FoundRecord> {
  const place = `${topic}/${partition}@${offset}`
  if (offset <= applied)
    throw new CliFailure(`${consumer} has already processed ${place}: its applied offset is ${applied}.`)
  const readRecord = async () => {
    if (offset >= end) return undefined
    const { records } = await (await connections.at(topic).log()).read(topic, partition, {
      fromOffset: offset,
      toOffset: offset,
    })
    return records.find(record => record.offset === offset)
  }
  const record = await awaitAnswer(readRecord()).catch(error => {
    const { message } = serverFailure(error, connections.config) as Error
    throw new CliFailure(`${place} cannot be read: ${message}`, 1, { cause: error })
  })
  if (!record) throw new CliFailure(`The log has no record ${place}.`)
  return { partition, offset, digest: computeDigest(record) }
}

/** Skips the records. Returns the records that are skipped now; the consumer may have processed the others in the meantime. */
async function markSkipped(
  found: readonly FoundRecord[],
  { records, topic, getStateKey, carryOut }: SkipContext,
  terminal: Terminal,
  isSure = false,
): Promise<readonly FoundRecord[]> {
  await confirm(`Skip ${formatPlaces(found)} of ${topic}?`, isSure, terminal)
  const skipped: FoundRecord[] = []
  await carryOut('skip', found, async counts => {
    for (const record of found)
      if ((await records.skip(getStateKey(record.partition), record.offset, record.digest)) === 'skipped')
        counts.skipped = skipped.push(record)
  })
  return skipped
}

async function undoSkips(
  named: readonly NamedRecord[],
  { records, getStateKey, carryOut }: SkipContext,
  terminal: Terminal,
  json: boolean | undefined,
): Promise<void> {
  const undone: NamedRecord[] = []
  await carryOut('skip undo', named, async counts => {
    for (const record of named)
      if (await records.unskip(getStateKey(record.partition), record.offset))
        counts.undone = undone.push(record)
  })
  printReport(terminal, { undone }, json, () => `No longer skipped: ${formatPlaces(undone) || 'none'}.\n`)
  const others = named.filter(record => !undone.includes(record))
  if (others.length > 0) throw new CliFailure(`Not skipped before: ${formatPlaces(others)}.`)
}

/** Returns a list such as `3@120, 4@7`. */
function formatPlaces(places: readonly NamedRecord[]): string {
  return places.map(({ partition, offset }) => `${partition}@${offset}`).join(', ')
}

function formatReport({ consumer, topic, dryRun, found, skipped }: SkipReport): string {
  if (dryRun) return `Would be skipped: ${formatPlaces(found)} of ${topic}.\n`
  if (skipped.length === 0) return ''
  return (
    `Skipped: ${formatPlaces(skipped)} of ${topic}. The next batch of ${consumer} turns them into dead letters with the code ` +
    `"skipped", and processes the rest.\nOnce the code is fixed: sluice dlq redrive --consumer ${consumer} --code skipped\n`
  )
}
