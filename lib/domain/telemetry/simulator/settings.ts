/** What can be set about the simulator, and the check of settings that came from outside. */
import { FAMILIES, type FamilyName, type KeyStrategy } from '../families.ts'

export interface GeneratorSettings {
  /**
   * Names the simulated world; readings and their ids follow from it. Choose another when other settings change:
   * the same ids with other content would be refused as a conflict.
   */
  readonly seed: string
  /** Seconds from one reading of a sensor to its next. */
  readonly tickSeconds: number
  /** Share of a sensor's windows (twelve ticks) that have an anomaly, 0 to 1. */
  readonly anomalyRate: number
  /** How each family is keyed, where not as its table says. */
  readonly keyStrategy: Readonly<Partial<Record<FamilyName, KeyStrategy>>>
}

export const GENERATOR_DEFAULTS: GeneratorSettings = {
  seed: 'sluice',
  tickSeconds: 5,
  anomalyRate: 0.4,
  keyStrategy: {},
}

/** Settings that hold, or every fault that was found in them. */
type SettingsRead = { readonly settings: GeneratorSettings } | { readonly faults: readonly string[] }

/** What is wrong with a setting's value, each fault once; empty if nothing is. */
type Check = (value: unknown) => readonly string[]

const CHECKS: Readonly<Record<keyof GeneratorSettings, Check>> = {
  // No hyphen: ids are `sim-<seed>-<sensor>-<tick>`, and must part in one way only.
  seed: must(
    'be 1 to 32 letters and digits',
    value => typeof value === 'string' && /^[A-Za-z0-9]{1,32}$/.test(value),
  ),
  tickSeconds: must(
    'be a whole number of seconds, 1 to 60',
    value => isNumber(value, 1, 60) && Number.isInteger(value),
  ),
  anomalyRate: must('be a number from 0 to 1', value => isNumber(value, 0, 1)),
  keyStrategy: keyStrategyFaults,
}

const STRATEGIES: readonly KeyStrategy[] = ['instance', 'type', 'tenant', 'random']

/** Reads settings as they come out of JSON: what is not given keeps its default, what is not known is a fault. */
export function readGeneratorSettings(input: unknown): SettingsRead {
  if (!isObject(input)) return { faults: ['the settings must be an object'] }
  const faults = Object.entries(input).flatMap(([name, value]) =>
    isKey(CHECKS, name) ? CHECKS[name](value).map(fault => `${name}${fault}`) : [unknownKey(name, CHECKS)],
  )
  return faults.length > 0 ? { faults } : { settings: { ...GENERATOR_DEFAULTS, ...input } }
}

/** @throws Error with every fault of the settings */
export function generatorSettings(input: unknown): GeneratorSettings {
  const read = readGeneratorSettings(input)
  if ('settings' in read) return read.settings
  throw new Error(`the generator's settings have faults: ${read.faults.join('; ')}`)
}

function keyStrategyFaults(value: unknown): readonly string[] {
  if (!isObject(value)) return [' must be an object']
  return Object.entries(value).flatMap(([family, strategy]) => {
    if (!isKey(FAMILIES, family)) return [`: ${unknownKey(family, FAMILIES)}`]
    return STRATEGIES.some(known => known === strategy)
      ? []
      : [`.${family} must be one of ${STRATEGIES.join(', ')}`]
  })
}

function must(be: string, holds: (value: unknown) => boolean): Check {
  return value => (holds(value) ? [] : [` must ${be}`])
}

function unknownKey(name: string, known: object): string {
  return `"${name}" is not known; known are ${Object.keys(known).join(', ')}`
}

function isNumber(value: unknown, minimum: number, maximum: number): boolean {
  return typeof value === 'number' && value >= minimum && value <= maximum
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isKey<Table extends object>(table: Table, name: string): name is Extract<keyof Table, string> {
  return Object.hasOwn(table, name)
}
