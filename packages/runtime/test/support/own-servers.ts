/** Starts Kafka and Valkey for the tests of the engine, unless the environment names them: `node --test --test-global-setup=FILE`. */
import * as kafka from '@sluice/test-kit/own-kafka'
import { startValkey, type Valkey } from '@sluice/test-kit/valkey'

let valkey: Valkey | undefined

export async function globalSetup(): Promise<void> {
  await kafka.globalSetup()
  if (process.env.REDIS_URL) return
  valkey = await startValkey()
  process.env.REDIS_URL = valkey.url
}

export async function globalTeardown(): Promise<void> {
  await valkey?.stop()
  await kafka.globalTeardown()
}
