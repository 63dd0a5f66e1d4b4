/** A record as one line for people. Pure. */
import { parseTime } from '../../lib/runtime/cloudevents/attributes.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import { harmless, shortened, widthOf } from '../text-width.ts'
import type { BytesView } from './bytes.ts'
import { type RecordView, shortTopic } from './view.ts'

export interface LineLayout {
  readonly env: string
  /** Of the terminal; undefined: no limit. */
  readonly columns: number | undefined
  /** Times of this day are shown without their date, where the columns are few. */
  readonly nowMs: number
  /** Names of topics are padded to this. */
  readonly topicWidth: number
}

/** In fewer columns, dates of today would displace the data. */
const ROOMY = 140
const PLACE_WIDTH = 7
const TYPE_WIDTH = 19
/** In fewer columns, values are not aligned. */
const ALIGNED = 100

/** `record time  event time  topic  partition@offset  type  subject  data` */
export function recordLine(view: RecordView, layout: LineLayout): string {
  const { topic, partition, offset, event, failure } = view
  const today = (layout.columns ?? ROOMY) < ROOMY ? instant(layout.nowMs).slice(0, 10) : undefined
  const start = [
    shortTime(view.recordTime, today),
    padded(eventTime(view, today), today === undefined ? 24 : 12),
    padded(shortTopic(topic, layout.env), layout.topicWidth),
    padded(`${partition}@${offset}`, PLACE_WIDTH),
  ]
  const content = event
    ? [padded(shortType(String(event.type)), typeWidth(layout)), subjectOf(event), dataText(event)]
    : [`✗ ${failure?.code}: ${failure?.message}`, valueText(view.value)]
  return shortened(harmless([...start, ...content].filter(part => part !== '').join('  ')), layout.columns)
}

/** The heading that stands over such lines. */
export function lineHeading(layout: LineLayout): string {
  const timeWidth = (layout.columns ?? ROOMY) < ROOMY ? 12 : 24
  const parts = [
    padded('RECORD TIME', timeWidth),
    padded('EVENT TIME', timeWidth),
    padded('TOPIC', layout.topicWidth),
    padded('AT', PLACE_WIDTH),
    padded('TYPE', typeWidth(layout)),
    'SUBJECT  DATA',
  ]
  return shortened(parts.join('  '), layout.columns)
}

function typeWidth({ columns = ALIGNED }: LineLayout): number {
  return columns < ALIGNED ? 0 : TYPE_WIDTH
}

/** `io.sluice.environment.reading.v1` → `environment.reading` */
function shortType(type: string): string {
  return type.replace(/^io\.sluice\.(.+)\.v\d+$/, '$1')
}

function eventTime({ eventTime }: RecordView, today: string | undefined): string {
  return eventTime === null ? '-' : shortTime(instant(parseTime(eventTime)), today)
}

function shortTime(time: string, today: string | undefined): string {
  return today !== undefined && time.startsWith(today) ? time.slice(11, 23) : time
}

function subjectOf({ subject, source }: Readonly<Record<string, unknown>>): string {
  return String(subject ?? source)
}

/** The members of the data by name, so that the first of them fit into a line. */
function dataText({ data, data_base64: base64 }: Readonly<Record<string, unknown>>): string {
  if (base64 !== undefined) return `base64:${base64}`
  if (typeof data !== 'object' || data === null) return data === undefined ? '' : scalar(data)
  if (Array.isArray(data)) return JSON.stringify(data)
  return Object.entries(data)
    .sort((a, b) => rank(b) - rank(a))
    .map(([name, value]) => `${name}=${scalar(value)}`)
    .join(' ')
}

/** Puts the most informative members first: why a record failed or an alert fired, who said what, then numbers and words, then the rest. */
const TELLING = ['comment', 'by', 'summary', 'error', 'consumer', 'errorType']

function rank([name, value]: readonly [string, unknown]): number {
  const isPlain = typeof value !== 'object' || value === null
  return TELLING.indexOf(name) + (isPlain ? 2 : 0)
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function valueText(value: BytesView | null): string {
  if (value === null) return 'no value'
  return 'text' in value ? value.text : `base64:${value.base64}`
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
