/** Follows each failure that waits in a retry topic: it must come back once due, byte for byte and in order, and nothing else may. */
import type { KafkaLog } from '../kafka/log.ts'
import type { KafkaRecord } from '../kafka/records.ts'
import { createId } from './event.ts'
import { originalBytes, readRedrive } from './redrive.ts'
import { EARLY, LOST_REDRIVE, ORDER, type Violations } from './violations.ts'

/** The delays of the ledger's redriver, and how many retries its policy has. */
const DELAYS_MS: Readonly<Record<string, number>> = {
  'retry-1m': 600,
  'retry-10m': 1_200,
  'retry-1h': 60_000,
}
const RETRIES = ['retry-1m', 'retry-10m'] as const

/** Returns the retry topic of a failure that is retried; undefined for a dead letter. A redrive by hand resets its retries. */
export function getRetryTopic({ attempt, history }: FailureOfTask): string | undefined {
  const byHand = history.filter(({ redrivenBy }) => redrivenBy !== undefined).at(-1)
  return RETRIES[attempt - 1 - (byHand?.attempt ?? 0)]
}

interface FailureOfTask {
  readonly attempt: number
  readonly history: readonly { readonly attempt: number; readonly redrivenBy?: string }[]
}

export interface RetryTopics {
  readonly readings: string
  /** Retries by signal. */
  readonly retries: ReadonlyMap<string, string>
  /** Attempts that were redriven by hand: `failure attempt`. */
  readonly byHand: ReadonlySet<string>
}

export interface Retried {
  /** Failures that waited in a retry topic. */
  readonly waited: number
  /** Number of redrives by people. */
  readonly byHand: number
  /** Records that came back, copies included. */
  readonly cameBack: number
}

type Log = Pick<KafkaLog, 'ends' | 'records'>

export async function compareRetries(
  log: Log,
  { readings, retries, byHand }: RetryTopics,
  violations: Violations,
): Promise<Retried> {
  const back = await cameBack(log, readings)
  const wanted = new Set(byHand)
  for (const attempt of byHand)
    if (!back.first.has(attempt)) violations.add(LOST_REDRIVE, `by hand: ${attempt}`)
  for (const [signal, topic] of retries)
    for (const [partition, end] of (await log.ends(topic)).entries()) {
      /** The last offset to which a retry of this partition came back, by the partition that it came back to. */
      const latest = new Map<number, number>()
      for await (const record of log.records(topic, partition, end)) {
        const { name, place } = readWaitingTask(record)
        if (wanted.has(name)) continue
        wanted.add(name)
        const shown = `${signal}/${partition} ${record.offset}: ${name}`
        const first = back.first.get(name)
        if (first === undefined) {
          violations.add(LOST_REDRIVE, shown)
          continue
        }
        const waitedMs = first.timestampMs - record.timestampMs
        if (waitedMs < (DELAYS_MS[signal] ?? 0)) violations.add(EARLY, `${shown}, after ${waitedMs} ms`)
        if (first.offset < (latest.get(first.partition) ?? -1)) violations.add(ORDER, `redriven ${shown}`)
        latest.set(first.partition, first.offset)
        const isMoved = first.partition !== Number(place.split('/')[0])
        if (isMoved || back.originals.get(place) !== originalBytes(first))
          violations.add('redriven with other bytes or to another partition', shown)
      }
    }
  for (const name of back.first.keys())
    if (!wanted.has(name)) violations.add('redriven without a failure that waits', name)
  return { waited: wanted.size - byHand.size, byHand: byHand.size, cameBack: back.copies }
}

/** The redriven records of the readings: the first copy of each attempt, and the bytes of all other records by their place. */
async function cameBack(log: Log, readings: string) {
  const [first, originals] = [new Map<string, KafkaRecord>(), new Map<string, string>()]
  let copies = 0
  for (const [partition, end] of (await log.ends(readings)).entries())
    for await (const record of log.records(readings, partition, end)) {
      const redrive = readRedrive(record)
      const name = redrive && `${redrive.failure} ${redrive.attempt}`
      if (name === undefined) {
        if (isTask(record)) originals.set(`${partition}/${record.offset}`, originalBytes(record))
        continue
      }
      copies += 1
      if (!first.has(name)) first.set(name, record)
    }
  return { first, originals, copies }
}

/** Whether a record can come back. */
function isTask({ headers }: KafkaRecord): boolean {
  return headers.some(([name, value]) => name === 'ce_type' && String(value) === 'ledger.task.v1')
}

/** The attempt that a record of a retry topic waits for, and where its original is. */
function readWaitingTask({ value }: KafkaRecord): { readonly name: string; readonly place: string } {
  const data = JSON.parse(String(value))
  const { consumer, originalTopic, originalPartition, originalOffset, attempt } = data
  const failure = createId('failure', consumer, originalTopic, originalPartition, originalOffset)
  return { name: `${failure} ${attempt + 1}`, place: `${originalPartition}/${originalOffset}` }
}
