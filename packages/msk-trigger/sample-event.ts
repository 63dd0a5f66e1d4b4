import process from 'node:process'
import { KafkaAccess } from './access/kafka-access.ts'
import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import { newestEvent } from './deliver/newest-event.ts'
import { probe } from './poll/broker-probe.ts'
import { Cluster, clientsOf } from './poll/cluster.ts'
import { makeIntake } from './poll/intake.ts'
import { newestRecords } from './poll/newest-records.ts'
import { missingTopic, whyUnreachable } from './poll/unreachable.ts'
import { isUnreachable, rootMessage } from './report/explain.ts'
import { ConfigurationError } from './support/framework.ts'
import { isWholeNumber } from './support/values.ts'

interface EventOptions {
  readonly function: string
  readonly topic?: string | undefined
  /** Number of records, as entered on the command line. */
  readonly records?: string | undefined
}

/**
 * Returns the event, as JSON, that a function would receive now.
 *
 * @throws ConfigurationError with the reason if there is no such event
 */
export async function sampleEvent(
  mappings: readonly Mapping[],
  options: EventOptions,
  service: Settings,
): Promise<string> {
  const mapping = mappingFor(mappings, options)
  const settings = { ...service, ...mapping.cluster }
  const count = Number(options.records ?? 1)
  if (!isWholeNumber(count, 1, 10_000))
    throw new ConfigurationError(`--records must be a whole number from 1 to 10000, not "${options.records}"`)
  const access = new KafkaAccess(settings, process.env)
  const connect = clientsOf(settings.brokers, access.options)
  const cluster = new Cluster(connect(settings.clientId), () => access.ready())
  const { topic } = mapping
  try {
    if (!(await cluster.hasTopic(topic))) throw new ConfigurationError(missingTopic(topic, settings.brokers))
    const found = await newestRecords(mapping, count, { connect, cluster, settings })
    const { event, records } = await newestEvent(found, count, {
      mapping,
      brokers: mapping.bootstrapServers ?? settings.brokers,
      intake: makeIntake(mapping),
    })
    if (records > 0) return event.json()
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const ask = settings.ssl === false ? probe : undefined
    const why = isUnreachable(error) ? await whyUnreachable(error, settings.brokers, ask) : undefined
    throw new ConfigurationError(`topic ${topic} cannot be read: ${why ?? rootMessage(error)}`)
  } finally {
    await cluster.close()
  }
  throw new ConfigurationError(
    `topic ${topic} has no record among the last ${count} of each partition that function "${mapping.functionKey}" would receive: ` +
      'write one, or read more of them with --records',
  )
}

function mappingFor(mappings: readonly Mapping[], { function: functionKey, topic }: EventOptions): Mapping {
  const own = mappings.filter(mapping => mapping.functionKey === functionKey)
  const names = (of: 'functionKey' | 'topic', list: readonly Mapping[]) =>
    [...new Set(list.map(mapping => mapping[of]))].join(', ')
  if (own.length === 0)
    throw new ConfigurationError(
      `function "${functionKey}" has no enabled msk or kafka event; these have: ${names('functionKey', mappings)}`,
    )
  const [mapping, another] = topic === undefined ? own : own.filter(one => one.topic === topic)
  if (!mapping)
    throw new ConfigurationError(
      `function "${functionKey}" does not read topic ${topic}, but ${names('topic', own)}`,
    )
  if (another && topic === undefined)
    throw new ConfigurationError(
      `function "${functionKey}" reads several topics: choose one with --topic (${names('topic', own)})`,
    )
  return mapping
}
