/** Starts Kafka and Valkey for the tests of the engine, unless the environment names them: `node --test --test-global-setup=FILE`. */
import * as kafka from '../../../local-servers/testing/own-kafka.ts'
import { startValkey, type Valkey } from '../../../local-servers/testing/valkey.ts'

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
