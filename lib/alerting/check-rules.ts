/** Checks rule files before a deployment, and reports each error with its position in the file. Pure. */
import {
  byPosition,
  type LocatedError as FileError,
  errorLine as formatLine,
} from '../support/file-errors.ts'
import { positionsIn } from '../support/yaml-positions.ts'
import type { Families } from '../telemetry/families.ts'
import type { TablePlan } from '../views/plan.ts'
import type { RuleError } from './parse-rules.ts'
import { InvalidRules, type RuleFile, readRules } from './rule-files.ts'

/** Error with its position in the file. */
export interface LocatedError extends FileError {
  readonly rule?: string
}

export interface RulesCheck {
  readonly files: readonly string[]
  /** Number of valid rules; 0 if any file has an error. */
  readonly rules: number
  /** Errors, sorted by file and line. */
  readonly errors: readonly LocatedError[]
}

/**
 * Reads rule files in the same way as the functions do, and adds positions to the errors.
 *
 * @param tables tables that rules can watch; undefined if they are unknown
 */
export function checkRules(
  families: Families,
  files: readonly RuleFile[],
  tables?: readonly TablePlan[],
): RulesCheck {
  const checked = { files: files.map(({ where }) => where) }
  try {
    return { ...checked, rules: readRules(families, files, tables).length, errors: [] }
  } catch (error) {
    if (!(error instanceof InvalidRules)) throw error
    const errors = files.flatMap(file => locateErrors(file, error.errors))
    return { ...checked, rules: 0, errors }
  }
}

/** Returns the error as one line, such as `config/rules/weather.yaml:12:5  HIGH_TEMP.clearBelow: must be …`. */
export function errorLine(error: LocatedError): string {
  return formatLine(error, error.rule)
}

function locateErrors({ where: file, text }: RuleFile, all: readonly RuleError[]): LocatedError[] {
  const errors = all.filter(({ where }) => where === file)
  const inYaml = errors.some(({ position }) => position === undefined)
  const findPosition = inYaml ? positionsIn(text) : undefined
  return errors
    .map(({ rule, key, message, path, position = findPosition?.(path) ?? { line: 1, column: 1 } }) => ({
      file,
      ...position,
      ...(rule === undefined ? {} : { rule }),
      ...(key === undefined ? {} : { key }),
      message,
    }))
    .sort(byPosition)
}
