import { LocalCloudError } from './failure.ts'
import { BROKER_COUNTS, type BrokerCount } from './services/kafka-data.ts'

/** The option `--brokers` of the commands that start servers. */
export const BROKERS_OPTION = { type: 'string' } as const

/** Its line in their help. */
export const BROKERS_USAGE =
  '--brokers 3  three Kafka brokers, any one of which may die, on KAFKA_PORT and the two ports after it'

/** @throws LocalCloudError for a number that there cannot be */
export function readBrokers(text: string | undefined): BrokerCount | undefined {
  if (text === undefined) return undefined
  const count = BROKER_COUNTS.find(one => String(one) === text)
  if (count !== undefined) return count
  throw new LocalCloudError(
    `--brokers is "${text}", and must be ${BROKER_COUNTS.join(' or ')}: it takes three to do without one. Try: --brokers 3`,
  )
}
