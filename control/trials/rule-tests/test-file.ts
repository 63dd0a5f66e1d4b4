/** Reads files with rule tests. */
import { dirname, join } from 'node:path'
import testsTexts from '#schemas/rule-tests.v1.json' with { type: 'json' }
import rulesTexts from '#schemas/rules.v1.json' with { type: 'json' }
import { type AnyRule, checkRules, parseRules } from '../../../lib/alerting/index.ts'
import validate from '../../../lib/schemas/compiled-rule-tests.js'
import { readConfigFile } from '../../../lib/support/adapters/config-file.ts'
import { type FindErrors, readEdited } from '../../../lib/support/edited-file.ts'
import {
  type FilePath,
  type LocatedError,
  type PathError,
  valueAt,
} from '../../../lib/support/file-errors.ts'
import type { FileSchema } from '../../../lib/support/file-schema.ts'
import { fileFailure } from '../../../lib/support/operation-failure.ts'
import { yamlDocument } from '../../../lib/support/yaml-document.ts'
import type { Families } from '../../../lib/telemetry/index.ts'
import { readRuleFilesAt } from '../rules-at-path.ts'
import { type RawTest, type RuleTest, type RuleTestFile, readTest } from './test-rows.ts'

const SCHEMA: FileSchema = {
  validate,
  texts: [testsTexts, rulesTexts],
  // The reader of rules checks lists of rules.
  isForeign: (path, content) =>
    path.some((part, index) => part === 'rules' && Array.isArray(valueAt(path.slice(0, index + 1), content))),
}

interface RawTestFile {
  readonly rules: unknown
  readonly tests: readonly RawTest[]
}

export interface ReadTestFile {
  readonly errors: readonly LocatedError[]
  /** Tests in the file; undefined if the file has an error. */
  readonly tests?: RuleTestFile
}

/** Rules of another file or folder, or the reason why they cannot be read. */
interface LoadedRules {
  readonly rules: readonly AnyRule[]
  readonly errors: readonly LocatedError[]
  readonly failure?: string
}

/**
 * Reads a test file.
 *
 * @param path path of the file
 * @param shown file name in messages
 * @throws OperationFailure if the file cannot be read
 */
export async function readTestFile(families: Families, path: string, shown: string): Promise<ReadTestFile> {
  const text = await readConfigFile(path, shown).catch(error => {
    throw fileFailure(shown, error)
  })
  const yaml = yamlDocument(text)
  const named = 'content' in yaml ? [...new Set(listRulePaths(yaml.content))] : []
  const loaded = await Promise.all(
    named.map(
      async name =>
        [name, await loadRules(families, join(dirname(path), name), join(dirname(shown), name))] as const,
    ),
  )
  const reader = new TestReader(families, new Map(loaded), at =>
    'content' in yaml ? yaml.positionOf(at).line : 1,
  )
  const read = readEdited<RawTestFile>(SCHEMA, { file: shown, text }, reader.read)
  const errors = [...read.errors, ...loaded.flatMap(([, one]) => one.errors)]
  return errors.length > 0
    ? { errors }
    : { errors, tests: { file: shown, rules: reader.rules, tests: reader.tests } }
}

/** Returns the paths of rule files in the content of a test file, which may have errors. */
function listRulePaths(content: unknown): string[] {
  if (typeof content !== 'object' || content === null) return []
  return Object.entries(content).flatMap(([key, value]) =>
    key === 'rules' && typeof value === 'string' && value !== '' ? [value] : listRulePaths(value),
  )
}

/** Loads the rules of a rule file or folder. */
async function loadRules(families: Families, path: string, shown: string): Promise<LoadedRules> {
  try {
    return checkRules(families, await readRuleFilesAt(path, shown))
  } catch (error) {
    return { rules: [], errors: [], failure: (error as Error).message }
  }
}

class TestReader {
  rules: readonly AnyRule[] = []
  readonly tests: RuleTest[] = []
  readonly #families: Families
  readonly #loaded: ReadonlyMap<string, LoadedRules>
  readonly #getLine: (at: FilePath) => number

  constructor(
    families: Families,
    loaded: ReadonlyMap<string, LoadedRules>,
    getLine: (at: FilePath) => number,
  ) {
    this.#families = families
    this.#loaded = loaded
    this.#getLine = getLine
  }

  /** Reads the tests, and finds the errors that the schema cannot express. */
  readonly read: FindErrors<RawTestFile> = ({ rules: raw, tests = [] }, isWrong) => {
    const errors: PathError[] = []
    const report = (path: FilePath, message: string) => void errors.push({ path, message })
    const load = (rules: unknown, at: FilePath) => this.#load(rules, at, report)
    this.rules = load(raw, ['rules'])
    const context = { families: this.#families, load, getLine: this.#getLine, report, isWrong }
    for (const [index, row] of tests.entries())
      this.tests.push(readTest(row as RawTest, ['tests', index], this.rules, context))
    return errors
  }

  #load(rules: unknown, at: FilePath, report: (path: FilePath, message: string) => void): readonly AnyRule[] {
    if (typeof rules === 'string') {
      const { rules: read = [], failure } = this.#loaded.get(rules) ?? {}
      if (failure !== undefined) report(at, failure)
      return read
    }
    if (!Array.isArray(rules)) return []
    const { rules: read, errors } = parseRules(this.#families, { rules })
    for (const { path, message } of errors) report([...at, ...path.slice(1)], message)
    return read
  }
}
