/** Makes the records to send: numbered ones about many entities, with every kind of irregularity that a log can have. */
import type { Random } from '#runtime/testing'

export interface Numbered {
  readonly number: number
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** Whether Kafka must reject the record. */
  readonly isTooLarge?: boolean
  /** Whether the record goes to the topic of another application, and not to the readings. */
  readonly isInput?: boolean
}

const RECORDS_PER_ENTITY = 50
/** How many entities send at a time. From time to time, one of them falls silent and another takes its place. */
const SENDING = 60
const MOVES_ON = 1 / 40
const LARGE = 700 * 1024
/** Above the message limit of the topic. */
const TOO_LARGE = 1_100 * 1024

/** Shares of special records, in percent; the rest are plain signals. */
const SHARES = {
  repeat: 6,
  conflict: 0.5,
  poison: 1.5,
  other: 1,
  echo: 2,
  overtaken: 5,
  erasure: 0.5,
  input: 12,
} as const
type Kind = keyof typeof SHARES | 'signal'

export class Feed {
  readonly #random: Random
  readonly #entities: number
  readonly #sending: string[]
  /** Records that were sent recently, to be repeated. */
  readonly #recent: Numbered[] = []
  /** Records that are sent later, so that others overtake them. */
  readonly #delayed: Numbered[] = []
  readonly #largeEvery: number
  /** The number of the record, and that of its event, which several records may contain. */
  #number = 0
  #events = 0

  /** @param records the total number of records */
  constructor(random: Random, records: number) {
    this.#random = random
    this.#entities = Math.max(SENDING * 2, Math.floor(records / RECORDS_PER_ENTITY))
    this.#sending = Array.from({ length: SENDING }, () => this.#anyEntity())
    // Few, even in long runs, because they slow everything down.
    this.#largeEvery = Math.max(500, Math.floor(records / 20))
  }

  /** The next records, with this time. */
  next(count: number, nowMs: number): Numbered[] {
    return Array.from({ length: count }, () => {
      const record = this.#record(nowMs)
      this.#number += 1
      return record
    })
  }

