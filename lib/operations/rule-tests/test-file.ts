/** Reads files with rule tests, and reports each error with its line. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkRules, type LocatedError } from '../../alerting/check-rules.ts'
import { parseRules } from '../../alerting/parse-rules.ts'
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import { readRules } from '../../alerting/rule-files.ts'
import { yamlDocument } from '../../support/yaml-document.ts'
import { positionsIn } from '../../support/yaml-positions.ts'
import type { Families } from '../../telemetry/families.ts'
import { fileFailure } from '../operation-failure.ts'
import { readRuleFilesAt } from '../rules-at-path.ts'
import { findSchemaFaults } from './schema-faults.ts'
import { type Fault, type RawTest, type RuleTest, type RuleTestFile, readTest } from './test-rows.ts'

export interface ReadFile {
  readonly faults: readonly LocatedError[]
  /** Tests in the file; undefined if the file has an error. */
  readonly tests?: RuleTestFile
}

type Path = readonly (string | number)[]

/**
 * Reads a test file.
 *
 * @param path path of the file
 * @param shown file name in messages
 * @throws OperationFailure if the file cannot be read
 */
export async function readTestFile(families: Families, path: string, shown: string): Promise<ReadFile> {
  const text = await readFile(path, 'utf8').catch(error => {
    throw fileFailure(shown, error)
  })
  const yaml = yamlDocument(text)
  if ('message' in yaml) return { faults: [{ file: shown, ...yaml }] }
  const position = positionsIn(text)
  const faults: LocatedError[] = []
  const report: Fault = (at, message, more = {}) => {
    faults.push({ file: shown, ...position(at), key: at.join('.'), ...more, message })
  }
  for (const { path: at, message } of findSchemaFaults(yaml.content)) report(at, message)
  const isTests = faults.length === 0
  const { rules: raw, tests } = (yaml.content ?? {}) as { rules?: unknown; tests: readonly RawTest[] }
  const load = (rules: unknown, at: Path) =>
    loadRules(families, rules, at, dirname(path), dirname(shown), report, faults)
  const isRules = Array.isArray(raw) || (typeof raw === 'string' && raw !== '')
  const rules = isRules ? await load(raw, ['rules']) : []
  const read: RuleTest[] = []
  const reader = { families, load, getLine: (at: Path) => position(at).line, report }
  if (isTests)
    for (const [index, row] of tests.entries())
      read.push(await readTest(row, ['tests', index], rules, reader))
  return faults.length > 0
    ? { faults: sortFaults(faults) }
    : { faults, tests: { file: shown, rules, tests: read } }
}

/**
 * Loads the rules for a test file. The test file contains either a list of rules, or the path of a rule file or folder, relative to
 * itself.
 */
async function loadRules(
  families: Families,
  rules: unknown,
  at: Path,
  folder: string,
  shownFolder: string,
  report: Fault,
  faults: LocatedError[],
): Promise<readonly AnyRule[]> {
  if (typeof rules !== 'string') return parseInlineRules(families, rules, at, report)
  const shown = join(shownFolder, rules)
  const files = await readRuleFilesAt(join(folder, rules), shown).catch((error: Error) => {
    report(at, error.message)
    return []
  })
  if (files.length === 0) return []
  const { errors } = checkRules(families, files)
  faults.push(...errors)
  return errors.length > 0 ? [] : readRules(families, files)
}

function parseInlineRules(families: Families, rules: unknown, at: Path, report: Fault): readonly AnyRule[] {
  const { rules: read, errors } = parseRules(families, [{ where: 'this list', content: { rules } }])
  for (const { path, rule, key, message } of errors)
    report([...at, ...path.slice(1)], message, { ...(rule && { rule }), ...(key && { key }) })
  return read
}

function sortFaults(faults: readonly LocatedError[]): readonly LocatedError[] {
  return faults.toSorted((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : 0))
}
