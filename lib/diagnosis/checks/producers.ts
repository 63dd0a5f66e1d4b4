/** Checks the producers of a topic by its newest batches. Pure. */
import type { BatchFacts, PartitionBatches, TopicFacts } from '../facts.ts'
import { type Finding, formatCount, type Judgement, runChecks, wrong } from '../finding.ts'

/** Default delivery timeout of Kafka clients, in milliseconds. A client may send a record several times within this time. */
const DELIVERY_TIMEOUT_MS = 120_000
/** Size from which a batch must be compressed, in bytes. Smaller batches consist mostly of headers. */
const LARGE_BATCH_BYTES = 16 * 1024
/** Rate in a partition above which batches must have this many records on average. */
const MANY_BATCHES_PER_SECOND = 50
const FEW_RECORDS = 2
/** Minimum number of batches in a partition for computing a rate. */
const LEAST_BATCHES = 20

/** Newest batches of a topic that has records. */
interface WrittenBatches {
  readonly batches: readonly BatchFacts[]
  readonly partitions: readonly PartitionBatches[]
  readonly idWindowMs: number
}

/**
 * Checks that repeats of a record are recognised, that large batches are compressed, and that records are not sent one by one.
 *
 * @param idWindowMs time for which consumers recognise a repeated event id, in log time
 */
export function checkProducers({ topic, found }: TopicFacts, idWindowMs: number): Finding[] {
  if ('unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  const partitions = 'unseen' in newest ? [] : newest.seen
  const facts = { batches: partitions.flatMap(one => one.batches), partitions, idWindowMs }
  const observed = 'unseen' in newest ? newest : { seen: facts }
  return runChecks('producers', topic, CHECKS, observed, 'This check needs permission to read the topic.')
}

const CHECKS = {
  idempotence: ifWritten(({ batches, idWindowMs }) => {
    const without = batches.filter(({ isIdempotent }) => !isIdempotent).length
    if (without === 0) return `all of the newest ${batches.length} batches come from idempotent producers`
    const says = `${without} of the newest ${batches.length} batches come from producers that are not idempotent`
    if (idWindowMs >= DELIVERY_TIMEOUT_MS) return `${says}. A second event with the same id is dropped`
    return wrong(
      `${says}. Consumers recognise a repeated id for only ${idWindowMs / 1000} s`,
      'Set enable.idempotence=true in the producers, or raise ID_WINDOW_SECONDS to 120 or more.',
    )
  }),
  compression: ifWritten(({ batches }) => {
    const plain = batches.filter(({ codec, bytes }) => codec === 'none' && bytes >= LARGE_BATCH_BYTES).length
    if (plain > 0)
      return wrong(
        `${plain} of the newest ${batches.length} batches: at least ${LARGE_BATCH_BYTES / 1024} KiB without compression`,
        'Set compression.type=lz4 or zstd in the producers.',
      )
    const codecs = [...Map.groupBy(batches, ({ codec }) => codec)].sort((a, b) => b[1].length - a[1].length)
    return `${codecs.map(([codec, { length }]) => `${length} ${codec}`).join(', ')}; every large batch is compressed`
  }),
  /** Looks at the partition with the highest rate of small batches. */
  batching: ifWritten(({ batches, partitions }) => {
    const small = partitions.filter(
      one => one.batches.length >= LEAST_BATCHES && computeMeanRecords(one.batches) < FEW_RECORDS,
    )
    const perSecond = Math.max(0, ...small.map(one => computeRate(one.batches)))
    if (perSecond <= MANY_BATCHES_PER_SECOND)
      return `${formatCount(Number(computeMeanRecords(batches).toFixed(1)), 'record')} per batch on average`
    return wrong(
      `a partition has ${Math.round(perSecond)} batches per second, with fewer than ${FEW_RECORDS} records each on average`,
      'Set linger.ms=20 or more in the producers, and do not wait for each record before sending the next.',
    )
  }),
}

function ifWritten(judge: (written: WrittenBatches) => Judgement | string): typeof judge {
  return written => (written.batches.length === 0 ? 'it has no records' : judge(written))
}

function computeMeanRecords(batches: readonly BatchFacts[]): number {
  return batches.reduce((sum, { records }) => sum + records, 0) / batches.length
}

/** Returns the number of batches per second; 0 if all have the same time. */
function computeRate(batches: readonly BatchFacts[]): number {
  const times = batches.map(({ timestampMs }) => timestampMs)
  const tookMs = Math.max(...times) - Math.min(...times)
  return tookMs > 0 ? ((batches.length - 1) * 1000) / tookMs : 0
}
