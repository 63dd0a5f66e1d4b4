/** Derives the path of an event from all known facts. Pure. */

import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { placeOf } from '../../../packages/runtime/pipeline/deciding/emission.ts'
import { ALERT_FIRED_TYPE } from '../../alerting/alert.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE, RETRY_TYPE } from '../../failures/event-types.ts'
import { NOTIFICATION_TYPE } from '../../notification/notification.ts'
import { Assembly, byTime, timeOf } from './assembly.ts'
import {
  type DecisionDraft,
  Drafts,
  decisionKey,
  draftOf,
  type EventDraft,
  inferred,
  toldBy,
} from './draft.ts'
import type { DecisionSpan, Journey, JourneyEnd, JourneyFacts, ReadingFunction, ToldSpan } from './model.ts'

const DONE = ['applied', 'parked-applied']

function endOf(events: readonly EventDraft[]): JourneyEnd {
  const has = (type: string) => events.some(({ event }) => event?.type === type)
  const decisions = events.flatMap(of => [...of.decisions.values()])
  const outcome = (...wanted: readonly string[]) => decisions.some(one => wanted.includes(one.outcome))
  if (has(DEAD_LETTER_TYPE)) return 'dead-letter'
  if (has(RETRY_TYPE) && !decisions.some(isRetried)) return 'retrying'
  if (outcome('failed', 'parked-failed') && !decisions.some(isRetried)) return 'failed'
  if (decisions.some(isTold)) return 'told'
  if (has(ALERT_FIRED_TYPE)) return 'alert'
  if (outcome('waiting', 'parked')) return 'waiting'
  if (events.some(({ parent }) => parent)) return 'emitted'
  return outcome(...DONE, 'duplicate', 'ignored', 'timer') ? 'remembered' : 'unknown'
}

/** Returns whether the failed event was redriven and then processed. */
function isRetried({ of, place, outcome }: DecisionDraft): boolean {
  if (!DONE.includes(outcome) || !place) return false
  return [...of.places.values()].some(
    ({ offset, partition, redrivenFor }) =>
      redrivenFor !== undefined && offset === place.offset && partition === place.partition,
  )
}

/** Returns whether a notification was delivered, which means that a receiver has accepted it. */
function isTold({ of, consumer, outcome, reason }: DecisionDraft): boolean {
  return (
    of.event?.type === NOTIFICATION_TYPE &&
    consumer === 'deliver' &&
    DONE.includes(outcome) &&
    reason === 'delivered'
  )
}

/** Maximum number of starting events. A producer can use the same trace for thousands of events. */
const MAX_ROOTS = 50

/**
 * Derives the path of an event.
 *
 * @param id event id. If the facts contain this event, unrelated events of the same trace are omitted.
 */
export function journeyOf(known: JourneyFacts, id?: string): Journey {
  const drafts = new Drafts()
  for (const found of known.records) drafts.found(found)
  fromSpans(drafts, known.spans)
  for (const draft of [...drafts.events.values()]) fromFailure(drafts, draft)
  for (const draft of drafts.events.values()) fromSequence(drafts, draft, known.functions)
  fromPositions(drafts, known)
  const events = connectedTo(id, [...drafts.events.values()])
  const assembled = new Assembly(known.functions)
  const roots = events.filter(({ parent }) => !parent).sort(byTime)
  const decisions = events.flatMap(draft => [...draft.decisions.values()].flatMap(withTimers))
  const moments = [...events.map(timeOf), ...decisions.flatMap(({ fromMs, toMs }) => [fromMs, toMs])]
  const times = moments.filter(ms => ms !== undefined && Number.isFinite(ms)) as number[]
  return {
    roots: roots.slice(0, MAX_ROOTS).map(root => assembled.event(root)),
    leftOut: Math.max(0, roots.length - MAX_ROOTS),
    end: endOf(events),
    events: events.filter(({ event, places }) => event || places.size > 0).length,
    decisions: decisions.length,
    fromMs: times.length > 0 ? Math.min(...times) : undefined,
    toMs: times.length > 0 ? Math.max(...times) : undefined,
  }
}

function connectedTo(id: string | undefined, events: readonly EventDraft[]): readonly EventDraft[] {
  const roots = new Set(events.flatMap(one => (one.event?.id === id ? [rootOf(one)] : [])))
  return roots.size === 0 ? events : events.filter(one => roots.has(rootOf(one)))
}

function rootOf(draft: EventDraft): EventDraft {
  return draft.parent ? rootOf(draft.parent.of) : draft
}

