/** Erases all entities whose names fit a pattern, as after a flood: each in the partitions that hold it, by an event in the log. */
import { randomUUID } from 'node:crypto'
import { matchesText } from '../../lib/notification/match.ts'
import { entitiesMatching } from '../../lib/queries/entity-sources.ts'
import { partitionsOf } from '../../lib/tables/table.ts'
import { entityErased } from '../../lib/telemetry/erasure.ts'
import type { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../packages/runtime/consumer/event.ts'
import type { CommandConnections } from '../command-connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { harmless } from '../text-width.ts'
import { confirm } from './confirm.ts'
import type { ErasedTopic } from './erasure-text.ts'

interface MatchingTopic {
  readonly topic: string
  /** Entities of each partition. */
  readonly entities: ReadonlyMap<number, ReadonlySet<string>>
}

interface MatchingReport {
  readonly pattern: string
  readonly topics: readonly { readonly topic: string; readonly entities: number }[]
  /** Names of some. */
  readonly sample: readonly string[]
  readonly erased: number
}

const SAMPLE = 5
/** Records of one request. */
const AT_ONCE = 500

/** @throws CliFailure if nothing matches, or Kafka does not take all erasures: then some are in the log */
export async function eraseMatching(
  { client, connections }: { readonly client: RedisClient; readonly connections: CommandConnections },
  topics: readonly ErasedTopic[],
  {
    pattern,
    dryRun,
    yes,
    json,
  }: {
    readonly pattern: string
    readonly dryRun: boolean
    readonly yes: boolean
    readonly json: boolean
  },
  terminal: Terminal,
): Promise<void> {
  const reader = new StateReader(client)
  const found: MatchingTopic[] = []
  for (const { topic, partitions, consumers } of topics) {
    const states = consumers.flatMap(consumer => partitionsOf(consumer, { topic, partitions }))
    found.push({
      topic,
      entities: await entitiesMatching(reader, states, name => matchesText(pattern, name)),
    })
  }
  const report = reportOf(pattern, found)
  if (report.sample.length === 0)
    throw new CliFailure(`No entity matches "${pattern}": \`sluice state sources\` shows sources with names.`)
  if (dryRun) return printReport(terminal, report, json, reportText)
  terminal.stderr.write(reportText(report))
  await confirm('Erase all of them?', yes, terminal)
  const erased = await carryOut(
    connections,
    { action: 'state erase', filter: { matching: pattern } },
    async counts => {
      counts.entities = 0
      for (const one of found) await appended(connections, one, counts, terminal)
      return counts.entities
    },
  )
  printReport(terminal, { ...report, erased }, json, erasedText)
}

async function appended(
  connections: CommandConnections,
  { topic, entities }: MatchingTopic,
  counts: Record<string, number>,
  { stop }: Terminal,
): Promise<void> {
  const publisher = await connections.publisher()
  const requestedAt = new Date().toISOString()
  for (const [partition, names] of entities)
    for (const some of chunks([...names])) {
      if (stop.aborted) return
      await publisher.publish(
        some.map(name => {
          // Of its own, because ids of events with the same source are derived from it.
          const erasure = { erasureId: randomUUID(), requestedAt, partition }
          const event = entityErased(partsOfEntity(name), erasure)
          return { ...producedRecord(topic, null, event, connections.config.contentMode), partition }
        }),
      )
      counts.entities = (counts.entities ?? 0) + some.length
    }
}

function* chunks(names: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < names.length; from += AT_ONCE) yield names.slice(from, from + AT_ONCE)
}

function reportOf(pattern: string, found: readonly MatchingTopic[]): MatchingReport {
  const topics = found.map(({ topic, entities }) => ({
    topic,
    entities: [...entities.values()].reduce((sum, { size }) => sum + size, 0),
  }))
  const sample = found.flatMap(({ entities }) =>
    [...entities.values()].flatMap(names => [...names].slice(0, SAMPLE)),
  )
  return { pattern, topics, sample: sample.slice(0, SAMPLE), erased: 0 }
}

function reportText({ pattern, topics, sample }: MatchingReport): string {
  const lines = topics.map(({ topic, entities }) => `  ${harmless(topic)}: ${entities}`)
  const names = sample.map(name => `  ${harmless(name)}`)
  return [`Entities that match "${harmless(pattern)}":`, ...lines, 'For example:', ...names, ''].join('\n')
}

function erasedText({ erased, pattern }: MatchingReport): string {
  return `Appended ${erased} erasures. Each consumer applies them as it comes to them: \`sluice state erase --matching '${harmless(pattern)}' --dry-run\` shows what is left.\n`
}
