/** Collects facts about the events and decisions of a path in drafts. */
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { redriveTargetOf } from '../../../packages/runtime/cloudevents/redrive.ts'
import { spanContextOf } from '../../../packages/runtime/cloudevents/trace.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE, RETRY_TYPE } from '../../failures/event-types.ts'
import type {
  DecisionSpan,
  DecisionStep,
  EventName,
  EventStep,
  FoundRecord,
  PlaceInLog,
  RecordPosition,
} from './model.ts'
import { whyOf } from './why.ts'

const MAX_BYTES = 16 * 1024
const WITH_ORIGINALS: readonly string[] = [FAILURE_TYPE, RETRY_TYPE, DEAD_LETTER_TYPE]

function shownData({ type, data }: Event): { readonly data?: unknown; readonly largeBytes?: number } {
  if (data === undefined) return {}
  if (Buffer.isBuffer(data)) return { largeBytes: data.length }
  const shown = WITH_ORIGINALS.includes(type) ? withoutBytes(data as FailureData) : data
  const bytes = Buffer.byteLength(JSON.stringify(shown))
  return bytes > MAX_BYTES ? { largeBytes: bytes } : { data: shown }
}

/** Returns the data of a failure without the original bytes of the record. The page of the failure shows them. */
function withoutBytes(data: FailureData): Partial<FailureData> {
  const { originalKey, originalValue, originalHeaders, ...rest } = { ...data }
  return rest
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

export interface EventDraft extends Writable<Omit<EventStep, 'places' | 'decisions'>> {
  /** Positions of the event in the log, by their text form. */
  readonly places: Map<string, PlaceInLog>
  readonly decisions: Map<string, DecisionDraft>
  /** Decision of a consumer that emitted the event. */
  parent?: DecisionDraft
  /** Position of the record that caused the event, from the CloudEvents extension "Sequence". */
  sequence?: string
}

export interface DecisionDraft extends Omit<DecisionStep, 'emitted' | 'timers'> {
  readonly of: EventDraft
  readonly emitted: Set<EventDraft>
  readonly timers: Set<DecisionDraft>
}

export function placeText({ topic, partition, offset }: RecordPosition): string {
  return `${topic}/${partition}/${offset}`
}

export class Drafts {
  readonly events = new Map<string, EventDraft>()
  readonly #byPlace = new Map<string, EventDraft>()

  /**
   * Returns the draft of an event, and creates it if needed. For a record without an event, the draft is identified by the record's
   * position.
   */
  event(name: EventName | undefined, place?: RecordPosition): EventDraft {
    const key = name ? `${name.source} ${name.id}` : `at ${place ? placeText(place) : 'an unknown place'}`
    const known = this.events.get(key)
    const draft: EventDraft = known ?? {
      key,
      event: name,
      topic: place?.topic,
      emittedAtMs: undefined,
      places: new Map(),
      decisions: new Map(),
    }
    this.events.set(key, draft)
    if (place) this.#lies(draft, place)
    return draft
  }

  at(place: RecordPosition): EventDraft | undefined {
    return this.#byPlace.get(placeText(place))
  }

  /** Adds the facts from a record that was read. */
  found({ record, event }: FoundRecord): void {
    const place = { topic: record.topic, partition: record.partition, offset: record.offset }
    const draft = isFailure(event) ? this.event(undefined, place) : this.event(nameOf(event), place)
    const redrivenFor = redriveTargetOf(record)?.consumer
    draft.places.set(placeText(place), {
      ...place,
      writtenAtMs: record.timestampMs,
      ...(redrivenFor === undefined ? {} : { redrivenFor }),
    })
    if (isFailure(event)) {
      draft.failure = { code: event.code, message: event.message }
      return
    }
    const { time, extensions } = event
    if (time !== undefined) draft.time = time
    if (extensions?.sequence !== undefined) draft.sequence = extensions.sequence
    const traceId = spanContextOf(extensions)?.traceId
    if (traceId !== undefined) draft.traceId = traceId
    Object.assign(draft, shownData(event))
  }

  /** Adds a consumer's decision about an event. If the decision is already known, it is not changed. */
  decision(of: EventDraft, key: string, told: DecisionReport): DecisionDraft {
    const known = of.decisions.get(key)
    if (known) return known
    const made = draftOf(of, key, told)
    of.decisions.set(key, made)
    return made
  }

  #lies(draft: EventDraft, place: RecordPosition): void {
    const text = placeText(place)
    this.#byPlace.set(text, draft)
    draft.topic ??= place.topic
    if (!draft.places.has(text)) draft.places.set(text, { ...place, writtenAtMs: undefined })
  }
}

/** Returns the draft of a decision about an event, without adding the decision to the event. */
export function draftOf(of: EventDraft, key: string, told: DecisionReport): DecisionDraft {
  const why = whyOf(told.consumer, told.outcome, told.code ?? told.reason)
  return { key, why, ...told, of, emitted: new Set(), timers: new Set() }
}

type DecisionReport = Omit<DecisionDraft, 'key' | 'why' | 'of' | 'emitted' | 'timers'>

export function toldBy(span: DecisionSpan): DecisionReport {
  const { consumer, topic, partition, offset, outcome, reason, code, timer, fromMs, toMs } = span
  const place = topic === undefined ? undefined : { topic, partition, offset }
  return { consumer, place, outcome, reason, code, timer, fromMs, toMs, knownBy: 'span' }
}

/** Returns the draft of a decision that is derived from other facts, because the consumer did not report it. */
export function inferred(
  consumer: string,
  place: RecordPosition,
  outcome: string,
  more: Partial<DecisionReport> = {},
): DecisionReport {
  return {
    consumer,
    place,
    outcome,
    reason: undefined,
    code: undefined,
    timer: undefined,
    fromMs: undefined,
    toMs: undefined,
    knownBy: 'emission',
    ...more,
  }
}

/** Returns a key that identifies the decision of a consumer about one event. */
export function decisionKey(consumer: string, place: RecordPosition, outcome = ''): string {
  const parked = outcome.startsWith('parked-') ? ' parked' : ''
  return `${consumer} ${placeText(place)}${parked}`
}

function nameOf({ id, source, type, subject }: EventName): EventName {
  return { id, source, type, ...(subject === undefined ? {} : { subject }) }
}
