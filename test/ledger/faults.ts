/** The faults by name. Each is injected at a record in the middle of the flow, and resolves after it was removed. */
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@sluice/test-kit/until'
import { LOOPBACK } from '#local-servers/ports'
import type { Fault as TriggerFault } from '../../packages/msk-trigger/faults/faults.ts'
import { restore, takeCopy } from './copies.ts'
import type { Flow } from './flow.ts'
import { startStandby } from './servers.ts'
import type { Worker } from './workers.ts'

type Fault = (flow: Flow) => Promise<void>

const SILENT_MS = 3_000

/**
 * A run shuffles them. Each strikes at a record, because nothing is sent meanwhile but what it sends itself; the rest of its
 * segment follows.
 */
export const FAULTS = {
  /** Kills a worker while records come, and starts it again. */
  async kill(flow) {
    const worker = flow.random.pick(flow.workers)
    await flow.send(0.3)
    await worker.kill()
    await flow.send(0.5)
    await worker.start()
  },
  /** Pauses a worker until others have taken over, then lets it continue. */
  async pause(flow) {
    const worker = flow.random.pick(flow.workers)
    await flow.send(0.3)
    worker.signal('SIGSTOP')
    await flow.send(0.5)
    await pause(SILENT_MS)
    worker.signal('SIGCONT')
  },
  rebalance: flow => ofTrigger(flow, 'rebalance'),
  duplicate: flow => ofTrigger(flow, 'duplicate', 5),
  timeout: flow => ofTrigger(flow, 'timeout', 3),
  crash: flow => ofTrigger(flow, 'crash'),
  async broker(flow) {
    const { nodes } = flow.servers
    const broker = flow.random.pick(nodes)
    await broker.kill('SIGKILL')
    const sending = flow.send(0.5)
    // Other brokers lead its partitions when all is acknowledged, if there are several. The only broker acknowledges nothing.
    if (nodes.length > 1) await sending
    await broker.restart()
    await sending
  },
  async 'broker-pause'(flow) {
    const broker = flow.random.pick(flow.servers.nodes)
    broker.signal('SIGSTOP')
    const sending = flow.send(0.5)
    await pause(SILENT_MS)
    broker.signal('SIGCONT')
    await sending
  },
  async 'valkey-pause'(flow) {
    const { valkey } = flow.servers
    valkey.signal('SIGSTOP')
    await flow.send(0.5)
    await pause(SILENT_MS)
    valkey.signal('SIGCONT')
  },
  /** Resets some partition states to earlier copies. */
  async forget(flow) {
    const { admin } = flow.servers.valkey
    const stateKeys = flow.stateKeys().filter(() => flow.random.chance(0.5))
    const copies = await Promise.all(stateKeys.map(stateKey => takeCopy(admin, stateKey)))
    await flow.send(0.5)
    await flow.caughtUp('then')
    await Promise.all(copies.map(copy => restore(admin, copy)))
    await flow.tickAll()
  },
  /** Promotes a lagging replica. */
  async promote(flow) {
    const before = flow.servers.valkey
    const replica = await startStandby()
    await replica.admin.replicaof(LOOPBACK, before.port)
    await until('the replica to have caught up', async () =>
      (await replica.admin.info('replication')).includes('master_link_status:up'),
    )
    await replica.admin.replicaof('NO', 'ONE')
    await flow.send(0.5)
    await flow.caughtUp('then')
    await before.kill()
    flow.servers.valkey = replica
    await before.stop()
    await flow.tickAll()
  },
  /** Deletes everything in Valkey. */
  async flush(flow) {
    await flow.caughtUp('then')
    await flow.servers.valkey.admin.flushall()
    await flow.tickAll()
  },
  /** Kills Valkey, and restarts it after the whole segment was sent. */
  async valkey(flow) {
    const { valkey } = flow.servers
    await valkey.kill()
    await flow.send()
    await flow.delivered()
    await valkey.restart()
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[]

/** This one comes once in a run, because it makes the consumers read everything again. */
const ONCE: FaultName = 'flush'
/** This one comes last: waiting records must be processed although no further records are sent. */
const LAST: FaultName = 'valkey'

/** A random sequence of this many of the chosen faults, each at least once. */
export function schedule(
  { random }: Pick<Flow, 'random'>,
  chosen: readonly FaultName[],
  count: number,
): FaultName[] {
  const planned: FaultName[] = []
  for (let names = [...chosen]; names.length > 0; names = chosen.filter(name => name !== ONCE)) {
    while (names.length > 0) planned.push(...names.splice(random.between(0, names.length - 1), 1))
    if (planned.length >= Math.max(count, chosen.length)) break
  }
  const wanted = planned.slice(0, Math.max(count, chosen.length))
  if (!chosen.includes(LAST)) return wanted
  const last = wanted.lastIndexOf(LAST)
  return [...wanted.slice(0, last), ...wanted.slice(last + 1), LAST]
}

async function ofTrigger(flow: Flow, fault: TriggerFault['fault'], times?: number): Promise<void> {
  const strikes = (worker: Worker, name: string) =>
    worker.inject({ fault, function: name, ...(times === undefined ? {} : { times }) })
  const worker = flow.random.pick(flow.workers)
  await Promise.all(['counting', 'receiving', 'intake'].map(name => strikes(worker, name)))
}
