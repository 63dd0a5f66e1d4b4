/**
 * Generates logs that use all features of the process in `watching.ts`: all kinds of signals, erasures of earlier versions, ticks,
 * invalid records, redrives, offset gaps and pauses.
 */

import type { LogRecord } from '../../cloudevents/record.ts'
import { buildRedriveHeaders } from '../../cloudevents/redrive.ts'
import type { Event } from '../../consumer/event.ts'
import { failureId } from '../../consumer/failure-event.ts'
import type { Random } from '../../testing/random.ts'
import { tick } from './application.ts'
import { failureEndedAt } from './parking.ts'
import { erased, logRecord } from './records.ts'
import { SETTING_TYPE, SIGNAL_TYPE, type Signal, WATCHING, type WatchedSetting } from './watching.ts'

const SUBJECTS = ['a', 'b', 'c', 'd', 'e', 'f']
/** Entities of these logs. */
export const WATCHED = SUBJECTS.map(subject => `/watched ${subject}`)
/** Id window of the consumer. It is shorter than a log, so that some ids are repeated after the window. */
export const WATCHED_ID_WINDOW_MS = 600_000

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const STEPS_S = [0, 5, 30, 80, 160]

/** Percentage of each kind of record. All other records are new signals. */
const KINDS = { tick: 22, poison: 3, repeat: 7, conflict: 2, redrive: 11, setting: 5, erasure: 2 }
/** Percentage of each effect of a new signal. All other signals have no special effect. */
const MOODS = { bug: 5, refused: 6, calm: 5, pulse: 15, large: 0.3 }

/**
 * Percentages for an eighth of the logs. The first version of the code throws at most of their signals, so that the circuit breaker
 * opens.
 */
const MANY_BUGS = { ...MOODS, bug: 70 }

/** Generates a log. @param ended probability that the next record marks a failure as ended */
export function watchedLog(random: Random, length: number, ended = 0): LogRecord[] {
  return new LogWriter(random, ended).write(length)
}

class LogWriter {
  readonly #random: Random
  readonly #log: LogRecord[] = []
  readonly #latestS = new Map<string, number>()
  readonly #signals: Event<Signal>[] = []
  /** Records that may have failed, each with its latest attempt. */
  readonly #failed: { readonly record: LogRecord; attempt: number }[] = []
  readonly #moods: typeof MOODS
  readonly #ended: number
  #offset: number
  #appendS = 0

  constructor(random: Random, ended: number) {
    this.#random = random
    this.#ended = ended
    this.#moods = random.chance(1 / 8) ? MANY_BUGS : MOODS
    // In some logs, the first records have expired.
    this.#offset = random.chance(0.2) ? random.between(1, 9) : 0
  }

  write(length: number): LogRecord[] {
    const random = this.#random
    while (this.#log.length < length) {
      this.#appendS += random.chance(0.97) ? random.pick([0, 1, 5, 20, 30]) : random.pick([200, 1000])
      // Transaction markers and aborted records leave gaps in the offsets.
      if (random.chance(0.06)) this.#offset += random.between(1, 4)
      this.#log.push(this.#record())
      this.#offset += 1
    }
    return this.#log
  }

