/**
 * Reads the log of a consumer again while the consumer is running. Compares the resulting states, timers, remembered ids and
 * failures with the live ones. Also compares the emissions and failure records with the contents of the topics. Partitions are
 * compared one after the other, so that only the entities of one partition are in memory.
 */

import { omitUndefined } from '../../consumer/omit-undefined.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { Verifying } from './both-states.ts'
import type { ComparableFrom } from './comparability.ts'
import type { Difference, Exception } from './differences.ts'
import { ExpectedEmissions, type OneSidedFailure, type OutputRange } from './expected-emissions.ts'
import { type ComparedPartition, comparePartition } from './verify-partition.ts'

export interface PartitionToVerify {
  readonly stateKey: StateKey
  readonly beginning: ComparableFrom
}

/** Topics that the consumer writes to. */
export interface Outputs {
  /** Returns the ranges of the topics that Kafka has now. Topics that do not exist are omitted. */
  ranges(topics: Iterable<string>): Promise<ReadonlyMap<string, readonly OutputRange[]>>
  /** Topics that only this consumer writes to. In these topics, an event that cannot be derived from the log is reported too. */
  readonly own: readonly string[]
}

interface VerifiedPartition extends StateKey {
  readonly fromOffset: number
  readonly toOffset: number
  readonly doubt?: ComparableFrom['doubt']
}

export interface Verified {
  readonly partitions: readonly VerifiedPartition[]
  readonly records: number
  readonly states: number
  /** Number of entities whose state comes from records that the log no longer has. They are not compared. */
  readonly notComparable: number
  readonly emissions: number
  readonly failures: number
  readonly differences: readonly Difference[]
  /** Number of entities, ids, events and failures whose differences are exceptions, by reason. */
  readonly excepted: Readonly<Partial<Record<Exception, number>>>
}

/** Compares the partitions. @throws CopyStopped, `Unavailable` or `PartitionStopped` if this fails */
export async function verify(
  work: Verifying,
  partitions: readonly PartitionToVerify[],
  outputs: Outputs,
): Promise<Verified> {
  const before = await outputs.ranges(outputs.own)
  const emissions = new ExpectedEmissions(work.consumer)
  const compared = new Map<number, ComparedPartition & PartitionToVerify>()
  for (const own of partitions) {
    const { partition } = own.stateKey
    const found = await comparePartition(work, own.stateKey, own.beginning, decisions => {
      emissions.add(partition, decisions)
      work.onDecisions?.(partition, decisions)
    })
    compared.set(partition, { ...own, ...found })
  }
  const all = [...compared.values()]
  const topics = new Set([...emissions.topics, ...before.keys()])
  const ranges = await outputs.ranges(topics)
  const unlike = all.flatMap(({ stateKey: { partition }, differences }) =>
    differences.flatMap(({ what, offset }) => (what === 'failure' ? [`${partition}@${offset}`] : [])),
  )
  const emitted = await emissions.compare(work.log, ranges, {
    outbox: new Set(all.flatMap(({ outbox }) => [...outbox])),
    beginnings: new Map(all.map(({ stateKey, beginning }) => [stateKey.partition, beginning.offset])),
    unlike: new Set(unlike),
    endsBefore: new Map([...before].map(([topic, own]) => [topic, own.map(({ end }) => end)])),
  })
  const findException = createExceptionFinder(compared, emitted.failures)
  const differences: Difference[] = []
  const excepted = new Map<Exception, Set<string>>()
  for (const difference of [...all.flatMap(({ differences }) => differences), ...emitted.differences]) {
    const exception = findException(difference)
    if (exception)
      excepted.set(exception, (excepted.get(exception) ?? new Set()).add(toDifferenceKey(difference)))
    else differences.push(difference)
  }
  const sum = (of: 'records' | 'states' | 'notComparable') =>
    all.reduce((total, compared) => total + compared[of], 0)
  return {
    partitions: all.map(({ stateKey, beginning: { offset: fromOffset, doubt }, toOffset }) => ({
      ...stateKey,
      fromOffset,
      toOffset,
      ...omitUndefined({ doubt }),
    })),
    ...{ records: sum('records'), states: sum('states'), notComparable: sum('notComparable') },
    ...emissions.counts,
    differences,
    excepted: Object.fromEntries([...excepted].map(([name, { size }]) => [name, size])),
  }
}

/** Returns a key for the entity, event, failure or id that differs. All differing fields of it have the same key. */
export function toDifferenceKey({ partition, what, entity, id, offset }: Difference): string {
  return JSON.stringify([partition, what, id ?? entity, offset])
}

/**
 * Returns a function that determines whether a difference is an exception. A failure that need not be reproducible explains
 * differences in its own record, in its id, and in all data of its entity.
 */
function createExceptionFinder(
  compared: ReadonlyMap<number, ComparedPartition & PartitionToVerify>,
  failures: readonly OneSidedFailure[],
): (difference: Difference) => Exception | undefined {
  const reasons = new Map<string, Exception>()
  for (const { partition, reason, concerns } of failures)
    for (const what of concerns) if (what !== undefined) reasons.set(`${partition} ${what}`, reason)
  const inDoubt = [...compared.values()].find(({ hasExpired, beginning }) => hasExpired || beginning.doubt)
  const replacedTo = Math.max(...[...compared.values()].map(({ beginning }) => beginning.replacedTo))
  const anywhere = inDoubt
    ? (inDoubt.beginning.doubt ?? 'expired')
    : failures.length > 0
      ? 'failures'
      : undefined
  return ({ exception, partition, what, field, entity, id, topic, offset }) => {
    if (exception) return exception
    // An event that cannot be derived from the log may have been emitted by any partition.
    const own = partition === undefined ? undefined : compared.get(partition)
    if (!own) return offset !== undefined && offset <= replacedTo ? 'replaced' : anywhere
    const doubt = own.hasExpired ? 'expired' : own.findDoubt(entity, topic === undefined ? undefined : offset)
    if (doubt) return doubt
    // The position within a record depends on the timers of other entities.
    const isPosition = field === 'sequence' || field === 'order'
    if (isPosition && own.beginning.doubt) return own.beginning.doubt
    if (what === 'failure' && topic === undefined && own.hasForgotten) return 'forgotten'
    const names = [entity, what === 'id' ? id : undefined, what === 'failure' ? offset : undefined]
    return names.map(name => reasons.get(`${partition} ${name}`)).find(reason => reason !== undefined)
  }
}
