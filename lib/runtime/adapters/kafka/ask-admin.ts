import type { Admin, Kafka } from 'kafkajs'
import { askLeaders, type Patience } from './ask-leaders.ts'

/**
 * Asks the cluster one question, over a connection of its own. It repeats the question while the answer is retriable.
 *
 * @throws what the library throws, if it does not pass in time
 */
export function askAdmin<T>(
  kafka: Kafka,
  question: (admin: Admin) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  const ask = async () => {
    // `askLeaders` asks again. Metadata belong to the connection, so each attempt has its own.
    const admin = kafka.admin({ retry: { retries: 0 } })
    try {
      await admin.connect()
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
  return askLeaders(ask, patience)
}
