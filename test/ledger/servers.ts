/** The ledger's own Kafka and Valkey, which it can kill and pause. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signalGroup } from '../../localstack/services/groups.ts'
import { kafkaServers } from '../../localstack/services/kafka.ts'
import type { BrokerCount } from '../../localstack/services/kafka-data.ts'
import { pidFile } from '../../localstack/services/orphans.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { type RunningServer, startServer } from '../../localstack/services/server.ts'
import { type Front, startFront } from '../support/front.ts'
import { COPIES_AT_ONCE, onFreePorts, startValkey, type Valkey } from '../support/valkey.ts'

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
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
  const stops: (() => Promise<void> | void)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const { nodes, addresses } = await startKafka(brokers, folder, signal, stops)
    const serving = { valkey: await startStandby() }
    const front: Front = await startFront(() => serving.valkey.port)
    stops.push(
      () => serving.valkey.stop(),
      () => front.stop(),
    )
    return Object.assign(serving, {
      brokers: addresses,
      nodes,
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
  folder: string,
  signal: AbortSignal,
  stops: (() => Promise<void> | void)[],
): Promise<{ nodes: Broker[]; addresses: string[] }> {
  return onFreePorts(async () => {
    const ports = await freePorts(brokers)
    const servers = kafkaServers({ ports, dataDir: folder })
    const context = { report: () => {}, signal, logsDir: folder, revive: false }
    const starts = servers.map(server =>
      startServer(server, { ...context, logFile: join(folder, `${server.name}.log`) }),
    )
    const started = await Promise.allSettled(starts)
    const running = started.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
    const stop = async () => void (await Promise.all(running.map(broker => broker.stop())))
    for (const result of started) {
      if (result.status === 'fulfilled') continue
      await stop()
      throw result.reason
    }
    stops.push(stop)
    const nodes = servers.map((server, index) => brokerOf(server, running[index] as RunningServer))
    return { nodes, addresses: ports.map(port => `${LOOPBACK}:${port}`) }
  })
}

function brokerOf(
  { name, dir }: { readonly name: string; readonly dir: string },
  running: RunningServer,
): Broker {
  return {
    name,
    kill: () => running.kill('SIGKILL'),
    restart: () => running.restart(),
    async signal(signal) {
      const { pid } = JSON.parse(await readFile(pidFile(dir), 'utf8'))
      signalGroup(pid, signal)
    },
  }
}
