/** A process that uses all that a process can, and logs that make it do so. */
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { Event } from '../../lib/domain/event.ts'
import { decided, type Emission, type KeyedProcess, type Step } from '../../lib/domain/process.ts'
import { tick } from '../../lib/domain/telemetry/tick.ts'
import type { Random } from './random.ts'
import { logRecord } from './records.ts'

const SILENCE_MS = 150_000
const FORGET_MS = 400_000
const SIGNAL_TYPE = 'test.signal.v1'

interface Watched {
  readonly count: number
  readonly lastMs: number
  readonly isSilent: boolean
}

/** Emits every third signal, each silence, and the signal that ends it; forgets what is silent for long. */
export const watching: KeyedProcess<Watched> = {
  name: 'watching',
  accepts: [SIGNAL_TYPE],
  onEvent(state, { timeMs, entity }) {
    if (state && timeMs < state.lastMs) return decided('late', state)
    const count = (state?.count ?? 0) + 1
    const names = [...(state?.isSilent ? ['back'] : []), ...(count % 3 === 0 ? ['third'] : [])]
    return decided(
      'counted',
      { count, lastMs: timeMs, isSilent: false },
      names.map(name => emission(name, entity)),
      [{ name: 'silence', dueMs: timeMs + SILENCE_MS }, { name: 'forget' }],
    )
  },
  onTimer(state, { name, dueMs, entity }): Step<Watched> {
    if (name === 'forget') return decided('forgotten', undefined, [emission('forgotten', entity)])
    const forget = { name: 'forget', dueMs: dueMs + FORGET_MS }
    return decided('silent', { ...state, isSilent: true }, [emission('silent', entity)], [forget])
  },
}

function emission(name: string, entity: string): Emission {
  return { name, to: 'events', key: entity, type: `test.${name}.v1`, source: '/watching', data: {} }
}

/** The entities of `watchedLog`. */
const SUBJECTS = ['a', 'b', 'c', 'd', 'e', 'f']
export const WATCHED = SUBJECTS.map(subject => `/watched ${subject}`)

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const STEPS_S = [0, 5, 30, 80, 160]
/** Repeats come within the memory of ids, and some records after it. */
export const WATCHED_ID_WINDOW_MS = 600_000

/** Signals (late and repeated ones among them), ticks and poison, with pauses that the log's clock does not count. */
export function watchedLog(random: Random, length: number): LogRecord[] {
  const log: LogRecord[] = []
  const latestS = new Map<string, number>()
  const recent: { readonly content: Event; readonly appendS: number }[] = []
  let appendS = 0
  for (let offset = 0; offset < length; offset += 1) {
    appendS += random.chance(0.97) ? random.pick([0, 1, 5, 20, 30]) : random.pick([200, 1000])
    const place = { timestampMs: START_MS + 3_600_000 + appendS * 1000 }
    const chance = random.next()
    const near = recent.slice(-8).filter(one => appendS - one.appendS < WATCHED_ID_WINDOW_MS / 2000)
    if (chance < 0.25) log.push(logRecord(offset, tick(0, '2026-03-01T12:00:00Z'), place))
    else if (chance < 0.28) log.push(logRecord(offset, { value: Buffer.from(`poison ${offset}`) }, place))
    else if (chance < 0.36 && near.length > 0) log.push(logRecord(offset, random.pick(near).content, place))
    else {
      const subject = random.pick(SUBJECTS)
      const before = latestS.get(subject) ?? 0
      const atS = Math.max(0, before + (random.chance(0.9) ? random.pick(STEPS_S) : -random.pick([1, 50])))
      latestS.set(subject, Math.max(before, atS))
      const content = signal(`i${offset}`, subject, atS)
      recent.push({ content, appendS })
      log.push(logRecord(offset, content, place))
    }
  }
  return log
}

/** @param atS seconds after the start */
function signal(id: string, subject: string, atS: number): Event {
  const time = new Date(START_MS + atS * 1000).toISOString()
  return {
    id,
    source: '/watched',
    subject,
    type: SIGNAL_TYPE,
    time,
    datacontenttype: 'application/json',
    data: {},
  }
}
