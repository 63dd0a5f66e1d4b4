/** Which functions a process can run, and why it leaves out others. Pure. */

import type { Schedules } from '../infra/schedules.ts'
import { type DeclaredFunction, isConsumer } from '../lib/app/functions.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** A function that does not run, and why. */
interface LeftOut {
  readonly name: string
  /** Begins with a small letter and has no full stop. */
  readonly why: string
}

export interface ChosenFunctions {
  readonly chosen: readonly DeclaredFunction[]
  readonly leftOut: readonly LeftOut[]
}

interface Choices extends ChosenFunctions {
  /** Functions of `leftOut` that were asked for by name, and not switched off. */
  readonly refused: readonly LeftOut[]
  readonly unknown: readonly string[]
}

/** Requirements of functions, by their words in `uses`. */
const NEEDED: Readonly<Record<string, string>> = {
  'alerts-topic': 'ALERTS_TOPIC_ARN',
  checkpoints: 'CHECKPOINT_BUCKET',
}

/** Purposes that exist in Lambda alone. */
const OF_LAMBDA: Readonly<Record<string, string>> = {
  console: 'it answers an HTTP API of AWS: `sluice console` serves the same page',
  'on-failure': 'it reads what Lambda has given up, and here nothing is given up',
}

export interface Choice {
  /** The functions that are asked for; empty for all. */
  readonly names: readonly string[]
  readonly environment: Environment
  /** Which conditions of schedules hold. */
  readonly schedules: Schedules
}

/**
 * A function that is named and cannot run is refused, except the generator beside others where SLUICE_GENERATOR=off: the names of a
 * service stay the same then.
 *
 * @param functions all that there are
 * @returns with the names that are those of no function
 */
export function chooseFunctions(
  functions: readonly DeclaredFunction[],
  { names, environment, schedules }: Choice,
): Choices {
  const unknown = names.filter(name => functions.every(one => one.name !== name))
  const asked = functions.filter(({ name }) => names.length === 0 || names.includes(name))
  const judged = asked.map(one => ({ one, why: whyNot(one, environment, schedules) }))
  const chosen = judged.flatMap(({ one, why }) => (why === undefined ? [one] : []))
  const leftOut = judged.flatMap(({ one: { name }, why }) => (why === undefined ? [] : [{ name, why }]))
  const isOff = chosen.length > 0 && environment.SLUICE_GENERATOR?.trim() === 'off'
  const switchedOff = asked.filter(({ schedule }) => isOff && schedule?.condition === 'generator')
  const isRefused = ({ name }: LeftOut) => names.includes(name) && switchedOff.every(one => one.name !== name)
  return { unknown, chosen, leftOut, refused: leftOut.filter(isRefused) }
}

/** Whether its schedule runs now. */
export function isScheduled({ schedule }: DeclaredFunction, schedules: Schedules): boolean {
  return schedule !== undefined && schedules[schedule.condition]
}

function whyNot(
  declared: DeclaredFunction,
  environment: Environment,
  schedules: Schedules,
): string | undefined {
  const { uses, schedule } = declared
  const ofLambda = uses.map(use => OF_LAMBDA[use]).find(why => why !== undefined)
  if (ofLambda !== undefined) return ofLambda
  const variable = uses.map(use => NEEDED[use]).find(name => name !== undefined && !environment[name]?.trim())
  if (variable !== undefined) return `${variable} is not set`
  if (isConsumer(declared) || isScheduled(declared, schedules)) return undefined
  if (schedule === undefined) return 'nothing calls it: it has neither a topic nor a schedule'
  return schedules.clock
    ? 'its schedule is off (SLUICE_GENERATOR)'
    : 'no schedule runs (--no-schedules, or SLUICE_SCHEDULES=off)'
}
