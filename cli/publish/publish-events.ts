/** Publishes single events, or records of an input, and reports their positions. */

import { RecordRefused } from '#runtime/pipeline'
import type { Config } from '../../control/environment/config.ts'
import type { Environment } from '../../control/questions/environment.ts'
import {
  appendEvents,
  type PlacedEvent,
  type PublishedEvent,
  placeDocument,
  placeEvent,
  toPublishedEvent,
} from '../../control/recordings/publish.ts'
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { CliFailure } from '../failure.ts'
import { readInput, toInputName } from '../input.ts'
import { createWriter } from '../options/serialization.ts'
import { escapeText } from '../output/text-width.ts'
import { withEnvironment } from '../servers/environment.ts'
import { requireTopic } from '../servers/topics.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { parseDocuments, parseEvents } from './parse-events.ts'

export interface PublishPlan {
  /** Full name of the topic. */
  readonly topic: string
  /** Name of the file; `-` is standard input. */
  readonly file: string
  readonly key?: string | undefined
  readonly newId: boolean
  readonly dryRun: boolean
  readonly json: boolean
}

/**
 * Publishes the events or, to an input, the documents as they are.
 *
 * @throws CliFailure for an invalid event, in which case nothing is published
 */
export async function publishEvents(plan: PublishPlan, config: Config, terminal: Terminal): Promise<void> {
  const place = await readRecords(plan, config, terminal)
  const publish = async (environment: Environment) => {
    const records = place((await requireTopic(environment, plan.topic)).partitions.length)
    const published: PublishedEvent[] = []
    try {
      if (plan.dryRun) published.push(...records.map(record => toPublishedEvent(record, null)))
      else await appendRecords(environment, records, published)
    } finally {
      const dryRun = plan.dryRun
      printReport(terminal, { dryRun, published }, plan.json, formatPublished)
    }
  }
  await withEnvironment(config, publish, false)
}

/** Reads the file. Returns a function that places its records in a topic with a number of partitions. */
async function readRecords(
  { file, topic, key, newId }: PublishPlan,
  config: Config,
  terminal: Terminal,
): Promise<(partitions: number) => PlacedEvent[]> {
  const name = toInputName(file)
  const text = await readInput(file, terminal)
  const inputs = resolveInputs(config).map(input => input.topic)
  if (inputs.includes(topic)) {
    const documents = parseDocuments(text, name)
    return partitions => documents.map(document => placeDocument(document, { topic, partitions, key }))
  }
  const { families, contentMode, keyBy } = config
  const events = parseEvents(text, { config, name, newId, inputs })
  const writer = await createWriter(config)
  return partitions =>
    events.map(event => placeEvent(families, event, { topic, key, keyBy, partitions, contentMode, writer }))
}

async function appendRecords(
  { connections }: Environment,
  events: readonly PlacedEvent[],
  published: PublishedEvent[],
): Promise<void> {
  try {
    const publisher = await connections.publisher()
    await connections.writing(() => appendEvents(publisher, events, published))
  } catch (error) {
    if (error instanceof RecordRefused) throw new CliFailure(error.message, 1, { cause: error })
    throw error
  }
}

interface PublishReport {
  readonly dryRun: boolean
  readonly published: readonly PublishedEvent[]
}

/** Returns one line per event, such as `Published ID to TOPIC, partition 2, offset 17, key roof-1`. */
function formatPublished({ dryRun, published }: PublishReport): string {
  return published
    .map(({ id, topic, partition, offset, key }) => {
      const where = `${topic}, partition ${partition}${offset === null ? '' : `, offset ${offset}`}`
      const keyed = key === null ? 'without a key' : `key ${escapeText(key)}`
      return `${dryRun ? 'Would publish' : 'Published'} ${escapeText(id)} to ${where}, ${keyed}\n`
    })
    .join('')
}
