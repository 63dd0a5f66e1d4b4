/**
 * Batches that were recorded in another environment, such as those that a function is invoked with by hand. Where Kafka has no topic
 * of that environment, no log exists: nothing to compare with, and no earlier records.
 */
import type { LogReader, Ports } from '../pipeline/ports.ts'

type Logs = Required<Pick<Ports, 'bounds'>> & { readonly log: Pick<LogReader, 'read' | 'identity'> }

/** Answers questions about topics. */
interface Topics {
  /** Returns true for a topic of the application in another environment. */
  isOfOtherEnvironment(topic: string): boolean
  /** Returns false if Kafka answers that it has no such topic. */
  exists(topic: string): Promise<boolean>
}

/**
 * Returns ports for which an absent topic of another environment is an empty log without an identity. An absent topic of the own
 * environment stays an error.
 */
export function withRecordedLogs({ log, bounds }: Logs, topics: Topics): Logs {
  const isAbsent = async (topic: string) =>
    topics.isOfOtherEnvironment(topic) && !(await topics.exists(topic))
  return {
    log: {
      read: async (topic, partition, range, ...rest) =>
        (await isAbsent(topic))
          ? { records: [], nextOffset: range.toOffset + 1, logStart: 0 }
          : log.read(topic, partition, range, ...rest),
      identity: async topic => ((await isAbsent(topic)) ? undefined : log.identity?.(topic)),
    },
    bounds: {
      bounds: async (topic, ...since) => ((await isAbsent(topic)) ? [] : bounds.bounds(topic, ...since)),
    },
  }
}
