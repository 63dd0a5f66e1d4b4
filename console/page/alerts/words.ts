/** Texts about alerts, silences and rules, shared by all pages. Pure. */
import type { AlertMatch } from '../../../lib/notification/match.ts'
import type { AlertTransition } from '../../../lib/queries/alerts/alert-lives.ts'
import { shortNumber } from '../../../lib/support/short-number.ts'
import type { AlertSummary } from '../../../lib/tables/alert-summary.ts'
import type { OneAlert } from '../../api/alerts/one.ts'
import { digitsText, durationText } from '../parts/words.ts'

/** Formats a number, such as `41.3`, or an observed state. */
export function valueText(value: number | string | null, threshold?: number | null): string {
  if (value === null) return '–'
  return typeof value === 'number' ? digitsText(shortNumber(value, [threshold])) : value
}

/** Formats a value and its threshold, such as `41.3 (threshold 40)`. */
export function comparedText({ value, threshold }: Pick<AlertSummary, 'value' | 'threshold'>): string {
  const shown = valueText(value, threshold)
  return threshold === null ? shown : `${shown} (threshold ${digitsText(threshold)})`
}

/** Formats the duration of an alert, such as `firing for 3 min 20 s` or `resolved after 2 h 5 min`. */
export function lastsText(
  { state, startedAt, endedAt }: Pick<AlertSummary, 'state' | 'startedAt' | 'endedAt'>,
  nowMs: number,
): string {
  const startMs = Date.parse(startedAt)
  if (state === 'resolved')
    return endedAt === null ? 'resolved' : `resolved after ${durationText(Date.parse(endedAt) - startMs)}`
  return `firing for ${durationText(Math.max(0, nowMs - startMs))}`
}

const REASONS: Readonly<Record<string, string>> = {
  condition: 'its condition held',
  silent: 'the entity was silent',
  'no-ticks': 'the clock of the log stopped',
  pattern: 'its pattern occurred',
  cleared: 'the value cleared',
  'data-returned': 'the entity reports again',
  'rule-removed': 'its rule was removed',
  'rule-paused': 'its rule was paused',
  'not-matched': 'its rule no longer matches the entity, or its row has ended',
  forgotten: 'the entity has not reported for days',
  erased: 'an operator erased the entity',
  'ticks-returned': 'the clock of the log runs again',
  reprocessed: 'its state was recomputed from the log',
}

/** Describes why an alert fired or resolved. The text can be inserted into a sentence. */
export function reasonText(reason: string | null | undefined): string {
  return reason ? (REASONS[reason] ?? reason) : ''
}

const HAPPENED: Readonly<Record<AlertTransition['kind'], string>> = {
  fired: 'Fired',
  resolved: 'Resolved',
}

export function happenedText(kind: AlertTransition['kind']): string {
  return HAPPENED[kind]
}

/** Fields of the silence form. */
export interface SilenceFields {
  readonly rule: string
  readonly severity: string
  readonly source: string
  readonly entity: string
  /** Labels, such as `team=infra, floor=3`. */
  readonly labels: string
}

/** Parses the fields of the form, which can contain several values separated by commas. Returns errors as `problem`. */
export function parseMatch(fields: SilenceFields): { readonly match: AlertMatch; readonly problem?: string } {
  const { labels: given, ...texts } = fields
  const own = Object.entries(texts).flatMap(([name, value]) => {
    const list = splitValues(value)
    return list.length > 0 ? [[name, list] as const] : []
  })
  const pairs = splitValues(given).map(one => {
    const at = one.indexOf('=')
    return [one.slice(0, Math.max(0, at)).trim(), one.slice(at + 1).trim()] as const
  })
  const problem = pairs.some(([name, value]) => !name || !value)
    ? 'A label requires a name and a value, such as team=infra.'
    : undefined
  const labels = Object.fromEntries(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, all]) => [name, all.map(([, value]) => value)]),
  )
  const match = { ...Object.fromEntries(own), ...(pairs.length > 0 ? { labels } : {}) }
  return problem === undefined ? { match } : { match, problem }
}

function splitValues(text: string): string[] {
  return text
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
}

export interface ChartTime {
  readonly fromMs: number
  readonly toMs: number
  /** Smallest selectable number of hours that includes the start of the range. */
  readonly hours: number
}

/** Selectable numbers of hours. */
const HOURS = [1, 6, 24]
const HOUR_MS = 3_600_000
/** Minimum time that the chart shows before and after the alert, in milliseconds. */
const MARGIN_MS = 10 * 60_000

/** Returns the range of an alert's chart; undefined if the alert is older than charts can show. */
export function chartTime(
  { activeAt, endedAt }: Pick<OneAlert, 'activeAt' | 'endedAt'>,
  nowMs: number,
): ChartTime | undefined {
  const beganMs = Date.parse(activeAt)
  const endedMs = endedAt === null ? nowMs : Date.parse(endedAt)
  const marginMs = Math.max(MARGIN_MS, (endedMs - beganMs) / 4)
  const fromMs = beganMs - marginMs
  const hours = HOURS.find(one => nowMs - one * HOUR_MS <= fromMs)
  return hours === undefined ? undefined : { fromMs, toMs: Math.min(nowMs, endedMs + marginMs), hours }
}
