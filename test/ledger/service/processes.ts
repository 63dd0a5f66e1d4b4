/**
 * The processes for the ledger's records. `counting` uses every feature of a process. Its states and emissions contain a
 * checksum of all events so far, which reveals missing, duplicate and reordered events. `test/ledger/count/` implements the
 * expected results independently.
 */
import {
  completeStep,
  type Emission,
  type KeyedProcess,
  reject,
  type StepResult,
} from '#runtime/consumer/process.ts'

/** Short, so that timers fire while a run lasts. */
const SILENCE_MS = 1_500
const FORGET_MS = 2_500

interface Signal {
  readonly number?: number
  /** The number of an environment reading. */
  readonly temperature?: number
  /** Text that is emitted twice in one event, so that large text makes the event too large. */
  readonly echo?: string
  readonly refuse?: boolean
}

interface Counted {
  readonly count: number
  readonly chain: number
  readonly lastMs: number
  readonly isSilent: boolean
}

/** Emits every third signal, each silence, and the signal that ends a silence. Forgets entities after a long silence. */
export const counting: KeyedProcess<Counted, Signal> = {
  name: 'counting',
  accepts: ['ledger.signal.v1', 'io.sluice.environment.reading.v1'],
  onEvent(state, { timeMs, subject, data }) {
    if (data?.refuse || data === undefined) return reject('the event asks to be rejected')
    const count = (state?.count ?? 0) + 1
    const chain = chained(state?.chain ?? 0, data.number ?? data.temperature ?? 0)
    const echo = data.echo === undefined ? [] : [emission('echo', subject, { echo: [data.echo, data.echo] })]
    if (state && timeMs < state.lastMs) return completeStep('late', { ...state, count, chain }, echo)
    const names = [...(state?.isSilent ? ['back'] : []), ...(count % 3 === 0 ? ['third'] : [])]
    return completeStep(
      'counted',
      { count, chain, lastMs: timeMs, isSilent: false },
      [...names.map(name => emission(name, subject, { count, chain })), ...echo],
      [{ name: 'silence', dueMs: timeMs + SILENCE_MS }, { name: 'forget' }],
    )
  },
  onTimer(state, { name, dueMs, subject }): StepResult<Counted> {
    const { count, chain } = state
    const emitted = emission(name === 'forget' ? 'forgotten' : 'silent', subject, { count, chain })
    if (name === 'forget') return completeStep('forgotten', undefined, [emitted])
    return completeStep(
      'silent',
      { ...state, isSilent: true },
      [emitted],
      [{ name: 'forget', dueMs: dueMs + FORGET_MS }],
    )
  },
}

function emission(name: string, subject: string | undefined, data: object): Emission {
  const type = `ledger.${name}.v1`
  return { name, to: 'events', key: subject ?? '', type, source: '/counting', subject: subject ?? '', data }
}

interface Receipts {
  readonly count: number
  readonly chain: number
  readonly sequence: string
}

/** The downstream consumer: applies each emission once, and detects emissions that arrive after their successors. */
export const receiving: KeyedProcess<Receipts, { readonly chain?: number }> = {
  name: 'receiving',
  accepts: ['back', 'third', 'silent', 'forgotten', 'echo'].map(name => `ledger.${name}.v1`),
  onEvent(state, { data, extensions }) {
    const sequence = extensions?.sequence ?? ''
    const isBehind = state !== undefined && sequence <= state.sequence
    return completeStep(isBehind ? 'behind' : 'received', {
      count: (state?.count ?? 0) + 1,
      chain: chained(state?.chain ?? 0, data?.chain ?? 0),
      sequence: isBehind ? state.sequence : sequence,
    })
  },
}

/** A checksum that depends on all numbers so far and their order. */
function chained(chain: number, number: number): number {
  return (Math.imul(chain, 31) + number) >>> 0
}
