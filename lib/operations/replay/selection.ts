/** Selects the part of a recording to publish, and surveys it beforehand. */

import { parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { DataReader } from '../../../packages/runtime/pipeline/ports.ts'
import type { Filter } from '../../queries/record-filter.ts'
import { eventDocument, type RecordView, recordView } from '../../queries/record-view.ts'
import { streamKey } from './outgoing.ts'
import { plainGroup } from './plain.ts'
import type { Recorded } from './recorded.ts'
import type { Extent } from './shift.ts'

/** The first line, and what must hold of each item. */
export interface Selection {
  readonly fromLine: number
  readonly filters: readonly Filter[]
  /** Reads the data that filters look at. Absent: that which is not JSON stays bytes. */
  readonly reader?: DataReader
}

type Groups = AsyncIterable<readonly Recorded[]>

export async function* selected(groups: Groups, selection: Selection): AsyncGenerator<readonly Recorded[]> {
  for await (const group of groups) {
    const part = await partOf(group, selection)
    if (part.length > 0) yield part
  }
}

async function partOf(
  group: readonly Recorded[],
  { fromLine, filters, reader }: Selection,
): Promise<readonly Recorded[]> {
  const part = fromLine <= 1 ? group : group.filter(({ line }) => line >= fromLine)
  if (filters.length === 0) return part
  const plain = reader ? await plainGroup(part, reader) : part
  return part.filter((_, index) => fitsAll(plain[index] as Recorded, filters))
}

function fitsAll(recorded: Recorded, filters: readonly Filter[]): boolean {
  const view = viewOf(recorded)
  return filters.every(fits => fits(view))
}

/** Properties of a recording before any of it is published. */
export interface Survey {
  /** Undefined if no event that is selected has a time. */
  readonly extent: Extent | undefined
  /** How many things are selected. */
  readonly count: number
  /** Whether a limit ends the recording before its end. */
  readonly isCut: boolean
  /** Time from the earliest to the latest event or record. */
  readonly spanMs: number
  /** When the first thing that is selected was recorded; undefined if nothing has a time. */
  readonly firstPaceMs: number | undefined
}

/** Where the survey ends, see `sequence.ts`. */
export interface SurveyLimits {
  readonly limit: number
  readonly forMs: number
}

/** Reads the whole selection once, so that errors show before anything is published. */
export async function survey(
  groups: Groups,
  selection: Selection,
  { limit, forMs }: SurveyLimits,
): Promise<Survey> {
  const [all, some, paces] = [new Times(), new Times(), new Times()]
  let count = 0
  let isCut = false
  for await (const group of groups) {
    for (const { eventMs } of group) all.include(eventMs)
    for (const { eventMs, paceMs } of isCut ? [] : await partOf(group, selection)) {
      isCut = count >= limit || (paceMs !== undefined && paceMs - (paces.firstMs ?? paceMs) >= forMs)
      if (isCut) break
      paces.include(paceMs)
      some.include(eventMs)
      count++
    }
  }
  const spanMs = Math.max(some.spanMs, paces.spanMs)
  return { extent: extentOf(all, some), count, isCut, spanMs, firstPaceMs: paces.firstMs }
}

/** Surveys only the beginning of a recording and of its selection, as far as that is known from a pipe. */
export function outlook(beginning: readonly Recorded[], selected: readonly Recorded[]): Extent | undefined {
  const extent = extentOf(timesOf(beginning), timesOf(selected))
  return extent && { ...extent, latestMs: undefined }
}

/** The first, the earliest and the latest of some times. */
class Times {
  firstMs: number | undefined
  earliestMs = Number.POSITIVE_INFINITY
  latestMs = Number.NEGATIVE_INFINITY

  /** Includes a time. Items without one do not count. */
  include(timeMs: number | undefined): void {
    if (timeMs === undefined) return
    this.firstMs ??= timeMs
    this.earliestMs = Math.min(this.earliestMs, timeMs)
    this.latestMs = Math.max(this.latestMs, timeMs)
  }

  get spanMs(): number {
    return this.firstMs === undefined ? 0 : this.latestMs - this.earliestMs
  }
}

function timesOf(group: readonly Recorded[]): Times {
  const times = new Times()
  for (const { eventMs } of group) times.include(eventMs)
  return times
}

function extentOf(all: Times, some: Times): Extent | undefined {
  if (all.firstMs === undefined || some.firstMs === undefined) return undefined
  return { startMs: all.firstMs, firstMs: some.firstMs, latestMs: some.latestMs }
}

/** An event of a stream has no place in a log: its offset is its line, and its record's time is its own. */
function viewOf({ record, event, line }: Recorded): RecordView {
  if (record !== undefined) return recordView(record, event)
  const { time } = event as Event
  const key = streamKey(event as Event)
  return {
    topic: '',
    partition: -1,
    offset: line,
    recordTime: time === undefined ? '' : instant(parseTime(time)),
    eventTime: time ?? null,
    key: key === null ? null : { text: key },
    headers: [],
    event: eventDocument(event as Event),
    failure: null,
    value: null,
  }
}
