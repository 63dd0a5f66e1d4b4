/** Invocations beside those of the mapping, with the same records: they were given up, and nobody has told them. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { until } from '../support/until.ts'
import type { Slot } from './count/slots.ts'
import type { Flow } from './flow.ts'
import type { KafkaRecord } from './kafka/records.ts'
import type { Worker } from './workers.ts'

const MOST = 100

/** Lets no mapping begin a batch of one partition, until somebody releases it. */
export async function heldBack(
  flow: Flow,
  work: (slot: Slot, release: (workers: readonly Worker[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const slot = await busySlot(flow)
  const { partition } = slot
  const ask = (workers: readonly Worker[], fault: 'hold' | 'release') =>
    Promise.all(workers.map(worker => worker.inject({ fault, function: 'counting', partition })))
  await ask(flow.workers, 'hold')
  const waiting = async () => (await undecided(flow, slot)).length
  await until('enough of it waits', async () => (await waiting()) >= 20, { withinMs: 2_000 }).catch(() => {})
  await work(slot, async workers => void (await ask(workers, 'release')))
}

/** A partition, as likely as a record is to be in it: of what nobody sends to, nothing can be held back. */
async function busySlot(flow: Flow): Promise<Slot> {
  const slots = flow.slots('counting')
  const [first] = slots as [Slot]
  const ends = await flow.log.ends(first.topic)
  let left = flow.random.next() * ends.reduce((sum, end) => sum + end, 0)
  const chosen = slots.find((_, partition) => {
    left -= ends[partition] ?? 0
    return left < 0
  })
  return chosen ?? first
}

export interface Straggler {
  readonly ended: Promise<void>
}

/** Resolves when it stands still on its way, or has ended without coming there. */
export async function straggler(
  flow: Flow,
  worker: Worker,
  slot: Slot,
  delay: { readonly before: 'commit' | 'publish'; readonly ms: number },
): Promise<Straggler> {
  const { consumer, topic, partition } = slot
  const records = await undecided(flow, slot)
  if (records.length === 0) return { ended: Promise.resolve() }
  const sign = worker.file(`straggler-${randomUUID()}`)
  const event = {
    eventSource: 'aws:kafka',
    records: { [`${topic}-${partition}`]: records.map(record => handedOver(topic, record)) },
    straggler: { ...delay, sign },
  }
  let isOver = false
  const ended = worker.invoke(consumer, event).then(() => {
    isOver = true
  })
  await until(`it stands still before its ${delay.before}`, () => isOver || existsSync(sign))
  return { ended }
}

async function undecided(flow: Flow, slot: Slot): Promise<readonly KafkaRecord[]> {
  const { topic, partition } = slot
  const [standing] = await flow.standing([slot])
  const from = (standing?.mark ?? -1) + 1
  const end = (await flow.log.ends(topic))[partition] ?? 0
  for await (const records of flow.log.read(topic, partition, from, end)) return records.slice(0, MOST)
  return []
}

/** A record as Lambda hands it over. */
function handedOver(
  topic: string,
  { partition, offset, timestampMs, key, value, headers }: KafkaRecord,
): object {
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    timestampType: 'LOG_APPEND_TIME',
    key: key?.toString('base64'),
    value: value?.toString('base64'),
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}
