/** Starts a Kafka for the tests of a package, unless `KAFKA_BROKERS` names one: `node --test --test-global-setup=FILE`. */
import { type OwnKafka, startKafka } from './start-apart.ts'

let kafka: OwnKafka | undefined

export async function globalSetup(): Promise<void> {
  if (process.env.KAFKA_BROKERS) return
  kafka = await startKafka()
  process.env.KAFKA_BROKERS = kafka.addresses.join(',')
}

export async function globalTeardown(): Promise<void> {
  await kafka?.stop()
}
