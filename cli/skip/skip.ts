/** Skips records at which the function of a consumer hangs or exits, or undoes such a skip. */
import { readConfig } from '../../lib/app/config.ts'
import { readEntries } from '../../lib/app/function-entries.ts'
import { consumersOf, firstSignalOf, readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { Counts } from '../../lib/operations/audit.ts'
import { stateKeysOf, topicOf as wholeName } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import { RedisGenerations } from '../../packages/runtime/adapters/redis/generations.ts'
import { RedisSkippedRecords } from '../../packages/runtime/adapters/redis/skipped-records.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Backlog } from '../../packages/runtime/pipeline/deciding/try-chunk.ts'
import { digestOf } from '../../packages/runtime/pipeline/failures/failure-record.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { SkippedRecords } from '../../packages/runtime/pipeline/ports.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { environmentOf, reasonOf, withinPatience, withRedis } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { showLine } from '../progress.ts'
import { confirm } from '../state/confirm.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { reachOf } from '../topics.ts'
import { type FoundRecord, findStuck, stuckInProgram } from './find.ts'
import {
  foundText,
  type NamedRecord,
  placesText,
  type SkipReport,
  skipText,
  type TopicSkips,
} from './text.ts'

export interface SkipOptions {
  readonly topic?: string
  readonly within: number
  readonly undo: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly json: boolean
  readonly env?: string
}

/**
 * Runs the command `sluice skip`.
 *
 * @throws CliFailure, ConfigError
 */
export async function skip(
  consumer: string,
  named: readonly NamedRecord[],
  options: SkipOptions,
  terminal: Terminal,
): Promise<void> {
  const { undo, dryRun, yes, env } = options
  if (undo && (named.length === 0 || dryRun))
    throw usageFailure('--undo needs records as PARTITION@OFFSET, and cannot be used with --dry-run.')
  if (!yes && !dryRun && !undo && !terminal.stdin.isTTY)
    throw usageFailure('Nothing was changed: there is no terminal to confirm on, so add --yes, or --dry-run.')
  const environment = environmentOf(terminal, env)
  const config = readConfig(environment)
  const topics = topicsOf(consumer, options.topic, named.length > 0, config.env)
  await withRedis(config, async (client, connections) => {
    const reach = await reachOf(connections, config, topics, undefined)
    const copies = new RedisGenerations(client)
    const reports: TopicSkips[] = []
    for (const topic of topics) {
      const { bounds } = reach.get(topic) as TopicReach
      const keyOf = (partition: number) =>
        stateKeysOf({ consumer, topic, partition }, config.env, bounds.length)[0] as StateKey
      const backlogOf = async (partition: number): Promise<Backlog> => {
        const stateKey = keyOf(partition)
        const { version } = await copies.facts(stateKey)
        return {
          ...stateKey,
          fromOffset: version.appliedOffset + 1,
          toOffset: (bounds[partition]?.end ?? 0) - 1,
        }
      }
      const skipping: Skipping = {
        records: new RedisSkippedRecords(client),
        keyOf,
        carryOut: (action, of, change) =>
          carryOut(connections, { action, filter: { consumer, topic, at: placesText(of) } }, change),
      }
      if (undo) return undone(named, skipping, terminal, options.json)
      const found =
        named.length > 0
          ? await Promise.all(
              named.map(async one => recordAt(connections, await backlogOf(one.partition), one)),
            )
          : await sought(
              consumer,
              await Promise.all([...bounds.keys()].map(backlogOf)),
              { environment, withinMs: options.within },
              terminal,
            )
      const before = await asideBefore(skipping, bounds)
      terminal.stderr.write(foundText(consumer, topic, found, before))
      const helped = found.filter(({ helps }) => helps)
      const skipped = dryRun || helped.length === 0 ? [] : await setAside(helped, skipping, terminal, yes)
      reports.push({ topic, found, before, skipped })
    }
    const about = { env: config.env, consumer, dryRun }
    printReport(terminal, { ...about, topics: reports } satisfies SkipReport, options.json, skipText)
    const found = reports.flatMap(one => one.found)
    const skipped = reports.flatMap(one => one.skipped)
    const passed = found.filter(one => one.helps && !dryRun && !skipped.includes(one))
    if (passed.length > 0)
      throw new CliFailure(
        `${placesText(passed)}: ${consumer} has processed them meanwhile, so they were not skipped.`,
      )
    if (found.some(({ helps }) => !helps))
      throw new CliFailure(
        'If skipping a record does not help, deploy corrected code. The records wait in Kafka.',
      )
  })
}

interface Skipping {
  readonly records: SkippedRecords
  readonly keyOf: (partition: number) => StateKey
  /** Carries out a change and writes its audit event. */
  readonly carryOut: (
    action: 'skip' | 'skip undo',
    of: readonly NamedRecord[],
    change: (counts: Counts) => Promise<void>,
  ) => Promise<void>
}

/**
 * Returns the topics to search: all topics of the consumer, or the selected one. Named records are in a single topic.
 *
 * @throws CliFailure if the consumer is not a function of this project, does not read the topic, or if several topics could be meant
 */
function topicsOf(
  consumer: string,
  wanted: string | undefined,
  isNamed: boolean,
  env: string,
): readonly string[] {
  const functions = readFunctions()
  const own = functions.find(({ name }) => name === consumer)
  const topics = own ? topicsRead(own, env).map(({ topic }) => topic) : []
  if (topics.length === 0)
    throw usageFailure(
      `The project has no consumer "${consumer}". Consumers are ${consumersOf(functions).join(', ')}.`,
    )
  const meant = wanted ?? (isNamed ? firstSignalOf(consumer) : undefined)
  const selected =
    meant === undefined ? topics : topics.filter(topic => topic === wholeName({ topic: meant }, env))
  if (selected.length === 1 || (selected.length > 1 && !isNamed)) return selected
  throw usageFailure(`${consumer} reads ${topics.join(', ')}: select one of them with --topic.`)
}

/**
 * Returns the record.
 *
 * @throws CliFailure if the consumer has already processed the record, or if the log has no record at the offset
 */
async function recordAt(
  connections: Connections,
  { topic, partition, fromOffset, toOffset, consumer }: Backlog,
  { offset }: NamedRecord,
): Promise<FoundRecord> {
  const place = `${topic}/${partition}@${offset}`
  if (offset < fromOffset)
    throw new CliFailure(
      `${consumer} has already processed ${place}: its applied offset is ${fromOffset - 1}.`,
    )
  const read = async () => {
    if (offset > toOffset) return undefined
    const { records } = await (await connections.log()).read(topic, partition, {
      fromOffset: offset,
      toOffset: offset,
    })
    return records.find(one => one.offset === offset)
  }
  const record = await withinPatience(read()).catch(error => {
    throw new CliFailure(`${place} cannot be read: ${reasonOf(error)}`, 1, { cause: error })
  })
  if (!record) throw new CliFailure(`The log has no record ${place}.`)
  return { partition, offset, digest: digestOf(record), why: 'is named', helps: true }
}

async function sought(
  consumer: string,
  backlogs: readonly Backlog[],
  { environment, withinMs }: { readonly environment: Environment; readonly withinMs: number },
  terminal: Terminal,
): Promise<readonly FoundRecord[]> {
  const waiting = backlogs.filter(({ fromOffset, toOffset }) => fromOffset <= toOffset)
  const { memoryMb } = readEntries()(consumer)
  const hide = showLine(terminal, () => `Trying the next records of ${waiting.length} partitions`)
  try {
    return await findStuck(consumer, waiting, attempt =>
      stuckInProgram(attempt, { withinMs, memoryMb }, environment, terminal.stop),
    )
  } finally {
    hide()
  }
}

/** Returns the records that are already skipped and are still in the log. */
async function asideBefore(
  { records, keyOf }: Skipping,
  bounds: TopicReach['bounds'],
): Promise<readonly NamedRecord[]> {
  const before: NamedRecord[] = []
  for (const [partition, { start }] of bounds.entries())
    for (const offset of (await records.skipped(keyOf(partition))).keys())
      if (offset >= start) before.push({ partition, offset })
  return before
}

/** Skips the records. Returns the records that are skipped now; the consumer may have processed the others in the meantime. */
async function setAside(
  found: readonly FoundRecord[],
  { records, keyOf, carryOut }: Skipping,
  terminal: Terminal,
  isSure = false,
): Promise<readonly FoundRecord[]> {
  await confirm(`Skip ${placesText(found)}?`, isSure, terminal)
  const skipped: FoundRecord[] = []
  await carryOut('skip', found, async counts => {
    for (const one of found)
      if ((await records.skip(keyOf(one.partition), one.offset, one.digest)) === 'skipped')
        counts.skipped = skipped.push(one)
  })
  return skipped
}

async function undone(
  named: readonly NamedRecord[],
  { records, keyOf, carryOut }: Skipping,
  terminal: Terminal,
  json: boolean | undefined,
): Promise<void> {
  const undone: NamedRecord[] = []
  await carryOut('skip undo', named, async counts => {
    for (const one of named)
      if (await records.unskip(keyOf(one.partition), one.offset)) counts.undone = undone.push(one)
  })
  printReport(terminal, { undone }, json, () => `No longer skipped: ${placesText(undone) || 'none'}.\n`)
  const others = named.filter(one => !undone.includes(one))
  if (others.length > 0) throw new CliFailure(`Not skipped before: ${placesText(others)}.`)
}
