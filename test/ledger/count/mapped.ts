/** The reference of the consumer `intake`: which reading, or which failure, each record of the input becomes. */
import type { KafkaLog } from '../kafka/log.ts'
import type { KafkaRecord } from '../kafka/records.ts'
import type { Emissions } from './emissions.ts'
import { createId, getOrigin, isMapped, type LedgerEvent, READING } from './event.ts'
import { Intake } from './intake.ts'

/** Returns the identity of the input's log, which is part of ids: that of the first reading. All must have the same. */
export async function readIdentity(log: KafkaLog, readings: string): Promise<string> {
  for (const [partition, end] of (await log.ends(readings)).entries())
    for await (const record of log.records(readings, partition, end)) {
      if (!isMapped(record)) continue
      // The consumer, the cluster, the topic and its partition, and the id of the topic.
      const [, cluster, , , topicId] = getOrigin(record)?.split(':') ?? []
      return `${cluster}:${topicId}`
    }
  return ''
}

interface InputLog {
  readonly topic: string
  readonly identity: string
}

/** Expected readings and failures. */
interface Wanted {
  readonly readings: Pick<Emissions, 'emission'>
  readonly failures: Pick<Emissions, 'failure'>
}

/** The reference for one partition of the input. The clocks of its producers decide nothing, so that no id is too old. */
export class Mapped {
  readonly states = new Map<string, object>()
  readonly timers = new Map<string, []>()
  readonly #intake = new Intake(() => true)
  readonly #input: InputLog
  readonly #wanted: Wanted

  constructor(input: InputLog, wanted: Wanted) {
    this.#input = input
    this.#wanted = wanted
  }

  get tally(): ReadonlyMap<string, number> {
    return this.#intake.tally
  }

  apply(record: KafkaRecord): void {
    const { partition, offset } = record
    const place = [this.#input.topic, partition, offset, this.#input.identity] as const
    const sequence = ['0', String(offset).padStart(16, '0'), '00000000'].join('.')
    const event = readMappedEvent(record, place)
    const outcome = event === undefined ? 'failed/mapping-failed' : this.#intake.admit(event)
    this.#intake.ended(typeof outcome === 'string' ? outcome : 'applied/taken')
    if (typeof outcome !== 'string') {
      this.#intake.applied(outcome)
      const { id, type, subject, time, data } = outcome
      this.#wanted.readings.emission({ id, type, subject, time, sequence, data })
    } else if (outcome.startsWith('failed/')) {
      const code = outcome.slice('failed/'.length)
      this.#wanted.failures.failure({ id: createId('failure', 'intake', ...place), code, sequence, record })
    }
  }
}

/** The reading of a record; undefined if no mapping takes it. */
function readMappedEvent(
  { value }: KafkaRecord,
  place: readonly (string | number)[],
): LedgerEvent | undefined {
  const text = String(value)
  const { device, value: temperature, at: time, message } = text.startsWith('{') ? JSON.parse(text) : {}
  if (device === undefined || typeof temperature !== 'number') return undefined
  const id =
    message === undefined
      ? createId('mapped-position', READING, ...place)
      : createId('mapped-fields', READING, 'message', JSON.stringify(message))
  const data = { sensorId: device, temperature, location: { site: 'ledger', latitude: 1, longitude: 2 } }
  const source = '/environment/ledger'
  const [subject, entity, timeMs] = [device, `${source} ${device}`, Date.parse(time)]
  return { id, source, type: READING, subject, time, timeMs, sequence: '', data, entity }
}
