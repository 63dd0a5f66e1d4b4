import type { Alert } from '../../lib/alerting/alert.ts'
import type { BusyConsumer } from '../../lib/diagnosis/stalls/condition.ts'
import { recordsOf } from '../../lib/diagnosis/stalls/words.ts'
import { type Event, timeOf } from '../../packages/runtime/consumer/event.ts'
import type { Figures } from './figures.ts'

const CLEAR_LINE = '\r\u001b[K'
/** Interval at which the live line is printed if there is no terminal, in milliseconds. */
const PLAIN_EVERY_MS = 10_000
const MAX_LINE_LENGTH = 160

/** Terminal output: permanent lines above one live line. Without a terminal, all lines are permanent. */
export class Screen {
  readonly #out: NodeJS.WriteStream
  #live = ''
  #plainAtMs = 0

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out
  }

  line(text: string): void {
    if (this.#out.isTTY && this.#live) this.#out.write(`${CLEAR_LINE}${text}\n${this.#live}`)
    else this.#out.write(`${text}\n`)
  }

  live(text: string, nowMs: number): void {
    if (this.#out.isTTY) {
      // Shorten the line, because a line that is longer than a row of the terminal cannot be overwritten.
      this.#live = text.slice(0, (this.#out.columns ?? 80) - 1)
      this.#out.write(`${CLEAR_LINE}${this.#live}`)
    } else if (nowMs - this.#plainAtMs >= PLAIN_EVERY_MS) {
      this.#plainAtMs = nowMs
      this.#out.write(`${text}\n`)
    }
  }

  /** Ends the live line. */
  endLive(): void {
    if (this.#out.isTTY && this.#live) this.#out.write('\n')
    this.#live = ''
  }
}

export interface AlertCounts {
  fired: number
  resolved: number
}

/** Progress of the consumers. */
interface Progress {
  /** Largest lag of a consumer, in records. */
  readonly pending: number
  /** Busy consumers, largest lag first. */
  readonly busy: readonly BusyConsumer[]
}

/** Maximum number of busy consumers shown, so that the figures remain visible. */
const BUSY_SHOWN = 2

/** Formats the figures. @param left number of records that must still be processed at the end of a run */
export function figuresLine(
  figures: Figures,
  alerts: AlertCounts,
  { pending, busy }: Progress,
  left?: number,
): string {
  const { readings, applied, duplicates, ignored, failed, deadLetters } = figures
  const parts = [
    ...(left === undefined ? [] : [`finishing, ${recordsOf(left)} left`]),
    ...(busy.length > 0 ? [busyText(busy)] : []),
    `readings ${readings}`,
    `applied ${applied}`,
    `duplicates ${duplicates}`,
    ...(ignored > 0 ? [`ignored ${ignored}`] : []),
    ...(failed > 0 ? [`failed ${failed}`] : []),
    `alerts ${alerts.fired} fired, ${alerts.resolved} resolved`,
    `dead letters ${deadLetters}`,
    ...(busy.length === 0 && pending > 0 ? [`pending ${pending}`] : []),
  ]
  return parts.join(' · ')
}

function busyText(busy: readonly BusyConsumer[]): string {
  const shown = busy
    .slice(0, BUSY_SHOWN)
    .map(({ function: name, lag, direction }) => `${name} (lag ${lag}, ${direction})`)
  const more = busy.length - shown.length
  return `busy: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

export function alertLine(alert: Alert, event: { readonly time?: string; readonly timeMs: number }): string {
  const sign = alert.status === 'firing' ? '▲ fired   ' : '▽ resolved'
  const what =
    alert.status === 'firing'
      ? alert.summary
      : `${alert.entity.subject ?? alert.entity.source}: ${endOf(alert)}`
  return `${timeOf(event).slice(11, 19)} ${sign} ${alert.rule.padEnd(13)} ${alert.severity.padEnd(8)} ${what}`
}

function endOf({ metric, value, state, reason }: Alert): string {
  return metric === undefined ? reason : `${metric} is ${value ?? state ?? 'silent'}`
}

/** Formats an event of the events topic as one line. The entity is shown once. */
export function eventLine(event: Event, timeMs: number): string {
  const { type, source, subject, data } = event
  const at = timeOf({ ...event, timeMs }).slice(11, 19)
  const short = type.replace(/^io\.sluice\.(.+)\.v\d+$/, '$1')
  return `${at} ● ${short.padEnd(18)} ${subject ?? source}${said(data)}`.slice(0, MAX_LINE_LENGTH)
}

/** Formats the members of an object with their names, and other data as JSON. */
function said(data: unknown): string {
  if (data === undefined) return ''
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return `: ${JSON.stringify(data)}`
  const members = Object.entries(data).filter(([name]) => name !== 'entity')
  const told = members.map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return told.length > 0 ? `: ${told.join(', ')}` : ''
}
