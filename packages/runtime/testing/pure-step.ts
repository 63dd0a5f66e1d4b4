/**
 * Detects steps that depend on a clock or on random numbers, because applying the same log again would not result in the same
 * state. Only for tests.
 */
import { syncBuiltinESMExports } from 'node:module'
import type { KeyedProcess } from '../consumer/process.ts'

const CLOCK = 'a step must not read a clock: use timeMs of the event, or dueMs of the timer'
const CHANCE =
  'a step must not use random numbers: derive the value from the event, for example with derivedId()'

/** Functions that a step must not call, by the object that contains them. */
const REFUSED: readonly (readonly [
  holder: object,
  name: string,
  functions: readonly string[],
  why: string,
])[] = [
  [performance, 'performance', ['now'], CLOCK],
  [process, 'process', ['hrtime', 'uptime'], CLOCK],
  // A class that was kept before its replacement has the same function.
  [Date, 'Date', ['now'], CLOCK],
  [Math, 'Math', ['random'], CHANCE],
  [globalThis.crypto, 'crypto', ['randomUUID', 'getRandomValues'], CHANCE],
  // Replaced functions of this object also replace the named imports of the module, see `syncBuiltinESMExports`.
  [
    process.getBuiltinModule('node:crypto'),
    'crypto',
    ['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'],
    CHANCE,
  ],
]

type AnyProcess<State> = KeyedProcess<State, unknown, unknown>

/**
 * Returns the process with steps during which clocks and random numbers throw.
 *
 * @param onError called with each error of a step
 */
export function withPureSteps<State>(
  process: AnyProcess<State>,
  onError: (error: unknown) => void,
): AnyProcess<State> {
  const { name, onTimer, migrate } = process
  const pure =
    <Given extends unknown[], T>(call: (...given: Given) => T) =>
    (...given: Given): T => {
      try {
        return pureStep(name, () => call.apply(process, given))
      } catch (error) {
        onError(error)
        throw error
      }
    }
  return {
    ...process,
    onEvent: pure(process.onEvent),
    ...(onTimer && { onTimer: pure(onTimer) }),
    ...(migrate && { migrate: pure(migrate) }),
  }
}

/** A step has used a clock or random numbers. */
export class ImpureStep extends Error {
  override readonly name = 'ImpureStep'
}

/**
 * Runs a function of a process while clocks and random numbers throw.
 *
 * @param name name of the process, for the message
 * @throws Error for the first use of a clock or random number, even if the process has caught the error
 */
function pureStep<T>(name: string, call: () => T): T {
  let used: Error | undefined
  const refuse = (what: string, why: string) => {
    used ??= new ImpureStep(`the process "${name}" calls ${what}, but ${why}`)
    throw used
  }
  const refusing = (what: string, why: string) =>
    // `process.hrtime` has a function of its own.
    Object.assign(() => refuse(`${what}()`, why), { bigint: () => refuse(`${what}.bigint()`, why) })
  const replaced: (() => void)[] = []
  try {
    replaced.push(replace(globalThis, 'Date', clocklessDate(refuse)))
    for (const [holder, holderName, functions, why] of REFUSED)
      for (const name of functions)
        replaced.push(replace(holder, name, refusing(`${holderName}.${name}`, why)))
    syncBuiltinESMExports()
    const result = call()
    if (used) throw used
    return result
  } catch (error) {
    // A step may catch the refusal, and throw another error.
    throw used ?? error
  } finally {
    for (const putBack of replaced) putBack()
    syncBuiltinESMExports()
  }
}

/** Returns a Date class that requires arguments and cannot return the current time. */
function clocklessDate(refuse: (what: string, why: string) => never): DateConstructor {
  return new Proxy(Date, {
    construct: (target, given: readonly unknown[], made) =>
      given.length === 0 ? refuse('new Date()', CLOCK) : Reflect.construct(target, [...given], made),
    apply: () => refuse('Date()', CLOCK),
    get: (target, property) =>
      property === 'now' ? () => refuse('Date.now()', CLOCK) : Reflect.get(target, property),
  })
}

/** Replaces a property. Returns a function that restores the original value. */
function replace(holder: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(holder, name)
  Object.defineProperty(holder, name, { value, configurable: true, writable: true })
  return () => {
    if (own) Object.defineProperty(holder, name, own)
    else delete (holder as Record<string, unknown>)[name]
  }
}
