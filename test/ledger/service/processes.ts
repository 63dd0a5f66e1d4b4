/**
 * What the ledger's records go through. `counting` uses all that a process can; its states and what it emits hold a chain
 * over the events so far, in which a missing event, one too many and two in the wrong order each leave a trace.
 * `test/ledger/count/` says once more, on its own, what must come of it.
 */
import {
  decided,
  type Emission,
  type KeyedProcess,
  rejected,
  type Step,
} from '../../../lib/domain/process.ts'

/** Short, so that timers fire while a run lasts. */
const SILENCE_MS = 1_500
const FORGET_MS = 2_500

interface Signal {
  readonly number: number
  /** To be sent on twice over: what is large becomes too large by that. */
  readonly echo?: string
  readonly refuse?: boolean
}

interface Counted {
  readonly count: number
  readonly chain: number
  readonly lastMs: number
  readonly isSilent: boolean
}

/** Emits every third signal, each silence and the signal that ends it; forgets what is silent for long. */
export const counting: KeyedProcess<Counted, Signal> = {
  name: 'counting',
  accepts: ['ledger.signal.v1'],
  onEvent(state, { timeMs, subject, data }) {
    if (data?.refuse || data === undefined) return rejected('it asks to be refused')
    const count = (state?.count ?? 0) + 1
    const chain = chained(state?.chain ?? 0, data.number)
    const echo = data.echo === undefined ? [] : [emission('echo', subject, { echo: [data.echo, data.echo] })]
    if (state && timeMs < state.lastMs) return decided('late', { ...state, count, chain }, echo)
    const names = [...(state?.isSilent ? ['back'] : []), ...(count % 3 === 0 ? ['third'] : [])]
    return decided(
      'counted',
      { count, chain, lastMs: timeMs, isSilent: false },
      [...names.map(name => emission(name, subject, { count, chain })), ...echo],
      [{ name: 'silence', dueMs: timeMs + SILENCE_MS }, { name: 'forget' }],
    )
  },
  onTimer(state, { name, dueMs, subject }): Step<Counted> {
    const { count, chain } = state
    const told = emission(name === 'forget' ? 'forgotten' : 'silent', subject, { count, chain })
    if (name === 'forget') return decided('forgotten', undefined, [told])
    return decided(
      'silent',
      { ...state, isSilent: true },
      [told],
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

/** Downstream: takes each emission once, whatever comes twice, and notices one that comes after its successor. */
export const receiving: KeyedProcess<Receipts, { readonly chain?: number }> = {
  name: 'receiving',
  accepts: ['back', 'third', 'silent', 'forgotten', 'echo'].map(name => `ledger.${name}.v1`),
  onEvent(state, { data, extensions }) {
    const sequence = extensions?.sequence ?? ''
    const isBehind = state !== undefined && sequence <= state.sequence
    return decided(isBehind ? 'behind' : 'received', {
      count: (state?.count ?? 0) + 1,
      chain: chained(state?.chain ?? 0, data?.chain ?? 0),
      sequence: isBehind ? state.sequence : sequence,
    })
  },
}

/** Depends on each number so far, and on their order. */
function chained(chain: number, number: number): number {
  return (Math.imul(chain, 31) + number) >>> 0
}
