/** Texts for the path of an event. Pure. */

import { type EventType, eventTypeRow, fileNameOf } from '../../../lib/event-types.ts'
import type { DecisionStep, EventStep, JourneyEnd } from '../../../lib/queries/journey/model.ts'
import { traceIdOf } from '../data/event-links.ts'

export type Tone = 'plain' | 'good' | 'warn' | 'bad'

interface Kind {
  readonly word: string
  readonly tone: Tone
}

/** Tones of event types that report a problem or its end. Other event types have no tone. */
const TONES: Readonly<Partial<Record<EventType, Tone>>> = {
  'io.sluice.alert.fired.v1': 'warn',
  'io.sluice.alert.resolved.v1': 'good',
  'io.sluice.alert.routed.v1': 'warn',
  'io.sluice.notification.v1': 'warn',
  'io.sluice.failure.v1': 'bad',
  'io.sluice.retry.v1': 'bad',
  'io.sluice.dead-letter.v1': 'bad',
}

/**
 * Returns the kind of an event. It is read from the table of event types or, for an unknown type, derived from its name. For
 * example, the kind of `com.example.door.opened.v1` is "Com example door opened".
 */
export function kindOf(type: string | undefined): Kind {
  if (type === undefined) return { word: 'A record that is not an event', tone: 'bad' }
  const tone = TONES[type as EventType] ?? 'plain'
  const known = eventTypeRow(type)
  if (known) return { word: known.label, tone }
  const [first = '', ...rest] = fileNameOf(type)
    .replace(/\.v\d+$/, '')
    .split(/[.-]/)
  return { word: [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' '), tone }
}

const ENDS: Readonly<
  Record<JourneyEnd, { readonly says: string; readonly word: string; readonly tone: Tone }>
> = {
  'dead-letter': {
    word: 'dead letter',
    says: 'It became a dead letter, which an operator has to handle.',
    tone: 'bad',
  },
  retrying: { word: 'retrying', says: 'It failed, and will be retried.', tone: 'bad' },
  failed: { word: 'failed', says: 'A consumer could not process it.', tone: 'bad' },
  told: { word: 'notified', says: 'An alert changed, and notifications were sent.', tone: 'warn' },
  alert: { word: 'alert', says: 'An alert fired.', tone: 'warn' },
  waiting: { word: 'under way', says: 'A consumer has not processed it yet.', tone: 'plain' },
  emitted: { word: 'emitted', says: 'Consumers emitted further events.', tone: 'good' },
  remembered: {
    word: 'remembered',
    says: 'Consumers updated their state and emitted no events, as for most readings.',
    tone: 'good',
  },
  unknown: { word: 'read', says: 'Its outcome is unknown.', tone: 'plain' },
}

export function endOf(end: JourneyEnd): {
  readonly says: string
  readonly word: string
  readonly tone: Tone
} {
  return ENDS[end]
}

const CONSUMERS: Readonly<Record<string, string>> = {
  processor: 'keeps statistics of every entity',
  alerting: 'evaluates the rules on every reading',
  activity: 'detects events of devices, sensors and databases',
  grouping: 'sends events to the groups of rules over several events',
  patterns: 'evaluates the rules on groups of events',
  views: 'maintains the tables that are declared in SQL',
  notifier: 'lists the firing alerts, and collects those of a group for common notifications',
  deliver: 'delivers notifications to the receivers',
  'open-dead-letters': 'lists the open dead letters',
  archiver: 'writes all records to the history',
  'dlq-router': 'decides whether a failure is retried',
}

/** Returns the purpose of a consumer; undefined for a consumer of another application. */
export function purposeOf(consumer: string): string | undefined {
  return Object.hasOwn(CONSUMERS, consumer) ? CONSUMERS[consumer] : undefined
}

const OUTCOMES: Readonly<Record<string, Kind>> = {
  applied: { word: 'applied', tone: 'good' },
  'parked-applied': { word: 'applied, after it was parked', tone: 'good' },
  duplicate: { word: 'a duplicate', tone: 'plain' },
  ignored: { word: 'ignored', tone: 'plain' },
  'parked-ignored': { word: 'ignored, after it was parked', tone: 'plain' },
  failed: { word: 'failed', tone: 'bad' },
  'parked-failed': { word: 'failed, after it was parked', tone: 'bad' },
  'parked-erased': { word: 'erased', tone: 'plain' },
  parked: { word: 'parked', tone: 'warn' },
  timer: { word: 'a timer fired', tone: 'plain' },
  decided: { word: 'decided', tone: 'plain' },
  waiting: { word: 'not read yet', tone: 'warn' },
}

export function outcomeOf({ outcome }: Pick<DecisionStep, 'outcome'>): Kind {
  return OUTCOMES[outcome] ?? { word: outcome, tone: 'plain' }
}

