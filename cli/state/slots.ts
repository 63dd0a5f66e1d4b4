/** Which slots a command means. */
import { SIGNALS, type Signal, TOPICS, topicName } from '../../lib/domain/topics.ts'
import type { Slot } from '../../lib/pipeline/ports.ts'
import { usageFailure } from '../failure.ts'

export interface Wanted {
  readonly consumer: string
  /** A signal of the environment, or the whole name of a topic. */
  readonly topic: string
  readonly partition?: number
}

export function topicOf({ topic }: Pick<Wanted, 'topic'>, env: string): string {
  return isSignal(topic) ? topicName(topic, env) : topic
}

/** @param partitions how many the topic has, where Kafka has told */
export function slotsOf(wanted: Wanted, env: string, partitions: number | undefined): Slot[] {
  const topic = topicOf(wanted, env)
  const { consumer, partition } = wanted
  const count = partitions ?? partitionsInTable(topic, env)
  if (partition !== undefined) {
    if (count !== undefined && partition >= count)
      throw usageFailure(
        `--partition ${partition}: ${topic} has ${count} partitions, from 0 to ${count - 1}.`,
      )
    return [{ consumer, topic, partition }]
  }
  if (count === undefined)
    throw usageFailure(`Kafka does not tell how many partitions ${topic} has: name one with --partition.`)
  return Array.from({ length: count }, (_, number) => ({ consumer, topic, partition: number }))
}

export function nameOf({ consumer, topic, partition }: Slot): string {
  return `${consumer} on ${topic}/${partition}`
}

function partitionsInTable(topic: string, env: string): number | undefined {
  const signal = SIGNALS.find(one => topicName(one, env) === topic)
  return signal && TOPICS[signal].partitions
}

function isSignal(text: string): text is Signal {
  return Object.hasOwn(TOPICS, text)
}
