/** Headline of the overview, and states of consumers. An unknown fact is never said to be good. Pure. */

import { judgeWait, listWaiting } from '../../../control/diagnosis/waiting.ts'
import type { Tone } from '../../../control/questions/column.ts'
import { durationText, MINUTE_MS } from '../../../lib/support/duration.ts'
import type { Known } from '../../api/overview/known.ts'
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { formatCount, formatNumber, formatTime, formatTotal } from '../components/value-texts.ts'

interface Headline {
  readonly tone: Tone
  readonly text: string
  /** Figures that change with each answer; absent without any. */
  readonly detail?: string
  /** Text of the link to the open dead letters; absent if none exist. */
  readonly letters?: string
}

type Facts = Pick<
  Overview,
  'servers' | 'standing' | 'notices' | 'firing' | 'openDeadLetters' | 'consumers' | 'flow' | 'counters'
>

/**
 * Returns the headline: faults and lag, then firing alerts and failures. It reports success only if everything is
 * known, nothing has stalled or is late, all functions run, all that is saved is in force, no alert fires, and there are no open dead
 * letters.
 */
export function chooseHeadline(overview: Facts): Headline {
  const { servers, standing, notices, firing, openDeadLetters } = overview
  const letters = openDeadLetters.value
    ? { letters: formatCount(openDeadLetters.value, 'open dead letter') }
    : {}
  const away = [...(servers.kafka === null ? [] : ['Kafka']), ...(servers.redis === null ? [] : ['Redis'])]
  const late = describeLate(overview)
  const detail = late ? { detail: late.detail } : {}
  const alerts = describeFiring(firing)
  if (away.length > 0) {
    const last = alerts ? ` When it was last known, ${alerts}.` : ''
    const text = `${away.join(' and ')} ${away.length === 1 ? 'does' : 'do'} not answer. Grey figures are of the past.${last}`
    return { tone: 'bad', text, ...letters }
  }
  if (standing.length > 0) {
    const what = ['The flow has stalled', ...(alerts ? [alerts] : [])].join(', and ')
    const text = `${what}. The list shows where, and why.${late ? ` ${late.text}` : ''}`
    return { tone: 'bad', text, ...detail, ...letters }
  }
  const idle = new Set(
    (overview.consumers.value ?? []).filter(({ members }) => members === 0).map(one => one.function),
  )
  const saved = notices.some(([about]) => about === 'saved')
  const failed = letters.letters !== undefined
  const problems = [
    ...(alerts ? [alerts] : []),
    ...(idle.size > 0 ? [formatCount(idle.size, 'function does not run', 'functions do not run')] : []),
    ...(saved ? ['a saved change is not in force'] : []),
    ...(failed ? ['records have failed'] : []),
  ]
  const all = `${problems.join(', and ')}${failed ? ':' : '.'}`
  if (late) {
    const more = problems.length > 0 ? ` Besides, ${all}` : ''
    return { tone: late.tone, text: `${late.text}${more}`, ...detail, ...letters }
  }
  const unknown = listUnknown(overview)
  const stalled = unknown.includes('the lag')
    ? 'It is not known yet whether anything has stalled'
    : 'Nothing has stalled'
  if (problems.length > 0) {
    const tone = firing.value?.[0]?.severity === 'critical' ? 'bad' : 'warn'
    return { tone, text: `${stalled}, but ${all}`, ...letters }
  }
  if (unknown.length > 0)
    return { tone: 'plain', text: `${stalled}. Still being read: ${unknown.join(', ')}.` }
  return { tone: 'good', text: 'Everything flows.' }
}

/** Returns the facts that are not of now. */
function listUnknown({ consumers, firing, openDeadLetters, counters }: Facts): string[] {
  const facts = [
    ['the lag', consumers],
    ['the alerts', firing],
    ['the dead letters', openDeadLetters],
    ['the counters', counters],
  ] as const
  const isAgeless = (consumers.value ?? []).some(
    ({ pending, waitingMs }) => pending > 0 && waitingMs === null,
  )
  const unread = facts.flatMap(([name, { state, value }]) =>
    state === 'now' && value !== null ? [] : [name],
  )
  return [...unread, ...(isAgeless && consumers.state === 'now' ? ['how long records wait'] : [])]
}