/** Parses a search text: an id, a trace id, or a traceparent. */
export function askedFor(text: string): { readonly id: string } | { readonly trace: string } {
  const asked = text.trim()
  const inHex = asked.toLowerCase()
  const trace = /^[0-9a-f]{32}$/.test(inHex) ? inHex : traceIdOf(inHex)
  return trace === undefined ? { id: asked } : { trace }
}

/** Returns a short title of an event. For example, the title of an alert consists of its rule and its entity. */
export function titleOf(
  { event, data, topic }: Pick<EventStep, 'event' | 'data' | 'topic'>,
  signals: Readonly<Record<string, string>>,
): string {
  const { rule, entity } = (data ?? {}) as { rule?: unknown; entity?: { subject?: unknown } }
  if (typeof rule === 'string' && typeof entity?.subject === 'string') return `${rule} ${entity.subject}`
  const title = event?.subject ?? event?.id ?? topic ?? ''
  const [, failed = '', place = ''] = /^(.+)(\/\d+\/\d+)$/.exec(title) ?? []
  return Object.hasOwn(signals, failed) ? `${signals[failed]}${place}` : title
}

const MAX_VALUES = 6

/** Returns the values of an event to show. These are the fields of its data that are neither lists nor objects. */
export function valuesOf({
  event,
  data,
}: Pick<EventStep, 'event' | 'data'>): readonly (readonly [string, string])[] {
  const all = (data ?? {}) as Readonly<Record<string, unknown>>
  const named = WORTH_SEEING.find(([form]) => form.test(event?.type ?? ''))?.[1] ?? Object.keys(all)
  return named
    .map(name => [name, all[name]] as const)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== event?.subject)
    .map(([name, value]) => [name, String(value)] as const)
    .slice(0, MAX_VALUES)
}

const WORTH_SEEING: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\.alert\.(fired|resolved)\./, ['severity', 'summary', 'reason']],
  [/\.alert\.routed\./, []],
  [
    /^io\.sluice\.(failure|retry|dead-letter)\./,
    ['errorType', 'error', 'consumer', 'attempt', 'routedBecause'],
  ],
  [/^io\.sluice\.notification\./, ['group', 'status', 'reason']],
  [/\.analytics\.minute\./, ['windowStart', 'revision']],
]

/** An event of the summary, and the decision that emitted the next event of the summary. */
export interface Stage {
  readonly step: EventStep
  /** Decision that emitted the next event or, for the last event, a notable decision about it; undefined if none exists. */
  readonly by: DecisionStep | undefined
}

interface Way {
  readonly stages: readonly Stage[]
  readonly weight: number
}

const WEIGHTS: readonly (readonly [form: RegExp, weight: number])[] = [
  [/\.dead-letter\./, 9],
  [/\.retry\./, 8],
  [/\.failure\.v/, 7],
  [/^io\.sluice\.notification\./, 6],
  [/\.alert\.routed\./, 5],
  [/\.alert\.(fired|resolved)\./, 4],
  [/\.analytics\./, 1],
]

/** Returns the events of a path's summary. @param roots first events of the path; may be empty */
export function mainWay(roots: readonly EventStep[]): readonly Stage[] {
  return heaviest(roots.map(wayFrom))?.stages ?? []
}

function wayFrom(step: EventStep): Way {
  const own = weightOf(step)
  const further = heaviest(
    step.decisions.flatMap(decision =>
      emissionsOf(decision).map(next => through(step, decision, wayFrom(next))),
    ),
  )
  if (further && further.weight > own) return further
  return { stages: [{ step, by: lastWord(step) }], weight: own }
}

/** Returns the events that a decision emitted, including those of its timers. */
function emissionsOf({ emitted, timers }: DecisionStep): readonly EventStep[] {
  return [...emitted, ...timers.flatMap(emissionsOf)]
}

function through(step: EventStep, by: DecisionStep, { stages, weight }: Way): Way {
  return { stages: [{ step, by }, ...stages], weight }
}

function weightOf({ event }: EventStep): number {
  return WEIGHTS.find(([form]) => form.test(event?.type ?? ''))?.[1] ?? 2
}

/**
 * Returns the decision to show for an event that led to no further events. This is the decision of a sink, or of a consumer that
 * failed or waits.
 */
function lastWord({ decisions }: EventStep): DecisionStep | undefined {
  return (
    decisions.find(({ outcome }) => outcome === 'failed') ??
    decisions.find(
      ({ consumer, outcome, reason }) =>
        consumer === 'deliver' && outcome === 'applied' && reason !== 'no-receiver',
    )
  )
}

function heaviest(ways: readonly Way[]): Way | undefined {
  let best: Way | undefined
  for (const way of ways) if (!best || way.weight > best.weight) best = way
  return best
}
