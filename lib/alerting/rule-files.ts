import { type EditedFile, readEdited } from '../support/edited-file.ts'
import { InvalidFile, type LocatedError } from '../support/file-errors.ts'
import type { Families } from '../telemetry/families.ts'
import type { TablePlan } from '../views/plan.ts'
import { RULES_SCHEMA, RulesReader } from './parse-rules.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { sizeError } from './rule-set.ts'

/**
 * Reads the rules of all files, in order, as one set.
 *
 * @param tables tables that rules can watch; undefined if they are unknown, so that any table and column is accepted
 * @returns the rules, or all errors of all files
 */
export function checkRules(
  families: Families,
  files: readonly EditedFile[],
  tables?: readonly TablePlan[],
): { readonly rules: readonly AnyRule[]; readonly errors: readonly LocatedError[] } {
  const reader = new RulesReader({ families, isFromLog: false, tables })
  const read = files.map(file => readEdited(RULES_SCHEMA, file, reader.read(file.file)))
  const errors = read.flatMap(file => file.errors)
  const message = errors.length === 0 ? sizeError(reader.rules) : undefined
  if (message !== undefined) errors.push(...(read[0]?.locate([{ path: [], message }]) ?? []))
  return { rules: errors.length === 0 ? reader.rules : [], errors }
}

/**
 * Reads the rules of all files, in order, as one set.
 *
 * @throws InvalidFile with all errors of all files
 */
export function readRules(
  families: Families,
  files: readonly EditedFile[],
  tables?: readonly TablePlan[],
): readonly AnyRule[] {
  const { rules, errors } = checkRules(families, files, tables)
  if (errors.length > 0) throw new InvalidFile('the alert rules', errors)
  return rules
}