/** Returns a sentence about the consumer that is most behind, with alerting and the readers of inputs first; undefined if none is late. */
function describeLate({ consumers, flow }: Pick<Facts, 'consumers' | 'flow'>) {
  if (consumers.state !== 'now') return undefined
  const waiting = listWaiting(consumers.value ?? []).filter(
    ({ waitingMs }) => judgeWait(waitingMs ?? 0) !== 'good',
  )
  const alerts = flow.lanes.find(({ page }) => page === '/alerts')
  const leadsToAlerts = ({ function: name }: ShownConsumer) =>
    alerts?.functions.includes(name) || flow.inputs.some(({ reader }) => reader === name)
  const first = waiting.find(leadsToAlerts) ?? waiting[0]
  if (!first) return undefined
  const { function: name, pending, waitingMs } = first
  const lane = leadsToAlerts(first) ? alerts : flow.lanes.find(({ functions }) => functions.includes(name))
  const title = lane?.title ?? name
  const others = waiting.length - 1
  const rest =
    others > 0 ? `, and ${formatCount(others, 'other consumer is', 'other consumers are')} late` : ''
  return {
    tone: judgeWait(waitingMs ?? 0),
    text: `${title} ${title.endsWith('s') ? 'are' : 'is'} ${formatWait(waitingMs ?? 0)} behind${rest}.`,
    detail: `${formatCount(pending, 'record waits', 'records wait')} at ${name}.`,
  }
}

/** Formats a waiting time in whole minutes from one minute on, such as `16 min`. */
export function formatWait(ms: number): string {
  return durationText(ms < MINUTE_MS ? ms : ms - (ms % MINUTE_MS))
}

function describeFiring({ value, state }: Overview['firing']): string | undefined {
  if (!value || value.length === 0) return undefined
  const counts = value.map(({ severity, count }) => `${formatNumber(count)} ${severity}`)
  const [one, many] = state === 'away' ? ['alert was', 'alerts were'] : ['alert is', 'alerts are']
  return `${counts.join(' and ')} ${countFiring(value) === 1 ? one : many} firing`
}

/** Returns the number of firing alerts of all severities. */
export function countFiring(firing: NonNullable<Overview['firing']['value']>): number {
  return firing.reduce((sum, { count }) => sum + count, 0)
}

/** Formats the number of all alerts or dead letters, beside the number of those that are still open. */
export function describeTotal(open: number | null, total: number | null, closed: string): string {
  if (open === null || total === null || open !== total) return formatTotal(total)
  return total === 0 ? 'none so far' : `none ${closed} yet`
}

interface Shown {
  /** Value, or a dash. */
  readonly value: string
  /** True for a value that is not of now. */
  readonly isPast: boolean
}

/** Formats a fact, which is of the past if it cannot be read now, and a dash if it was never read. */
export function formatKnown<T>({ value, state }: Known<T>, format: (value: T) => string | null): Shown {
  return { value: (value === null ? null : format(value)) ?? '–', isPast: state !== 'now' }
}

/** Says of when a fact is that is not of now, or why it is missing. */
export function describeAge({ asOfMs, state }: Known<unknown>, nowMs: number): string {
  if (asOfMs !== null) return `as of ${formatTime(asOfMs, nowMs)}`
  return state === 'away' ? 'not known' : 'being read'
}

/** Returns the state of a consumer, which an operator reads as one word. */
export function describeState(
  { function: name }: Pick<ShownConsumer, 'function'>,
  { standing, servers, consumers }: Pick<Overview, 'standing' | 'servers' | 'consumers'>,
): { readonly tone: Tone; readonly text: string } {
  if (standing.some(({ functions }) => functions.includes(name))) return { tone: 'bad', text: 'stalled' }
  const own = (consumers.value ?? []).filter(consumer => consumer.function === name)
  const isKnown = consumers.state === 'now' && servers.redis === null && own.every(({ lag }) => lag !== null)
  if (!isKnown) return { tone: 'muted', text: 'not known' }
  const [waiting] = listWaiting(own)
  if (own.some(({ members }) => members === 0)) return { tone: 'warn', text: 'no members' }
  if (!waiting) return { tone: 'good', text: 'up to date' }
  const { pending, waitingMs } = waiting
  if (waitingMs === null) return { tone: 'muted', text: formatCount(pending, 'record waits', 'records wait') }
  const tone = judgeWait(waitingMs)
  return { tone, text: tone === 'good' ? 'flows' : `${formatWait(waitingMs)} behind` }
}
