import { setTimeout as pause } from 'node:timers/promises'
import type { Admin, Kafka } from 'kafkajs'
import { brokersAnswer, isRetriableAnswer } from './availability.ts'

/** Milliseconds after the first question in which it is repeated. */
export interface Patience {
  /** While the partition has no leader that answers. */
  readonly leaderMs: number
  /** While no broker knows the topic: there may be no such topic. */
  readonly topicMs: number
}

/** The election of a new leader takes a few seconds after a broker is lost; a new topic is known everywhere within one. */
const PATIENCE: Patience = { leaderMs: 15_000, topicMs: 1_000 }

export const PATIENCE_WITH_NEW_TOPIC: Patience = { leaderMs: 15_000, topicMs: 15_000 }

const ASK_EVERY_MS = 50

/**
 * Asks the leaders of partitions until they answer. Metadata can be older or newer than what a broker knows, so a retriable answer is not an
 * error: every official client fetches the metadata again and repeats the request.
 *
 * @param ask must not use metadata of an earlier question
 * @throws what `ask` throws, if that is not retriable or does not pass in time
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

/** Asks over a connection of its own. It repeats the question, over another one, while the answer is retriable. */
export function askOver<Client extends Connected, T>(
  open: () => Client,
  question: (client: Client) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  return askLeaders(async () => {
    // Metadata belong to the connection, so each attempt has its own.
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
