import { minutes, seconds } from '@sluice/runtime'
import { type Level, type LogLine, logging } from './application.ts'

const MINUTE_MS = minutes(1)
const BURST = 10
const MAX_KINDS = 20
const OTHERS = 'others'

/** Log lines of one service in the open minute. */
interface Minute {
  readonly startMs: number
  readonly lines: Readonly<Partial<Record<Level, number>>>
  /** Errors by kind: messages that differ only in numbers are one kind. */
  readonly errors: readonly Kind[]
}

interface Kind {
  readonly message: string
  readonly count: number
}

interface Service {
  readonly open: readonly Minute[]
  /** End of the published minutes. */
  readonly toldMs: number
}

/** Summarises what each service logs in a minute, and reports the tenth error of a minute at once. */
export const summary = logging.process<Service, LogLine>('logs', {
  // A minute waits this long for lines that are late, on the log's clock.
  allowedLatenessMs: seconds(10),
  onEvent({ open, toldMs } = { open: [], toldMs: 0 }, { timeMs, data }, { emit, timer, reason }) {
    const startMs = timeMs - (timeMs % MINUTE_MS)
    reason(startMs < toldMs ? 'late' : 'counted')
    if (startMs < toldMs) return { open, toldMs }
    const before = open.find(minute => minute.startMs === startMs) ?? { startMs, lines: {}, errors: [] }
    const minute = counted(before, data)
    const others = open.filter(one => one !== before)
    const { lines, errors } = minute
    if (lines.error === BURST && before.lines.error !== BURST)
      emit('summaries', 'burst', { since: iso(startMs), errors })
    timer(String(startMs), startMs + MINUTE_MS - timeMs)
    return { open: [...others, minute], toldMs }
  },
  onTimer({ open, toldMs }, { name, dueMs }, { emit, reason }) {
    const { startMs, lines, errors } = open.find(minute => String(minute.startMs) === name) as Minute
    emit('summaries', 'summary', { from: iso(startMs), to: iso(dueMs), lines, errors })
    reason('told')
    return { open: open.filter(minute => minute.startMs !== startMs), toldMs: Math.max(toldMs, dueMs) }
  },
})

function counted({ startMs, lines, errors }: Minute, { level, message }: LogLine): Minute {
  const added = { ...lines, [level]: (lines[level] ?? 0) + 1 }
  return { startMs, lines: added, errors: level === 'error' ? withError(errors, kindOf(message)) : errors }
}

/** The most frequent first. The number of kinds is bounded, so that the state is. */
function withError(errors: readonly Kind[], kind: string): readonly Kind[] {
  const isKnown = errors.some(({ message }) => message === kind)
  const message = isKnown || errors.length < MAX_KINDS ? kind : OTHERS
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
