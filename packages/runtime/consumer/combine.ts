/** Combines parts to one process. Each part keeps states of its own kind. */
import { ConfigError } from './author-errors.ts'
import type { KeyedProcess } from './process.ts'

/**
 * Part of a process: its steps, by event type and by name of timer. An entity belongs to one part, which receives all events and
 * timers of the entity, and reads only states that it has returned itself.
 */
export interface ProcessPart<State, Context = void> {
  readonly on: Readonly<Record<string, KeyedProcess<State, unknown, Context>['onEvent']>>
  readonly timers?: Readonly<Record<string, NonNullable<KeyedProcess<State, unknown, Context>['onTimer']>>>
}

/**
 * Returns the steps of a process that consists of these parts. A state is stored without its part, so a process keeps its states
 * when it is divided.
 *
 * @throws ConfigError if two parts have the same event type or timer
 */
export function combine<State, Context>(
  ...parts: readonly ProcessPart<State, Context>[]
): Required<Pick<KeyedProcess<State, unknown, Context>, 'accepts' | 'onEvent' | 'onTimer'>> {
  const events = mergeSteps(parts.map(({ on }) => on))
  const timerSteps = mergeSteps(parts.map(({ timers = {} }) => timers))
  return {
    accepts: [...events.keys()],
    onEvent: (state, event, context) => requireStep(events, event.type)(state, event, context),
    onTimer: (state, timer, context) => requireStep(timerSteps, timer.name)(state, timer, context),
  }
}

function mergeSteps<Step>(parts: readonly Readonly<Record<string, Step>>[]): ReadonlyMap<string, Step> {
  const steps = parts.flatMap(part => Object.entries(part))
  const merged = new Map(steps)
  if (merged.size < steps.length) {
    const names = steps.map(([name]) => name)
    const repeated = names.filter((name, index) => names.indexOf(name) < index)
    throw new ConfigError('a combined process', [
      `several of its parts have ${[...new Set(repeated)].join(', ')}`,
    ])
  }
  return merged
}

function requireStep<Step>(steps: ReadonlyMap<string, Step>, name: string): Step {
  const step = steps.get(name)
  if (!step) throw new Error(`no part of the process has a step for ${name}`)
  return step
}