function fromSpans(drafts: Drafts, spans: readonly ToldSpan[]): void {
  const bySpan = new Map<string, DecisionDraft>()
  const bySetter = new Map<string, DecisionDraft>()
  for (const span of spans) {
    if (span.kind !== 'record' || span.topic === undefined) continue
    const place = { topic: span.topic, partition: span.partition, offset: span.offset }
    const of = drafts.event(span.event ?? drafts.at(place)?.event, place)
    of.traceId ??= span.traceId
    const key = decisionKey(span.consumer, place, span.outcome)
    const decision = drafts.decision(of, key, toldBy(span))
    bySpan.set(span.spanId, decision)
    const setter = setterOf(span)
    if (!bySetter.has(setter)) bySetter.set(setter, decision)
  }
  for (const span of spans)
    if (span.kind === 'timer') bySpan.set(span.spanId, timerOf(drafts, span, bySetter))
  for (const span of spans) {
    if (span.kind !== 'emission') continue
    const draft = drafts.event(span.event)
    draft.topic ??= span.topic
    draft.traceId ??= span.traceId
    draft.emittedAtMs = Math.min(draft.emittedAtMs ?? span.toMs, span.toMs)
    const cause = bySpan.get(span.parentSpanId)
    if (cause) join(cause, draft)
  }
}

/**
 * Returns a key that matches a timer with the decision that set it. A timer continues the trace of that decision, so both have the
 * same parent span.
 */
function setterOf({ consumer, traceId, parentSpanId }: DecisionSpan): string {
  return `${consumer} ${traceId} ${parentSpanId}`
}

function timerOf(
  drafts: Drafts,
  span: DecisionSpan,
  bySetter: ReadonlyMap<string, DecisionDraft>,
): DecisionDraft {
  const setter = bySetter.get(setterOf(span))
  // The event that set the timer is unknown.
  const of = setter?.of ?? drafts.event({ id: span.spanId, source: span.consumer, type: '' })
  if (setter === undefined) of.event = undefined
  const made = draftOf(of, span.spanId, toldBy(span))
  if (setter) setter.timers.add(made)
  else of.decisions.set(made.key, made)
  return made
}

function join(cause: DecisionDraft, draft: EventDraft): void {
  if (draft.parent || isBelow(cause, draft)) return
  draft.parent = cause
  cause.emitted.add(draft)
}

/** Returns whether a decision results from an event. The check prevents cycles, which invalid records could otherwise cause. */
function isBelow(cause: DecisionDraft, draft: EventDraft): boolean {
  return rootOf(cause.of) === draft
}

/** Adds the decision that a failure event describes, with the failed record, the consumer and the reason. */
function fromFailure(drafts: Drafts, draft: EventDraft): void {
  if (draft.event?.type !== FAILURE_TYPE || draft.parent) return
  const { consumer, originalTopic, originalPartition, originalOffset, errorType } = (draft.data ??
    {}) as Partial<FailureData>
  if (typeof consumer !== 'string' || typeof originalTopic !== 'string') return
  const place = { topic: originalTopic, partition: Number(originalPartition), offset: Number(originalOffset) }
  const of = drafts.at(place) ?? drafts.event(undefined, place)
  const reason = String(errorType)
  const told = inferred(consumer, place, 'failed', { reason, code: reason })
  join(drafts.decision(of, decisionKey(consumer, place), told), draft)
}

/**
 * Adds the cause of an emitted event, which is found by the offset at the start of the event's sequence. Events emitted by a timer
 * have no such offset.
 */
function fromSequence(drafts: Drafts, draft: EventDraft, functions: readonly ReadingFunction[]): void {
  if (draft.parent || draft.sequence === undefined || !draft.event) return
  const { offset } = placeOf(draft.sequence)
  const { topic, event } = draft
  for (const cause of drafts.events.values()) {
    if (cause === draft || (timeOf(cause) ?? 0) > (timeOf(draft) ?? Number.POSITIVE_INFINITY)) continue
    for (const place of cause.places.values()) {
      if (place.offset !== offset) continue
      const emitting = functions.filter(
        ({ consumes, emits }) =>
          consumes.includes(place.topic) && topic !== undefined && emits.includes(topic),
      )
      const by = emitting.find(({ name }) => event.source === `/${name}`) ?? emitting[0]
      if (!by) continue
      const key = decisionKey(by.name, place)
      join(drafts.decision(cause, key, inferred(by.name, place, 'applied')), draft)
      return
    }
  }
}

/** Adds decisions of consumers that report nothing. The positions of the consumers show whether they have processed the record. */
function fromPositions(drafts: Drafts, { positions, functions }: JourneyFacts): void {
  const applied = new Map(positions.map(one => [`${one.consumer} ${one.topic}/${one.partition}`, one]))
  for (const draft of drafts.events.values())
    for (const place of draft.places.values())
      for (const { name, consumes } of functions) {
        if (!consumes.includes(place.topic)) continue
        if (place.redrivenFor !== undefined && place.redrivenFor !== name) continue
        const key = decisionKey(name, place)
        const position = applied.get(`${name} ${place.topic}/${place.partition}`)
        if (!position || draft.decisions.has(key)) continue
        const { appliedOffset } = position
        const isDecided = appliedOffset >= place.offset
        const behind = isDecided ? {} : { behind: place.offset - appliedOffset - 1 }
        const told = inferred(name, place, isDecided ? 'decided' : 'waiting', {
          knownBy: 'position',
          ...behind,
        })
        drafts.decision(draft, key, told)
      }
}

function withTimers(decision: DecisionDraft): DecisionDraft[] {
  return [decision, ...[...decision.timers].flatMap(withTimers)]
}
