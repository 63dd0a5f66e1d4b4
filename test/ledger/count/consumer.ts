/** Compares what one consumer has stored with what its reference says, partition by partition. */
import type { KafkaLog } from '../kafka/log.ts'
import type { KafkaRecord } from '../kafka/records.ts'
import { comparePartition } from './holdings.ts'
import type { PartitionStateReader } from './partition-states.ts'
import type { Violations } from './violations.ts'

/** The reference for one partition. */
export interface PartitionReference {
  readonly tally: ReadonlyMap<string, number>
  readonly states: ReadonlyMap<string, object>
  readonly timers: ReadonlyMap<string, readonly object[]>
  readonly foreign?: number
  apply(record: KafkaRecord): void
}

export type Observe = (record: KafkaRecord) => void

interface CountContext {
  readonly log: KafkaLog
  readonly stateKeys: PartitionStateReader
  readonly violations: Violations
  readonly say: (what: string) => void
}

interface Consumer {
  readonly consumer: string
  readonly topic: string
  /** Makes the reference of one partition. */
  readonly reference: () => PartitionReference
  readonly observe: Observe
}

/** Processes all partitions of a consumer's topic with the reference, and compares the results with the partition states. */
export async function compareConsumer(
  { log, stateKeys, violations, say }: CountContext,
  { consumer, topic, reference, observe }: Consumer,
): Promise<Compared> {
  const ends = await log.ends(topic)
  say(`counting what ${consumer} did: ${ends.reduce((sum, end) => sum + end, 0)} records`)
  const [tally, foreignFailures] = [new Map<string, number>(), new Map<string, number>()]
  let states = 0
  for (const [partition, end] of ends.entries()) {
    const stateKey = { consumer, topic, partition }
    const stored = await stateKeys.contents(stateKey)
    const [progress] = await stateKeys.progress([stateKey])
    const expected = reference()
    for await (const records of log.read(topic, partition, 0, end))
      for (const record of records) {
        observe(record)
        // Undecided records are reported as lost, and have no effects.
        if (record.offset <= (progress?.appliedOffset ?? -1)) expected.apply(record)
      }
    comparePartition(stateKey, stored, { end, expected }, violations)
    for (const [how, count] of stored.tally) {
      increase(tally, how, count)
      // Failures that the reference does not have belong to records of other producers, if there are any.
      if (how.startsWith('failed/'))
        increase(foreignFailures, how.slice('failed/'.length), count - (expected.tally.get(how) ?? 0))
    }
    states += stored.states.size
  }
  return { tally, states, foreignFailures }
}

interface Compared {
  readonly tally: ReadonlyMap<string, number>
  readonly states: number
  /** How many records of other producers failed, by code. */
  readonly foreignFailures: ReadonlyMap<string, number>
}

function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}
