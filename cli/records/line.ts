/** Formats a record as one line. Pure. */
import { recordSummary, shortType } from '../../lib/queries/record-summary.ts'
import type { RecordView } from '../../lib/queries/record-view.ts'
import { parseTime } from '../../packages/runtime/cloudevents/attributes.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { harmless, shortened, widthOf } from '../text-width.ts'
import { shortTopic } from './view.ts'

export interface LineLayout {
  readonly env: string
  /** Width of the terminal; undefined for no limit. */
  readonly columns: number | undefined
  /** Current time in milliseconds since the epoch. On narrow terminals, times of the current day are shown without their date. */
  readonly nowMs: number
  /** Width to which names of topics are padded. */
  readonly topicWidth: number
}

/** Width below which times of the current day are shown without their date, to leave room for the data. */
const ROOMY = 140
const PLACE_WIDTH = 7
const TYPE_WIDTH = 19
/** Terminal width below which columns are not aligned. */
const ALIGNED = 100

/** Returns a line with the columns `record time  event time  topic  partition@offset  type  subject  data`. */
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
    ? [padded(shortType(String(event.type)), typeWidth(layout)), subjectOf(event), recordSummary(view)]
    : [`✗ ${failure?.code}: ${failure?.message}`, recordSummary(view)]
  return shortened(harmless([...start, ...content].filter(part => part !== '').join('  ')), layout.columns)
}

/** Returns the heading line for the lines of `recordLine`. */
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

function eventTime({ eventTime }: RecordView, today: string | undefined): string {
  return eventTime === null ? '-' : shortTime(instant(parseTime(eventTime)), today)
}

function shortTime(time: string, today: string | undefined): string {
  return today !== undefined && time.startsWith(today) ? time.slice(11, 23) : time
}

function subjectOf({ subject, source }: Readonly<Record<string, unknown>>): string {
  return String(subject ?? source)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
