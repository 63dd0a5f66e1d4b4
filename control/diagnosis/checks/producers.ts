/** Checks the producers of a topic by its newest batches. Pure. */
import { describeUnknownType, type UnknownType } from '../../queries/records/unknown-types.ts'
import type { BatchFacts, PartitionBatches, TopicFacts } from '../facts.ts'
import { createFinding, type Finding, type Observed, ok, runChecks, unknown, wrong } from '../finding.ts'

/** Default delivery timeout of Kafka clients, in milliseconds. A client may send a record several times within this time. */
const DELIVERY_TIMEOUT_MS = 120_000
/** Size from which a batch must be compressed, in bytes. Smaller batches consist mostly of headers. */
const LARGE_BATCH_BYTES = 16 * 1024
/** Rate in a partition above which batches must have several records, and the number of batches from which on it is a rate. */
const MANY_BATCHES_PER_SECOND = 50
const LEAST_BATCHES = 20

/**
 * Checks that repeats of a record are recognised, that large batches are compressed, and that records are not sent one by one.
 *
 * @param idWindowMs time for which consumers recognise a repeated event id, in log time
 */
export function checkProducers({ topic, found }: TopicFacts, idWindowMs: number): Finding[] {
  if ('unseen' in found || found.seen === undefined) return []
  const checks = {
    idempotence: (newest: Newest) => checkIdempotence(newest, idWindowMs),
    compression: checkCompression,
    batching: checkBatching,
  }
  const rights = 'This check needs permission to read the topic.'
  return runChecks('producers', topic, checks, found.seen.newest, rights)
}

type Newest = readonly PartitionBatches[]

function checkIdempotence(newest: Newest, idWindowMs: number) {
  const batches = newest.flatMap(producer => producer.batches)
  const without = batches.filter(({ isIdempotent }) => !isIdempotent).length
  if (without === 0) return `all of the newest ${batches.length} batches come from idempotent producers`
  const says = `${without} of the newest ${batches.length} batches come from producers that are not idempotent`
  if (idWindowMs >= DELIVERY_TIMEOUT_MS) return `${says}. A second event with the same id is dropped`
  return wrong(
    `${says}. Consumers recognise a repeated id for only ${idWindowMs / 1000} s`,
    'Set enable.idempotence=true in the producers, or raise ID_WINDOW_SECONDS to 120 or more.',
  )
}

function checkCompression(newest: Newest) {
  const large = newest.flatMap(producer => producer.batches).filter(({ bytes }) => bytes >= LARGE_BATCH_BYTES)
  const plain = large.filter(({ isCompressed }) => !isCompressed).length
  const says = `of the newest batches with ${LARGE_BATCH_BYTES / 1024} KiB or more, ${plain} of ${large.length} are not compressed`
  return plain === 0 ? says : wrong(says, 'Set compression.type=lz4 or zstd in the producers.')
}

function checkBatching(newest: Newest) {
  const small = newest.filter(({ batches }) => countRecords(batches) < 2 * batches.length)
  const perSecond = Math.round(Math.max(0, ...small.map(({ batches }) => computeRate(batches))))
  if (perSecond > MANY_BATCHES_PER_SECOND)
    return wrong(
      `a partition has ${perSecond} batches per second, most of them with a single record`,
      'Set linger.ms=20 or more in the producers, and do not wait for each record before sending the next.',
    )
  const batches = newest.flatMap(producer => producer.batches)
  return `the newest ${batches.length} batches have ${countRecords(batches)} records`
}

function countRecords(batches: readonly BatchFacts[]): number {
  return batches.reduce((sum, { records }) => sum + records, 0)
}

/** Returns the number of batches per second; 0 for few batches, or if all have the same time. */
function computeRate(batches: readonly BatchFacts[]): number {
  const times = batches.map(({ timestampMs }) => timestampMs)
  const tookMs = Math.max(...times) - Math.min(...times)
  return batches.length < LEAST_BATCHES || tookMs <= 0 ? 0 : ((batches.length - 1) * 1000) / tookMs
}

/** Checks that readings have types of families. @param unknownTypes types that no family has */
export function checkTypes(topic: string, unknownTypes: Observed<readonly UnknownType[]>): Finding[] {
  if ('unseen' in unknownTypes) return [createFinding('producers', 'types', topic, unknown(unknownTypes))]
  if (unknownTypes.seen.length === 0)
    return [createFinding('producers', 'types', topic, ok('the newest records have types of families'))]
  return unknownTypes.seen.map(found =>
    createFinding('producers', 'types', topic, wrong(...describeUnknownType(found))),
  )
}
