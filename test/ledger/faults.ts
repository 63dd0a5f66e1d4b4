/** The faults by name. Each strikes in the middle of the flow, lifts what it has done, and resolves then. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault as TriggerFault } from '../../localstack/msk-trigger/faults.ts'
import { LOOPBACK } from '../../localstack/services/ports.ts'
import { until } from '../support/until.ts'
import { restore, takeCopy } from './copies.ts'
import type { Flow } from './flow.ts'
import { startStandby } from './servers.ts'
import { heldBack, straggler } from './stragglers.ts'
import type { Worker } from './workers.ts'

type Fault = (flow: Flow) => Promise<void>

/** Longer than Kafka waits for a worker (`sessionTimeoutMs`), or for a broker: others have its partitions by then. */
const LOST_MS = 7_500
const SILENT_MS = 3_000

/** In the order in which an undisturbed person would think of them; a run shuffles them. */
export const FAULTS = {
  /** A worker is killed between a commit and the publish that was to follow. */
  async kill(flow) {
    const worker = flow.random.pick(flow.workers)
    await heldBack(flow, async (slot, release) => {
      await straggler(flow, worker, slot, { before: 'publish', ms: 60_000 })
      await worker.kill()
      await release(flow.workers.filter(one => one !== worker))
    })
    await worker.start()
  },
  /** A worker stands still in the middle of an invocation; others take over, and then it goes on. */
  async pause(flow) {
    const worker = flow.random.pick(flow.workers)
    await heldBack(flow, async (slot, release) => {
      const { ended } = await straggler(flow, worker, slot, { before: 'commit', ms: 500 })
      worker.signal('SIGSTOP')
      await release(flow.workers.filter(one => one !== worker))
      await pause(flow.workers.length > 1 ? LOST_MS : SILENT_MS)
      worker.signal('SIGCONT')
      await release([worker])
      await ended
    })
  },
  /** An invocation that was given up comes to its commit when its successor is through, and another to its publish. */
  async straggler(flow) {
    for (const before of ['commit', 'publish'] as const)
      await heldBack(flow, async (slot, release) => {
        const worker = flow.random.pick(flow.workers)
        const { ended } = await straggler(flow, worker, slot, { before, ms: 1_500 })
        await release(flow.workers)
        await ended
      })
  },
  rebalance: flow => ofTrigger(flow, 'rebalance'),
  duplicate: flow => ofTrigger(flow, 'duplicate', 5),
  timeout: flow => ofTrigger(flow, 'timeout', 3),
  crash: flow => ofTrigger(flow, 'crash'),
  async broker(flow) {
    const { nodes } = flow.servers
    const broker = flow.random.pick(nodes)
    await broker.kill()
    // One of several is missed for a while, and others lead; without the only one, nothing goes on.
    if (nodes.length > 1) await pause(LOST_MS)
    await broker.restart()
  },
  async 'broker-pause'(flow) {
    const broker = flow.random.pick(flow.servers.nodes)
    await broker.signal('SIGSTOP')
    await pause(SILENT_MS)
    await broker.signal('SIGCONT')
  },
  async 'valkey-pause'(flow) {
    const { valkey } = flow.servers
    valkey.signal('SIGSTOP')
    await pause(SILENT_MS)
    valkey.signal('SIGCONT')
  },
  /** Some partitions are what they were a while ago. */
  async forget(flow) {
    const { admin } = flow.servers.valkey
    const slots = flow.slots().filter(() => flow.random.chance(0.5))
    const copies = await Promise.all(slots.map(slot => takeCopy(admin, slot)))
    await flow.goesOn(0.5)
    await Promise.all(copies.map(copy => restore(admin, copy)))
    await flow.stir()
  },
  /** A replica that lags becomes the primary. */
  async promote(flow) {
    const before = flow.servers.valkey
    const replica = await startStandby()
    await replica.admin.replicaof(LOOPBACK, before.port)
    await until('the replica to have caught up', async () =>
      (await replica.admin.info('replication')).includes('master_link_status:up'),
    )
    await replica.admin.replicaof('NO', 'ONE')
    await flow.goesOn(0.5)
    await before.kill()
    flow.servers.valkey = replica
    await before.stop()
    await flow.stir()
  },
  /** Everything is forgotten. */
  async flush(flow) {
    await flow.caughtUp('then', SILENT_MS)
    await flow.servers.valkey.admin.flushall()
    await flow.stir()
  },
  /** Killed, and away until all of the segment is sent. */
  async valkey(flow) {
    const { valkey } = flow.servers
    await valkey.kill()
    await flow.goesOn(1)
    // Until all of it was delivered, in vain.
    await pause(SILENT_MS)
    await valkey.restart()
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[]

/** All is read again after it, so it comes but once. */
const ONCE: readonly FaultName[] = ['flush']
/** Nobody sends anything after the last one: what had to wait must be gone on with nevertheless. */
const LAST: FaultName = 'valkey'

/** So many of the chosen faults, each of them at least once, in an order that follows from chance. */
export function schedule(
  { random }: Pick<Flow, 'random'>,
  chosen: readonly FaultName[],
  count: number,
): FaultName[] {
  const planned: FaultName[] = []
  for (let names = [...chosen]; names.length > 0; names = chosen.filter(name => !ONCE.includes(name))) {
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
  await Promise.all(['counting', 'receiving'].map(name => strikes(worker, name)))
}
