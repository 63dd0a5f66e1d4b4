/** Checks rule files and says where each fault stands: for people who edit them, before anything is deployed. Pure. */
import type { Position, RuleFault } from './parse-rules.ts'
import { InvalidRules, type RuleFile, readRules } from './rule-files.ts'
import { positionsIn } from './rule-positions.ts'

/** A fault, and where to look for it. */
export interface LocatedFault extends Position {
  readonly file: string
  readonly rule?: string
  readonly key?: string
  readonly problem: string
}

export interface RulesCheck {
  readonly files: readonly string[]
  /** How many rules there are; 0 if there is any fault. */
  readonly rules: number
  /** By file and line. */
  readonly faults: readonly LocatedFault[]
}

/** What the functions would make of these files: as many rules, or the same faults, each with its line. */
export function checkRules(files: readonly RuleFile[]): RulesCheck {
  const checked = { files: files.map(({ where }) => where) }
  try {
    return { ...checked, rules: readRules(files).length, faults: [] }
  } catch (error) {
    if (!(error instanceof InvalidRules)) throw error
    const faults = files.flatMap(file => located(file, error.faults))
    return { ...checked, rules: 0, faults }
  }
}

/** `rules/weather.yaml:12:5  HIGH_TEMP.clearBelow: must be …` */
export function faultLine({ file, line, column, rule, key, problem }: LocatedFault): string {
  const what = [rule, key].filter(part => part !== undefined).join('.')
  return `${file}:${line}:${column}  ${what === '' ? '' : `${what}: `}${problem}`
}

function located({ where: file, text }: RuleFile, all: readonly RuleFault[]): LocatedFault[] {
  const faults = all.filter(({ where }) => where === file)
  const inYaml = faults.some(({ position }) => position === undefined)
  const positionOf = inYaml ? positionsIn(text) : undefined
  return faults
    .map(({ rule, key, problem, path, position = positionOf?.(path) ?? { line: 1, column: 1 } }) => ({
      file,
      ...position,
      ...(rule === undefined ? {} : { rule }),
      ...(key === undefined ? {} : { key }),
      problem,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
}
