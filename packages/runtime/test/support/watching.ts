/** Process that uses all features of processes, in two versions of its code. `watched-log.ts` generates its logs. */
import { PermanentError } from '../../consumer/author-errors.ts'
import {
  completeStep,
  type Emission,
  type KeyedProcess,
  reject,
  type StepResult,
} from '../../consumer/process.ts'

const SILENCE_MS = 150_000
const FORGET_MS = 400_000
export const SIGNAL_TYPE = 'test.signal.v1'
export const SETTING_TYPE = 'test.setting.v1'

/** Context that events in the log set for all entities of a partition. */
export interface WatchedSetting {
  /** Interval of emissions: every n-th signal is emitted, in the second version every (n - 1)-th. 0 is rejected. */
  readonly every: number
  readonly silenceMs: number
}

/** Effect of a signal on the process. */
export interface Signal {
  /**
   * - `bug`: the first version throws;
   * - `refused`: the process rejects the signal, depending on the state;
   * - `calm`: the process cancels the silence timer;
   * - `pulse`: the process sets two more timers, one of which sets another;
   * - `large`: the process emits an event that is too large for any topic.
   */
  readonly mood?: 'bug' | 'refused' | 'calm' | 'pulse' | 'large'
  /** Value that distinguishes events with the same id. */
  readonly variant?: number
}

interface Watched {
  readonly count: number
  readonly lastMs: number
  readonly isSilent: boolean
  readonly version: number
}

const LARGE = 'x'.repeat(1_100_000)

/**
 * Process that emits every third signal (or as the context specifies), each silence, and the signal that ends a silence. It drops
 * entities after a long silence. The second version fixes the bug, emits more often, and continues from the states, timers and
 * failures of the first version.
 */
function watch(version: 1 | 2): KeyedProcess<Watched, Signal, WatchedSetting> {
  const fewer = version - 1
  const remembered = (state: Watched) => ({ ...state, version })
  return {
    name: 'watching',
    accepts: [SIGNAL_TYPE],
    context: {
      setBy: SETTING_TYPE,
      initial: { every: 3, silenceMs: SILENCE_MS },
      read: data => {
        const setting = data as WatchedSetting
        if (setting.every <= 0) throw new PermanentError('every must be positive')
        return setting
      },
      reasons: { changed: 'set', unchanged: 'set-already' },
    },
    onEvent(state, { timeMs, entity, data: { mood } = {} }, { every, silenceMs }) {
      if (mood === 'bug' && version === 1) throw new Error('a bug that the second version fixes')
      if (mood === 'refused' && (state?.count ?? 0) % 2 === 0) return reject('an even count')
      if (state && timeMs < state.lastMs) return completeStep('late', state)
      const count = (state?.count ?? 0) + 1
      const names = [
        ...(state?.isSilent ? ['back'] : []),
        ...(count % Math.max(1, every - fewer) === 0 ? ['every'] : []),
      ]
      const emit = names.map(name => emission(name, entity, { count }))
      const silence = mood === 'calm' ? { name: 'silence' } : { name: 'silence', dueMs: timeMs + silenceMs }
      const pulses = ['pulse', 'echo'].map(name => ({ name, dueMs: timeMs + 40_000 }))
      return completeStep(
        'counted',
        remembered({ count, lastMs: timeMs, isSilent: false, version }),
        mood === 'large' ? [...emit, emission('large', entity, { text: LARGE })] : emit,
        [silence, { name: 'forget' }, ...(mood === 'pulse' ? pulses : [])],
      )
    },
    onTimer(state, { name, dueMs, entity }, { every }): StepResult<Watched> {
      if (name === 'forget')
        return completeStep('forgotten', undefined, [emission('forgotten', entity, { every })])
      if (name === 'pulse') {
        const next = { name: 'pulse-end', dueMs: dueMs + 20_000 }
        return completeStep('pulsed', remembered(state), [emission('pulse', entity)], [next])
      }
      if (name !== 'silence') return completeStep(name, remembered(state), [emission(name, entity)])
      const forget = { name: 'forget', dueMs: dueMs + FORGET_MS }
      return completeStep(
        'silent',
        remembered({ ...state, isSilent: true }),
        [emission('silent', entity, { every })],
        [forget],
      )
    },
  }
}

export const WATCHING = { before: watch(1), after: watch(2) }

function emission(name: string, entity: string, data: object = {}): Emission {
  return { name, to: 'events', key: entity, type: `test.${name}.v1`, source: '/watching', data }
}
