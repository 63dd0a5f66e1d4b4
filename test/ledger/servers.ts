/** The ledger's own Kafka and Valkey, which it can kill and pause. */

import { type Front, startFront } from '@sluice/test-kit/front'
import { startKafka } from '@sluice/test-kit/start-apart'
import { COPIES_AT_ONCE, startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { LOOPBACK } from '#local-servers/ports'
import type { StartContext } from '#local-servers/start-server'
import type { Supervisor } from '#local-servers/supervisor'

/** Supported numbers of brokers. Only a cluster of three tolerates the loss of a broker. */
export type BrokerCount = 1 | 3

export interface Servers {
  readonly brokers: readonly string[]
  readonly nodes: readonly Supervisor[]
  /** The address of the proxy in front of the active Valkey. */
  readonly redisUrl: string
  /** The active Valkey. */
  valkey: Valkey
  stop(): Promise<void>
}

export async function startServers(brokers: BrokerCount, context?: Partial<StartContext>): Promise<Servers> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const kafka = await startKafka(brokers, context)
    stops.push(kafka.stop)
    const serving = { valkey: await startStandby() }
    const front: Front = await startFront(() => serving.valkey.port)
    stops.push(
      () => serving.valkey.stop(),
      () => front.stop(),
    )
    return Object.assign(serving, {
      brokers: kafka.addresses,
      nodes: kafka.brokers,
      redisUrl: `redis://${LOOPBACK}:${front.port}`,
      stop,
    })
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts a Valkey that is not yet in use. */
export function startStandby(): Promise<Valkey> {
  return startValkey(COPIES_AT_ONCE)
}
