/**
 * The processes for the ledger's records. `counting` uses every feature of a process. Its states and emissions contain a
 * checksum of all events so far, which reveals missing, duplicate and reordered events. `test/ledger/count/` implements the
 * expected results independently.
 */
import { defineProcess, type Step } from '#runtime/consumer'

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
export const counting = defineProcess<Counted, Signal | undefined>('counting', {
  accepts: ['ledger.signal.v1', 'io.sluice.environment.reading.v1'],
  onEvent(state, { timeMs, subject, data }, step) {
    if (data?.refuse || data === undefined) return step.reject('the event asks to be rejected')
    const count = (state?.count ?? 0) + 1
    const chain = chained(state?.chain ?? 0, data.number ?? data.temperature ?? 0)
    const isLate = state !== undefined && timeMs < state.lastMs
    step.reason(isLate ? 'late' : 'counted')
    if (!isLate && state?.isSilent) emit(step, 'back', subject, { count, chain })
    if (!isLate && count % 3 === 0) emit(step, 'third', subject, { count, chain })
    if (data.echo !== undefined) emit(step, 'echo', subject, { echo: [data.echo, data.echo] })
    if (isLate) return { ...state, count, chain }
    step.timer('silence', SILENCE_MS)
    step.cancel('forget')
    return { count, chain, lastMs: timeMs, isSilent: false }
  },
  onTimer: {
    silence(state, { subject }, step) {
      step.reason('silent')
      emit(step, 'silent', subject, { count: state.count, chain: state.chain })
      step.timer('forget', FORGET_MS)
      return { ...state, isSilent: true }
    },
    forget({ count, chain }, { subject }, step) {
      step.reason('forgotten')
      emit(step, 'forgotten', subject, { count, chain })
      return undefined
    },
  },
})

function emit(step: Step, name: string, subject = '', data: object): void {
  step.emit('events', name, data, { key: subject, type: `ledger.${name}.v1`, subject })
}

interface Receipts {
  readonly count: number
  readonly chain: number
  readonly sequence: string
}

/** The downstream consumer: applies each emission once, and detects emissions that arrive after their successors. */
export const receiving = defineProcess<Receipts, { readonly chain?: number } | undefined>('receiving', {
  accepts: ['back', 'third', 'silent', 'forgotten', 'echo'].map(name => `ledger.${name}.v1`),
  onEvent(state, { data, extensions }, { reason }) {
    const sequence = extensions?.sequence ?? ''
    const isBehind = state !== undefined && sequence <= state.sequence
    reason(isBehind ? 'behind' : 'received')
    return {
      count: (state?.count ?? 0) + 1,
      chain: chained(state?.chain ?? 0, data?.chain ?? 0),
      sequence: isBehind ? state.sequence : sequence,
    }
  },
})

/** A checksum that depends on all numbers so far and their order. */
function chained(chain: number, number: number): number {
  return (Math.imul(chain, 31) + number) >>> 0
}
