/** Selects the functions that a process can run, and explains why others are left out. Pure. */

import type { Schedules } from '../infra/schedules.ts'
import { type DeclaredFunction, isConsumer } from '../lib/app/functions.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** A function that is not run, with the reason. */
interface LeftOut {
  readonly name: string
  /** Reason in lower case without a full stop. */
  readonly why: string
}

export interface ChosenFunctions {
  readonly chosen: readonly DeclaredFunction[]
  readonly leftOut: readonly LeftOut[]
}

interface Choices extends ChosenFunctions {
  /** Functions in `leftOut` that were requested by name and are not disabled by a setting. */
  readonly refused: readonly LeftOut[]
  readonly unknown: readonly string[]
}

/** Environment variables that functions require, by the words in their `uses`. */
const NEEDED: Readonly<Record<string, string>> = {
  'alerts-topic': 'ALERTS_TOPIC_ARN',
  checkpoints: 'CHECKPOINT_BUCKET',
  history: 'HISTORY_BUCKET',
  'history-appending': 'HISTORY_BUCKET',
}

/** Words in `uses` that are only possible in Lambda, with an explanation. */
const OF_LAMBDA: Readonly<Record<string, string>> = {
  console: 'it requires an HTTP API of AWS; `sluice console` serves the same page',
  'on-failure': 'it processes records that Lambda has discarded, which happens only in Lambda',
}

export interface Choice {
  /** Names of the requested functions; empty for all functions. */
  readonly names: readonly string[]
  readonly environment: Environment
  /** Enabled schedules. */
  readonly schedules: Schedules
}

/**
 * Selects the functions to run. A function that is requested by name and cannot run is rejected. The exception is the generator
 * with SLUICE_GENERATOR=off, so that the arguments of a service do not depend on this setting.
 *
 * @param functions all functions of the project
 * @returns the selection, with the requested names that are not functions
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

/** Returns true if the function has a schedule and the schedule is enabled. */
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
  if (schedule === undefined) return 'it has neither a topic nor a schedule'
  return schedules.clock
    ? 'its schedule is off (SLUICE_GENERATOR)'
    : 'no schedule runs (--no-schedules, or SLUICE_SCHEDULES=off)'
}
