/** What is published: numbered records about many entities, among them all that a log can be troubled with. */
import type { Random } from '../support/random.ts'

export interface Numbered {
  readonly number: number
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** Kafka is not to take it. */
  readonly isTooLarge?: boolean
}

const RECORDS_PER_ENTITY = 50
/** So many entities send at a time; then another takes the place of one, which falls silent. */
const SENDING = 60
const MOVES_ON = 1 / 40
const LARGE = 700 * 1024
/** Beyond the limit of the topic. */
const TOO_LARGE = 1_100 * 1024

/** Of a hundred records, so many are no plain signals. */
const SHARES = { repeat: 6, conflict: 0.5, poison: 1.5, other: 1, echo: 2, overtaken: 5 } as const
type Kind = keyof typeof SHARES | 'signal'

export class Feed {
  readonly #random: Random
  readonly #entities: number
  readonly #sending: string[]
  /** Sent a while ago, to come once more. */
  readonly #recent: Numbered[] = []
  /** Overtaken by what comes after them. */
  readonly #heldBack: Numbered[] = []
  readonly #largeEvery: number
  /** Of the record; and of the event in it, which several records may hold. */
  #number = 0
  #events = 0

  /** @param records how many there will be in all */
  constructor(random: Random, records: number) {
    this.#random = random
    this.#entities = Math.max(SENDING * 2, Math.floor(records / RECORDS_PER_ENTITY))
    this.#sending = Array.from({ length: SENDING }, () => this.#anyEntity())
    // A handful, however long the run is: they are slow for everybody.
    this.#largeEvery = Math.max(500, Math.floor(records / 20))
  }

  /** The next records, as they are at an instant. */
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
    const isDue = this.#heldBack.length > this.#random.between(1, 60)
    const overtaken = isDue ? this.#heldBack.shift() : undefined
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
      case 'overtaken':
        this.#heldBack.push(this.#signal(nowMs))
        return this.#signal(nowMs)
      case 'signal':
        return this.#signal(nowMs)
    }
  }

  /** The same event: another record, and nothing new. */
  #renumbered(record: Numbered): Numbered {
    const number = this.#number
    return this.#noted({ ...record, number, headers: { ...record.headers, ledger: String(number) } })
  }

  #conflicting(record: Numbered): Numbered {
    return { ...this.#renumbered(record), value: Buffer.from(JSON.stringify({ number: this.#number })) }
  }

  #signal(nowMs: number, more: object = {}): Numbered {
    if (this.#random.chance(MOVES_ON)) this.#sending[this.#random.between(0, SENDING - 1)] = this.#anyEntity()
    const time = new Date(nowMs).toISOString()
    return this.#noted(this.#event({ subject: this.#random.pick(this.#sending), time, data: more }))
  }

  /** Each of another kind. */
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

  /** A reading of an environment: of no interest to the consumer, and broken where the temperature is no number. */
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

  #anyEntity(): string {
    return `e${this.#random.between(1, this.#entities)}`
  }
}
