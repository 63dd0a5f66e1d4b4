/**
 * Runs a forwarder once: the schedule's counterpart of `consume.ts`. The partitions take turns, so that a long backlog of one does not
 * hold up the others. The cursor moves only when all replicas have a chunk, and only from where it was read: none is passed over, a
 * killed invocation publishes again what it had not committed, and of two at the same time one stops after a chunk.
 */
import type { ForwardingConsumer } from './decide.ts'
import {
  type ForwardingInvocation,
  type ForwardingPorts,
  ForwardRun,
  type PartitionForwarded,
} from './partition.ts'

export interface Forwarded {
  readonly forwarded: number
  readonly failed: number
  readonly skipped: number
  /** When the next record is due, as far as this invocation saw, in milliseconds since the epoch. */
  readonly nextDueMs?: number
  /** Partitions that could not go on; each was reported with its reason. */
  readonly deferred: number
}

/** @throws Unavailable if Kafka does not say what the topics hold */
export async function forward(
  consumer: ForwardingConsumer,
  ports: ForwardingPorts,
  invocation: ForwardingInvocation,
): Promise<Forwarded> {
  const { application, env, process } = consumer
  const topics = process.from.map(name => application.kafkaTopic(name, env))
  const runs: ForwardRun[] = []
  for (const topic of topics)
    for (const [partition, extent] of (await ports.bounds.bounds(topic)).entries())
      runs.push(new ForwardRun(consumer, ports, invocation, { topic, partition, ...extent }))
  for (let open = runs; open.length > 0; ) {
    const unfinished: ForwardRun[] = []
    for (const run of open) if (await run.next()) unfinished.push(run)
    open = unfinished
  }
  return totalOf(runs.map(({ result }) => result))
}

function totalOf(partitions: readonly PartitionForwarded[]): Forwarded {
  const sum = (of: 'forwarded' | 'failed' | 'skipped') =>
    partitions.reduce((total, partition) => total + partition[of], 0)
  const due = partitions.flatMap(({ nextDueMs }) => nextDueMs ?? [])
  return {
    forwarded: sum('forwarded'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    ...(due.length > 0 ? { nextDueMs: Math.min(...due) } : {}),
    deferred: partitions.filter(({ deferred }) => deferred !== undefined).length,
  }
}
