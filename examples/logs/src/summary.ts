import { decided, type Emission, type KeyedProcess } from '@sluice/runtime'
import { type Level, LOG_LINE, type LogLine } from './application.ts'

const MINUTE_MS = 60_000
/** How long a minute waits for lines that are late, on the log's clock. */
const LATENESS_MS = 10_000
const BURST = 10
const MOST_KINDS = 20
const OTHERS = 'others'

/** What one service has logged in one minute that is not over yet. */
interface Minute {
  readonly startMs: number
  readonly lines: Readonly<Partial<Record<Level, number>>>
  /** Errors by kind: messages that differ in numbers alone are one. */
  readonly errors: readonly Kind[]
}

interface Kind {
  readonly message: string
  readonly count: number
}

interface Service {
  readonly open: readonly Minute[]
  /** The minutes before this instant have been told. */
  readonly toldMs: number
}

/** Summarises what each service logs in a minute, and reports the tenth error of a minute at once. */
export const summary: KeyedProcess<Service, LogLine> = {
  name: 'logs',
  accepts: [LOG_LINE],
  allowedLatenessMs: LATENESS_MS,
  onEvent({ open, toldMs } = { open: [], toldMs: 0 }, { source, timeMs, data }) {
    const startMs = timeMs - (timeMs % MINUTE_MS)
    if (startMs < toldMs) return decided('late', { open, toldMs })
    const before = open.find(minute => minute.startMs === startMs) ?? { startMs, lines: {}, errors: [] }
    const minute = counted(before, data as LogLine)
    const others = open.filter(one => one !== before)
    const isBurst = minute.lines.error === BURST && before.lines.error !== BURST
    const burst = emission('burst', source, { since: iso(startMs), errors: minute.errors })
    const timer = { name: String(startMs), dueMs: startMs + MINUTE_MS }
    return decided('counted', { open: [...others, minute], toldMs }, isBurst ? [burst] : [], [timer])
  },
  onTimer({ open, toldMs }, { name, dueMs, source }) {
    const { startMs, lines, errors } = open.find(minute => String(minute.startMs) === name) as Minute
    const data = { from: iso(startMs), to: iso(dueMs), lines, errors }
    const rest = open.filter(minute => minute.startMs !== startMs)
    const told = emission('summary', source, data)
    return decided('told', { open: rest, toldMs: Math.max(toldMs, dueMs) }, [told])
  },
}

function counted({ startMs, lines, errors }: Minute, { level, message }: LogLine): Minute {
  const added = { ...lines, [level]: (lines[level] ?? 0) + 1 }
  return { startMs, lines: added, errors: level === 'error' ? withError(errors, kindOf(message)) : errors }
}

/** The most frequent first. The number of kinds is bounded, so that the state is. */
function withError(errors: readonly Kind[], kind: string): readonly Kind[] {
  const isKnown = errors.some(({ message }) => message === kind)
  const message = isKnown || errors.length < MOST_KINDS ? kind : OTHERS
  const count = errors.find(one => one.message === message)?.count ?? 0
  const rest = errors.filter(one => one.message !== message)
  return [...rest, { message, count: count + 1 }].sort((one, other) => other.count - one.count)
}

function kindOf(message: string): string {
  return message.replace(/\d+/g, '#').slice(0, 200)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function emission(name: 'summary' | 'burst', service: string, data: object): Emission {
  return { name, to: 'summaries', key: service, type: `com.example.log.${name}`, source: service, data }
}
