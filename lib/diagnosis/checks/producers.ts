/**
 * Checks producers. The project's own producers are checked by their settings, other producers by the newest batches in their
 * topics. Pure.
 */
import type { BatchFacts, ProducerFacts, TopicFacts } from '../facts.ts'
import { type Finding, finding, judged, unknown, wrong } from '../finding.ts'

/** Default delivery timeout of Kafka clients, in milliseconds. A client may send a record several times within this time. */
const DELIVERY_TIMEOUT_MS = 120_000
/** Minimum batch size, in bytes, for recommending compression. Smaller batches consist mostly of headers. */
const WORTH_COMPRESSING_BYTES = 16 * 1024
/** Number of small batches per second in a partition above which larger batches are recommended. */
const MANY_BATCHES_PER_SECOND = 50
const SMALL_BATCH_RECORDS = 2
/** Minimum number of batches for computing a rate. */
const LEAST_BATCHES = 20
const PRODUCER_PAGE = 'docs/producer.md has the settings of each profile.'

/**
 * Checks the settings of a producer.
 *
 * @param idWindowMs time for which consumers recognise a repeated event id, in log time
 */
export function producerFindings(producer: ProducerFacts, idWindowMs: number): Finding[] {
  return judged('producers', producer.name, OWN, { seen: { ...producer, idWindowMs } })
}

type Own = ProducerFacts & { readonly idWindowMs: number }

const OWN = {
  acks: ({ acks }: Own) =>
    acks === 'all'
      ? 'acks=all: a record is acknowledged once all in-sync replicas have it'
      : wrong(
          'acks=1: a record that only the leader has is lost if the leader fails',
          'Use acks: "all", as the profile balanced does.',
        ),
  idempotence: ({ idempotent, deliveryTimeoutMs, idWindowMs }: Own) => {
    if (idempotent) return 'idempotent: the broker drops records that are sent again'
    if (idWindowMs >= deliveryTimeoutMs)
      return 'not idempotent, but a repeat has the same id, which consumers recognise'
    return wrong(
      `not idempotent, and consumers recognise an id for only ${idWindowMs / 1000} s, while a record can be sent again for ${deliveryTimeoutMs / 1000} s`,
      'Raise ID_WINDOW_SECONDS.',
    )
  },
  delivery: ({ awaitsDelivery }: Own) =>
    awaitsDelivery
      ? 'every record is reported as delivered or failed'
      : wrong('a record that was not delivered is not reported', 'Pass onDelivery, or await publish().'),
  order: ({ idempotent, maxInFlight }: Own) =>
    idempotent || maxInFlight === 1
      ? 'a retry does not change the order of records'
      : wrong(
          `${maxInFlight} requests in flight: a retry can change the order of records`,
          'Use idempotent: true, or maxInFlight: 1.',
        ),
}

/** Checks the producers of a topic by its newest batches. */
export function batchFindings({ topic, found }: TopicFacts, idWindowMs: number): Finding[] {
  if ('unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  if ('unseen' in newest)
    return [
      finding(
        'producers',
        'batches',
        topic,
        unknown(newest.unseen, 'This check needs permission to read the topic.'),
      ),
    ]
  const partitions = newest.seen.filter(({ batches }) => batches.length > 0)
  const batches = partitions.flatMap(one => one.batches)
  if (batches.length === 0) return [finding('producers', 'batches', topic, 'it has no records')]
  const perSecond = Math.max(...partitions.map(one => batchesPerSecond(one.batches)))
  return judged('producers', topic, WRITTEN, { seen: { batches, idWindowMs, perSecond } })
}

interface WrittenBatches {
  readonly batches: readonly BatchFacts[]
  readonly idWindowMs: number
  readonly perSecond: number
}

const WRITTEN = {
  idempotence: ({ batches, idWindowMs }: WrittenBatches) => {
    const without = batches.filter(({ isIdempotent }) => !isIdempotent).length
    if (without === 0) return `all of the newest ${batches.length} batches come from idempotent producers`
    const says = `${without} of the newest ${batches.length} batches come from producers that are not idempotent`
    if (idWindowMs >= DELIVERY_TIMEOUT_MS) return `${says}. A second event with the same id is dropped`
    return wrong(
      `${says}. Consumers recognise a repeated id for only ${idWindowMs / 1000} s`,
      'Set enable.idempotence=true in the producers, or raise ID_WINDOW_SECONDS to 120 or more.',
    )
  },
  compression: ({ batches }: WrittenBatches) => {
    const plain = batches.filter(({ codec, bytes }) => codec === 'none' && bytes >= WORTH_COMPRESSING_BYTES)
    if (plain.length > 0)
      return wrong(
        `${plain.length} of the newest ${batches.length} batches are not compressed, although they have at least ${WORTH_COMPRESSING_BYTES / 1024} KiB`,
        `Set compression.type=lz4 or zstd in their producers. ${PRODUCER_PAGE}`,
      )
    const codecs = [...Map.groupBy(batches, ({ codec }) => codec)].sort((a, b) => b[1].length - a[1].length)
    return `${codecs.map(([codec, { length }]) => `${length} ${codec}`).join(', ')}, and none large without compression`
  },
  /** Checks whether `batch.size` and `linger.ms` lead to large enough batches. */
  batching: ({ batches, perSecond }: WrittenBatches) => {
    const records = batches.reduce((sum, batch) => sum + batch.records, 0) / batches.length
    const says = `${Number(records.toFixed(1))} records per batch`
    const isMany = batches.length >= LEAST_BATCHES && perSecond > MANY_BATCHES_PER_SECOND
    if (!isMany || records >= SMALL_BATCH_RECORDS) return says
    return wrong(
      `${says}, and up to ${Math.round(perSecond)} batches per second in a partition`,
      `Raise linger.ms (20 or more) and batch.size of the producers. ${PRODUCER_PAGE}`,
    )
  },
}

function batchesPerSecond(batches: readonly BatchFacts[]): number {
  const times = batches.map(({ timestampMs }) => timestampMs)
  const tookMs = Math.max(...times) - Math.min(...times)
  return tookMs <= 0 ? 0 : ((batches.length - 1) * 1000) / tookMs
}
