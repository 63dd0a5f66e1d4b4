/** Combines parts to the handlers of one process. Each part keeps states of its own kind. */
import { ConfigError } from './author-errors.ts'
import type { EventHandler, TimerHandler, TypedEvent } from './define-process.ts'

/**
 * Part of a process: its handlers, by event type and by name of timer. An entity belongs to one part, which receives all events and
 * timers of the entity, and reads only states that it has returned itself.
 */
export interface ProcessPart<State, Context = void> {
  readonly on: Readonly<Record<string, EventHandler<State, TypedEvent<unknown>, Context>>>
  readonly onTimer?: Readonly<Record<string, TimerHandler<State, Context>>>
}

/**
 * Returns the handlers of a process that consists of these parts. A state is stored without its part, so a process keeps its states
 * when it is divided.
 *
 * @throws ConfigError if two parts have the same event type or timer
 */
export function combine<State, Context>(
  ...parts: readonly ProcessPart<State, Context>[]
): Required<ProcessPart<State, Context>> {
  return {
    on: mergeHandlers(parts.map(({ on }) => on)),
    onTimer: mergeHandlers(parts.map(({ onTimer = {} }) => onTimer)),
  }
}

function mergeHandlers<Handler>(
  parts: readonly Readonly<Record<string, Handler>>[],
): Readonly<Record<string, Handler>> {
  const names = parts.flatMap(part => Object.keys(part))
  const repeated = names.filter((name, index) => names.indexOf(name) < index)
  if (repeated.length > 0)
    throw new ConfigError('a combined process', [
      `several of its parts have ${[...new Set(repeated)].join(', ')}`,
    ])
  return Object.assign({}, ...parts)
}