  #record(): LogRecord {
    const random = this.#random
    if (this.#ended > 0 && this.#failed.length > 0 && random.chance(this.#ended)) return this.#failureEnded()
    switch (drawn(random, KINDS)) {
      case 'tick':
        return this.#at(tick(0, '2026-03-01T12:00:00Z'))
      case 'poison':
        return this.#mayFail(this.#at({ value: Buffer.from(`poison ${this.#offset}`) }))
      case 'repeat':
        return this.#at(this.#sentBefore() ?? this.#signal())
      case 'conflict': {
        const before = this.#sentBefore()
        const other = before && { ...before, data: { ...before.data, variant: this.#offset } }
        return this.#mayFail(this.#at(other ?? this.#signal()))
      }
      case 'setting':
        return this.#at(this.#setting())
      case 'erasure':
        return this.#at(erased(random.pick(SUBJECTS)))
      case 'redrive':
        return this.#redriven() ?? this.#mayFail(this.#at(this.#signal()))
      default:
        return this.#mayFail(this.#at(this.#signal()))
    }
  }

  #at(content: Parameters<typeof logRecord>[1]): LogRecord {
    return logRecord(this.#offset, content, { timestampMs: START_MS + 3_600_000 + this.#appendS * 1000 })
  }

  /** Returns an earlier signal. A recent signal is within the id window; an older one may be outside. */
  #sentBefore(): Event<Signal> | undefined {
    const random = this.#random
    const signals = random.chance(0.6) ? this.#signals.slice(-8) : this.#signals
    return signals.length > 0 ? random.pick(signals) : undefined
  }

  #signal(): Event<Signal> {
    const random = this.#random
    const subject = random.pick(SUBJECTS)
    const before = this.#latestS.get(subject) ?? 0
    const atS = Math.max(0, before + (random.chance(0.9) ? random.pick(STEPS_S) : -random.pick([1, 50])))
    this.#latestS.set(subject, Math.max(before, atS))
    const mood = drawn(random, this.#moods)
    const signal: Event<Signal> = {
      id: `i${this.#offset}`,
      source: '/watched',
      subject,
      type: SIGNAL_TYPE,
      time: new Date(START_MS + atS * 1000).toISOString(),
      datacontenttype: 'application/json',
      data: mood ? { mood } : {},
    }
    this.#signals.push(signal)
    return signal
  }

  /** Returns one of a few settings, so that settings are repeated. The process rejects the setting 0. */
  #setting(): Event<WatchedSetting> {
    const random = this.#random
    const data = { every: random.pick([0, 1, 2, 3]), silenceMs: random.pick([40_000, 150_000]) }
    const time = new Date(START_MS).toISOString()
    const id = `s${this.#offset}`
    return { id, source: '/settings', type: SETTING_TYPE, time, datacontenttype: 'application/json', data }
  }

  #failureEnded(): LogRecord {
    const { record, attempt } = this.#random.pick(this.#failed.slice(-6))
    return this.#at(failureEndedAt(WATCHING.before.name, record, attempt))
  }

  #mayFail(record: LogRecord): LogRecord {
    const mood = this.#signals.at(-1)?.data?.mood
    const mustFail = record.headers.length === 0 || mood === 'bug' || mood === 'refused' || mood === 'large'
    if (mustFail || this.#random.chance(0.1)) this.#failed.push({ record, attempt: 1 })
    return record
  }

  /** Returns a redrive of a failed record. Usually it is the correct next attempt; otherwise it must be rejected. */
  #redriven(): LogRecord | undefined {
    const random = this.#random
    if (this.#failed.length === 0) return undefined
    const chosen = random.pick(this.#failed.slice(-6))
    const { record, attempt } = chosen
    const how = random.chance(0.6) ? 'next' : random.pick(['again', 'too-far', 'other', 'unknown', 'bytes'])
    if (how === 'next') chosen.attempt += 1
    const redriveTarget = {
      consumer: how === 'other' ? 'another' : WATCHING.before.name,
      failure: failureId(WATCHING.before.name, how === 'unknown' ? { ...record, offset: 1_000_000 } : record),
      attempt: attempt + (how === 'again' ? 0 : how === 'too-far' ? 5 : 1),
    }
    const value = how === 'bytes' ? Buffer.from('{"variant":-1}') : record.value
    return this.#at({
      ...record,
      value,
      headers: [...record.headers, ...buildRedriveHeaders({ ...redriveTarget, history: [] })],
    })
  }
}

/** Draws one of the names, whose weights are percentages. Returns undefined for the remaining percentage. */
function drawn<Name extends string>(
  random: Random,
  weights: Readonly<Record<Name, number>>,
): Name | undefined {
  let rest = random.next() * 100
  for (const [name, weight] of Object.entries(weights) as [Name, number][]) {
    rest -= weight
    if (rest < 0) return name
  }
  return undefined
}
