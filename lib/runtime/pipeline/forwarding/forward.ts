/**
 * Runs a forwarder once: the schedule's counterpart of `consume.ts`. The partitions take turns, so that a long backlog of one
 * does not hold up the others. A turn has these steps: read the log from the cursor on, `forwarding/decide.ts` what is due,
 * publish, advance the cursor.
 *
 * - Records leave in order, and the cursor moves only when all replicas have acknowledged them. So none is passed over, whenever
 *   an invocation is killed; what it had published but not committed is published again, from the cursor on.
 * - The cursor moves only from where it was read. Of two invocations that run at the same time, one goes on, and the other stops
 *   after one chunk; first copies are in order even then.
 * - A record that cannot be forwarded, or that Kafka refuses for good, is replaced by its failure record.
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
