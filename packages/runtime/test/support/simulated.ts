/** Consumers and topics of the application of tests, for simulations. */
import type { TopicName } from '../../consumer/topic-name.ts'
import { CONSUMER_DEFAULTS, type Consumer } from '../../pipeline/consumer.ts'
import type { Report } from '../../pipeline/model/report.ts'
import type { SimulatedTopic } from '../../testing/simulation/simulated-log.ts'
import { APPLICATION, TOPICS, topicName } from './application.ts'

export function createConsumer(process: object, settings: Partial<Consumer> = {}): Consumer {
  const failuresTo = APPLICATION.failuresTopic as TopicName
  const own = { application: APPLICATION, failuresTo, env: 'test', process: process as Consumer['process'] }
  return { ...CONSUMER_DEFAULTS, ...own, ...settings }
}

/** Returns topics by their Kafka names, with these numbers of partitions. The records of failures never expire. */
export function listTopics(
  partitions: Partial<Record<keyof typeof TOPICS, number>>,
): Map<string, SimulatedTopic> {
  const names = Object.keys(partitions) as (keyof typeof TOPICS)[]
  return new Map(
    names.map(name => {
      const { maxMessageBytes } = TOPICS[name]
      return [
        topicName(name),
        { partitions: partitions[name] as number, maxMessageBytes, isKept: name === 'failures' },
      ]
    }),
  )
}

/** Returns the situations of a report: `outcome/reason` of decisions, reasons of waits, and ranges that were read back. */
export function listOutcomes(report: Report): readonly string[] {
  if (report.kind === 'deferred') return [`waits: ${report.reason}`]
  if (report.kind !== 'decisions') return [report.kind]
  return report.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
}