  #record(nowMs: number): Numbered {
    const place = this.#number % this.#largeEvery
    if (place === 99) return this.#tooLarge(nowMs)
    if (place === 199) return this.#signal(nowMs, { echo: 'x'.repeat(LARGE) })
    const isDue = this.#delayed.length > this.#random.between(1, 60)
    const overtaken = isDue ? this.#delayed.shift() : undefined
    return overtaken ? this.#renumbered(overtaken) : this.#ofKind(this.#kind(), nowMs)
  }

  #kind(): Kind {
    let left = this.#random.next() * 100
    const isChosen = ([, share]: [string, number]) => {
      left -= share
      return left < 0
    }
    return (Object.entries(SHARES).find(isChosen)?.[0] as Kind | undefined) ?? 'signal'
  }

  #ofKind(kind: Kind, nowMs: number): Numbered {
    const recent = this.#recent.at(-this.#random.between(1, 100))
    switch (kind) {
      case 'repeat':
        return recent ? this.#renumbered(recent) : this.#signal(nowMs)
      case 'conflict':
        return recent ? this.#conflicting(recent) : this.#signal(nowMs)
      case 'poison':
        return this.#poison(nowMs)
      case 'other':
        return this.#other(nowMs, 21.5)
      case 'echo':
        return this.#signal(nowMs, { echo: 'small' })
      case 'erasure':
        return this.#erasure(nowMs)
      case 'input':
        return this.#input(nowMs)
      case 'overtaken':
        this.#delayed.push(this.#signal(nowMs))
        return this.#signal(nowMs)
      case 'signal':
        return this.#signal(nowMs)
    }
  }

  /** A duplicate: another record with the same event. */
  #renumbered(record: Numbered): Numbered {
    const number = this.#number
    return this.#noted({ ...record, number, headers: { ...record.headers, ledger: String(number) } })
  }

  #conflicting(record: Numbered): Numbered {
    return { ...this.#renumbered(record), value: Buffer.from(JSON.stringify({ number: this.#number })) }
  }

  #signal(nowMs: number, more: object = {}): Numbered {
    const time = new Date(nowMs).toISOString()
    return this.#noted(this.#event({ subject: this.#anySender(), time, data: more }))
  }

  /** An erasure of an earlier version, which every consumer ignores. */
  #erasure(nowMs: number): Numbered {
    const time = new Date(nowMs).toISOString()
    const data = { erasureId: `erasure-${this.#number}`, requestedAt: time, partition: 0 }
    const type = 'io.sluice.entity.erased.v1'
    return this.#noted(this.#event({ subject: this.#random.pick(this.#sending), time, type, data }))
  }

  /** A record that `intake` maps. Half of them are known by their message, others by their position; no mapping takes the rest. */
  #input(nowMs: number): Numbered {
    this.#events += 1
    const [device, number, value] = [this.#anySender(), this.#number, this.#events]
    const chance = this.#random.next()
    const message = chance < 0.5 ? { message: `m${value}` } : {}
    const record = {
      ...message,
      device,
      value: chance < 0.93 ? value : 'high',
      at: new Date(nowMs).toISOString(),
    }
    const body = chance < 0.97 ? JSON.stringify(record) : `${device} is high`
    const headers = { ledger: String(number) }
    return this.#noted({ number, key: device, value: Buffer.from(body), headers, isInput: true })
  }

  /** A record that can never be processed, of a random kind. */
  #poison(nowMs: number): Numbered {
    const subject = this.#random.pick(this.#sending)
    const time = new Date(nowMs).toISOString()
    switch (this.#random.between(0, 4)) {
      case 0: {
        const headers = { ledger: String(this.#number) }
        return {
          number: this.#number,
          key: subject,
          value: Buffer.from([0xff, 0xfe, this.#number & 0xff]),
          headers,
        }
      }
      case 1: {
        const { headers, ...record } = this.#event({ subject, time })
        return { ...record, headers: { ...headers, ce_id: '' } }
      }
      case 2:
        return this.#other(nowMs, 'warm')
      case 3:
        return this.#event({ subject, time: new Date(nowMs + 3_600_000).toISOString() })
      default:
        return this.#event({ subject, time, data: { refuse: true } })
    }
  }

  /** An environment reading. It is invalid if the temperature is not a number. */
  #other(nowMs: number, temperature: unknown): Numbered {
    const [subject, time] = [this.#random.pick(this.#sending), new Date(nowMs).toISOString()]
    const location = { site: 'ledger', latitude: 1, longitude: 1 }
    const data = { sensorId: subject, temperature, location, status: 'ok' }
    return this.#event({ subject, time, type: 'io.sluice.environment.reading.v1', data })
  }

  #tooLarge(nowMs: number): Numbered {
    const record = this.#event({
      subject: this.#random.pick(this.#sending),
      time: new Date(nowMs).toISOString(),
      data: { echo: 'x'.repeat(TOO_LARGE) },
    })
    return { ...record, isTooLarge: true }
  }

  #event({
    subject,
    time,
    type = 'ledger.signal.v1',
    data = {},
  }: {
    readonly subject: string
    readonly time: string
    readonly type?: string
    readonly data?: object
  }): Numbered {
    const number = this.#number
    this.#events += 1
    const numbered = type === 'ledger.signal.v1' ? { number: this.#events, ...data } : data
    return {
      number,
      key: subject,
      value: Buffer.from(JSON.stringify(numbered)),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: `n${this.#events}`,
        ce_source: '/ledger',
        ce_type: type,
        ce_subject: subject,
        ce_time: time,
        ledger: String(number),
      },
    }
  }

  #noted(record: Numbered): Numbered {
    if (record.value.length < 1_000) this.#recent.push(record)
    if (this.#recent.length > 1_000) this.#recent.splice(0, 500)
    return record
  }

  #anySender(): string {
    if (this.#random.chance(MOVES_ON)) this.#sending[this.#random.between(0, SENDING - 1)] = this.#anyEntity()
    return this.#random.pick(this.#sending)
  }

  #anyEntity(): string {
    return `e${this.#random.between(1, this.#entities)}`
  }
}
