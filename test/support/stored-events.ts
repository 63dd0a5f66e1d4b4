/** Events as the storage gets them. */
import type { StoredEvent } from '../../lib/storage/rows.ts'

export const NOON = Date.UTC(2026, 2, 1, 12)

type Place = Partial<Pick<StoredEvent, 'topic' | 'partition' | 'offset'>>

const entity = { source: '/environment/roof', subject: 'roof-1' }

export function storedReading(
  id: string,
  data: object,
  { timeMs = NOON, source = entity.source, subject = entity.subject, ...place }: Place & ReadingParts = {},
): StoredEvent {
  const event = { id, source, subject, type: 'io.sluice.environment.reading.v1', data, timeMs, entity: '' }
  return { topic: 'readings.test', partition: 0, offset: 0, ...place, event }
}

interface ReadingParts {
  readonly timeMs?: number
  readonly source?: string
  readonly subject?: string
}

export function storedAlert(
  kind: 'fired' | 'resolved',
  alertId: string,
  { offset = 0, ...more }: { readonly offset?: number; readonly [field: string]: unknown } = {},
): StoredEvent {
  const data = {
    ...{ alertId, rule: 'HIGH_TEMP', severity: 'critical', labels: { team: 'roof' }, summary: 'Hot', entity },
    ...{ family: 'environment', metric: 'temperature', fingerprint: 'f', value: 41, threshold: 40 },
    ...{ activeAt: '2026-03-01T11:59:00Z', startedAt: '2026-03-01T12:00:00Z', reason: 'condition' },
    ...(kind === 'resolved' && { endedAt: '2026-03-01T12:01:30.500Z', reason: 'cleared', value: 30 }),
    ...more,
  }
  const type = `io.sluice.alert.${kind}.v1`
  const extensions = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
  const event = {
    id: `${kind}-${alertId}`,
    source: '/alerting',
    type,
    data,
    timeMs: NOON,
    entity: '',
    extensions,
  }
  return { topic: 'alerts.test', partition: 1, offset, event }
}

export function storedMinute(
  revision: number,
  mean: number,
  { startMs = NOON, metric = 'temperature', ...more }: MinuteParts = {},
): StoredEvent {
  const statistics = { count: 2, mean, standardDeviation: 1, minimum: 20, maximum: 22, last: 22, lastAt: '' }
  const { values, ...fields } = more
  const data = {
    ...{ entity, family: 'environment', revision, metrics: { [metric]: { ...statistics, ...values } } },
    ...{ windowStart: new Date(startMs).toISOString(), windowEnd: new Date(startMs + 60_000).toISOString() },
    ...fields,
  }
  const type = 'io.sluice.analytics.minute.v1'
  const id = ['minute', revision, ...(startMs === NOON ? [] : [startMs])].join('-')
  const event = { id, source: '/processor', type, data, timeMs: NOON, entity: '' }
  return { topic: 'analytics.test', partition: 0, offset: revision, event }
}

/** Returns the event about a range of minutes of the state `status`. @param more fields of the data that differ */
export function storedState(
  revision: number,
  seconds: object,
  { minutes: [from, to] = [0, 1], ...more }: StateParts = {},
): StoredEvent {
  const [windowStart, windowEnd] = [from, to].map(minute => new Date(NOON + minute * 60_000).toISOString())
  const facts = { entity, family: 'environment', state: 'status', revision, seconds }
  const data = { ...facts, windowStart, windowEnd, value: 'ok', since: windowStart, ...more }
  const [id, type] = [`state-${revision}-${windowStart}`, 'io.sluice.analytics.state.v1']
  const event = { id, source: '/processor', type, data, timeMs: NOON, entity: '' }
  return { topic: 'analytics.test', partition: 0, offset: revision, event }
}

interface StateParts {
  /** First minute and the end, in minutes since noon. */
  readonly minutes?: readonly [from: number, to: number]
  readonly [field: string]: unknown
}

interface MinuteParts {
  readonly startMs?: number
  readonly metric?: string
  /** Statistics of the metric that differ. */
  readonly values?: object
  /** Further fields of the data. */
  readonly [field: string]: unknown
}
