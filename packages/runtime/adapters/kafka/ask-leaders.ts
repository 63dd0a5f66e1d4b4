import { setTimeout as pause } from 'node:timers/promises'
import type { Admin, Kafka } from 'kafkajs'
import { brokersAnswer, isRetriableAnswer } from './availability.ts'

/** Times for which a request is repeated, in milliseconds after the first attempt. */
export interface Patience {
  /** Limit while the partition has no leader that responds. */
  readonly leaderMs: number
  /** Limit while no broker knows the topic, which may not exist. */
  readonly topicMs: number
}

/**
 * Default limits. After the loss of a broker, electing a new leader takes a few seconds. All brokers know a new topic within one
 * second.
 */
const PATIENCE: Patience = { leaderMs: 15_000, topicMs: 1_000 }

export const PATIENCE_WITH_NEW_TOPIC: Patience = { leaderMs: 15_000, topicMs: 15_000 }

/** Limits of an invocation, because the next one can repeat the request. */
export const PATIENCE_OF_AN_INVOCATION: Patience = { leaderMs: 3_000, topicMs: 0 }

const ASK_EVERY_MS = 50

/**
 * Sends a request to the leaders of partitions until they respond. The client's metadata can differ from a broker's metadata, so a
 * retriable response is not an error. In this case, the function fetches the metadata again and repeats the request, like every
 * official client.
 *
 * @param ask function that sends the request. It must not use metadata of an earlier attempt.
 * @throws errors of `ask` that are not retriable, or that persist beyond the time limits
 */
export async function askLeaders<T>(
  ask: () => Promise<T>,
  { leaderMs, topicMs }: Patience = PATIENCE,
): Promise<T> {
  const askedAtMs = performance.now()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const isUnknown = brokersAnswer(error) === 'UNKNOWN_TOPIC_OR_PARTITION'
      const waitedMs = performance.now() - askedAtMs
      if (!isRetriableAnswer(error) || waitedMs >= (isUnknown ? topicMs : leaderMs)) throw error
    }
    await pause(ASK_EVERY_MS)
  }
}

interface Connected {
  connect(): Promise<void>
  disconnect(): Promise<void>
}

/**
 * Sends a request over a new connection. While the response is retriable, the request is repeated, each time over another new
 * connection.
 */
export function askOver<Client extends Connected, T>(
  open: () => Client,
  question: (client: Client) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return askLeaders(async () => {
    // Each attempt opens a new connection, because metadata belongs to the connection.
    const client = open()
    try {
      await client.connect()
      return await question(client)
    } finally {
      await client.disconnect()
    }
  }, patience)
}

export function askAdmin<T>(
  kafka: Kafka,
  question: (admin: Admin) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return askOver(() => kafka.admin({ retry: { retries: 0 } }), question, patience)
}
