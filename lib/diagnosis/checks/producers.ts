/** The checklist of producers: by how Sluice's own publish, and by what any producer has written to the log. Pure. */
import type { BatchFacts, ProducerFacts, TopicFacts } from '../facts.ts'
import { about, type Finding } from '../finding.ts'

/** Kafka's clients give up a record after two minutes, and may have sent it several times by then. */
const DELIVERY_TIMEOUT_MS = 120_000
/** Smaller batches are mostly headers: compression saves little of them. */
const WORTH_COMPRESSING_BYTES = 16 * 1024
/** Batches of a partition that come faster than this, each with a record or two, cost more than their records. */
const MANY_BATCHES_PER_SECOND = 50
const SMALL_BATCH_RECORDS = 2
/** Fewer say nothing of a rate. */
const LEAST_BATCHES = 20
const PRODUCER_PAGE = 'docs/producer.md has the settings of each profile.'

/** @param idWindowMs how long consumers know an id again, in log time */
export function producerFindings(producer: ProducerFacts, idWindowMs: number): Finding[] {
  const { name } = producer
  return [
    acksFinding(producer),
    repeatsFinding(producer, idWindowMs),
    deliveryFinding(name, producer),
    orderFinding(producer),
  ]
}

function acksFinding({ name, acks }: ProducerFacts): Finding {
  const { ok, wrong } = about('producers', 'acks', name)
  return acks === 'all'
    ? ok('acks=all: a record counts once all copies in sync have it')
    : wrong(
        'acks=1: a record that the leader alone has is lost with it',
        'Use acks: "all", as the profile balanced does.',
      )
}

function repeatsFinding({ name, idempotent, deliveryTimeoutMs }: ProducerFacts, idWindowMs: number): Finding {
  const { ok, wrong } = about('producers', 'idempotence', name)
  if (idempotent) return ok('idempotent: the broker drops what is sent again')
  return idWindowMs >= deliveryTimeoutMs
    ? ok('not idempotent, but a repeat has the same id, which consumers know')
    : wrong(
        `not idempotent, and consumers know an id for ${idWindowMs / 1000} s only, while a record can be sent again for ${deliveryTimeoutMs / 1000} s`,
        'Raise ID_WINDOW_SECONDS.',
      )
}

function deliveryFinding(name: string, { awaitsDelivery }: ProducerFacts): Finding {
  const { ok, wrong } = about('producers', 'delivery', name)
  return awaitsDelivery
    ? ok('every record is reported as delivered or failed')
    : wrong('nobody is told of a record that was not delivered', 'Pass onDelivery, or await publish().')
}

function orderFinding({ name, idempotent, maxInFlight }: ProducerFacts): Finding {
  const { ok, wrong } = about('producers', 'order', name)
  if (idempotent || maxInFlight === 1) return ok('a retry does not overtake a later record')
  return wrong(
    `${maxInFlight} requests in flight: a retry can overtake a later record`,
    'Use idempotent: true, or maxInFlight: 1.',
  )
}

/** What the newest batches of a topic tell of whoever wrote them, Sluice's or not. */
export function batchFindings({ topic, found }: TopicFacts, idWindowMs: number): Finding[] {
  if ('unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  if ('unseen' in newest)
    return [
      about('producers', 'batches', topic).unknown(newest.unseen, 'It takes the right to read the topic.'),
    ]
  const partitions = newest.seen.filter(({ batches }) => batches.length > 0)
  const batches = partitions.flatMap(one => one.batches)
  if (batches.length === 0) return [about('producers', 'batches', topic).ok('nothing is written to it')]
  return [
    writtenIdempotently(topic, batches, idWindowMs),
    compressed(topic, batches),
    filled(topic, batches, Math.max(...partitions.map(one => batchesPerSecond(one.batches)))),
  ]
}

function writtenIdempotently(topic: string, batches: readonly BatchFacts[], idWindowMs: number): Finding {
  const { ok, wrong } = about('producers', 'idempotence', topic)
  const without = batches.filter(({ isIdempotent }) => !isIdempotent).length
  if (without === 0) return ok(`all of the newest ${batches.length} batches are of idempotent producers`)
  const says = `${without} of the newest ${batches.length} batches are of producers that are not idempotent`
  return idWindowMs >= DELIVERY_TIMEOUT_MS
    ? ok(`${says}; a repeat with the same id is dropped`)
    : wrong(
        `${says}, and an id is known for ${idWindowMs / 1000} s only`,
        'Set enable.idempotence=true in the producers, or raise ID_WINDOW_SECONDS to 120 or more.',
      )
}

function compressed(topic: string, batches: readonly BatchFacts[]): Finding {
  const { ok, wrong } = about('producers', 'compression', topic)
  const plain = batches.filter(({ codec, bytes }) => codec === 'none' && bytes >= WORTH_COMPRESSING_BYTES)
  if (plain.length > 0)
    return wrong(
      `${plain.length} of the newest ${batches.length} batches have ${WORTH_COMPRESSING_BYTES / 1024} KiB or more and are not compressed`,
      `Set compression.type=lz4 or zstd in their producers. ${PRODUCER_PAGE}`,
    )
  const counts = new Map<string, number>()
  for (const { codec } of batches) counts.set(codec, (counts.get(codec) ?? 0) + 1)
  const said = [...counts].sort((a, b) => b[1] - a[1]).map(([codec, count]) => `${count} ${codec}`)
  return ok(`${said.join(', ')}, and none large without compression`)
}

/** batch.size and linger.ms, by what came of them. */
function filled(topic: string, batches: readonly BatchFacts[], perSecond: number): Finding {
  const { ok, wrong } = about('producers', 'batching', topic)
  const records = batches.reduce((sum, batch) => sum + batch.records, 0) / batches.length
  const shown = `${Number(records.toFixed(1))} records a batch`
  if (batches.length >= LEAST_BATCHES && perSecond > MANY_BATCHES_PER_SECOND && records < SMALL_BATCH_RECORDS)
    return wrong(
      `${shown}, and up to ${Math.round(perSecond)} batches a second in a partition`,
      `Raise linger.ms (20 or more) and batch.size of the producers. ${PRODUCER_PAGE}`,
    )
  return ok(shown)
}

function batchesPerSecond(batches: readonly BatchFacts[]): number {
  const times = batches.map(({ timestampMs }) => timestampMs)
  const tookMs = Math.max(...times) - Math.min(...times)
  return tookMs <= 0 ? 0 : ((batches.length - 1) * 1000) / tookMs
}
