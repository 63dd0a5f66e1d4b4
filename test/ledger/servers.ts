/** The ledger's own Kafka and Valkey, which it can kill and pause. */

import { kafkaServers } from '#local-servers/kafka.ts'
import { freePorts, LOOPBACK } from '#local-servers/ports.ts'
import { type RunningServers, startApart } from '#local-servers/start-server.ts'
import type { Supervisor } from '#local-servers/supervisor.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { type Front, startFront } from '../support/front.ts'
import { COPIES_AT_ONCE, onFreePorts, startValkey, type Valkey } from '../support/valkey.ts'

/** Supported numbers of brokers. Only a cluster of three tolerates the loss of a broker. */
export type BrokerCount = 1 | 3

/** A broker that can be killed and paused. */
interface Broker {
  readonly name: string
  kill(): Promise<void>
  restart(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

export interface Servers {
  readonly brokers: readonly string[]
  readonly nodes: readonly Broker[]
  /** The address of the proxy in front of the active Valkey. */
  readonly redisUrl: string
  /** The active Valkey. */
  valkey: Valkey
  stop(): Promise<void>
}

export async function startServers(brokers: BrokerCount, signal: AbortSignal): Promise<Servers> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const kafka = await startKafka(brokers, signal)
    stops.push(kafka.stop)
    const serving = { valkey: await startStandby() }
    const front: Front = await startFront(() => serving.valkey.port)
    stops.push(
      () => serving.valkey.stop(),
      () => front.stop(),
    )
    return Object.assign(serving, {
      brokers: kafka.addresses,
      nodes: [...kafka.byName].map(([name, running]) => brokerOf(name, running)),
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

function startKafka(
  brokers: BrokerCount,
  signal: AbortSignal,
): Promise<RunningServers<Supervisor> & { addresses: string[] }> {
  return onFreePorts(async () => {
    const ports = await freePorts(brokers)
    const running = await startApart(dataDir => kafkaServers({ ports, dataDir, cacheDir: LOCAL }), { signal })
    return { ...running, addresses: ports.map(port => `${LOOPBACK}:${port}`) }
  })
}

function brokerOf(name: string, running: Supervisor): Broker {
  return {
    name,
    kill: () => running.kill('SIGKILL'),
    restart: () => running.restart(),
    signal: async signal => running.signal(signal),
  }
}
