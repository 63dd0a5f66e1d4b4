/** The text of alert rules: to be read, checked and, on this machine, saved. */
import { Hono } from 'hono'
import { maxLength, minLength, nullable, object, pipe, regex, string } from 'valibot'
import { checkRules, type LocatedError } from '../../../lib/alerting/check-rules.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { ruleSetOf } from '../../../lib/alerting/rule-set.ts'
import { RulesFolderError } from '../../../lib/alerting/rules-directory.ts'
import {
  errorsWith,
  type NamedRuleFile,
  namedRuleFiles,
  RULE_FILE_NAME,
  saveRuleFile,
} from '../../../lib/operations/rule-file.ts'
import { type ConsoleHono, requireOperator } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { audited } from '../audited.ts'
import { ProblemError } from '../problem.ts'
import { bodyOf } from '../query.ts'
import { rulesInForce, textOf } from './rules.ts'

export interface RuleFiles {
  /** The files of the folder on this machine; elsewhere the rules in force, as one file that cannot be saved. */
  readonly files: readonly NamedRuleFile[]
  readonly canBeSaved: boolean
  /** Whether the rules of the files are those in force; null if the files have errors, or none are in force yet. */
  readonly areInForce: boolean | null
}

/** What is wrong with a text. */
export interface RulesChecked {
  readonly errors: readonly LocatedError[]
  readonly rules: number
}

/** What came of saving: nothing was written if there are errors. */
export interface RulesSaved extends RulesChecked {
  readonly file: NamedRuleFile | null
}

/** As many characters as a rule set may have bytes. */
export const RULES_TEXT = pipe(
  string('a text'),
  minLength(1, 'a text with rules'),
  maxLength(1024 * 1024, 'at most 1,048,576 characters'),
)
const FILE = pipe(
  string('the name of a file'),
  regex(RULE_FILE_NAME, 'a file name such as weather.yaml: letters, digits, ".", "_" and "-"'),
)
const CHECK = object({ file: FILE, text: RULES_TEXT })
const SAVE = object({ file: FILE, text: RULES_TEXT, was: nullable(string()) })

export function ruleFileRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const { isLocal, config } = environment
  routes.get('/files', async context => context.json(await filesIn(environment)))
  // Checking takes a processor for itself, up to a second for a large text.
  routes.post('/check', async context => {
    requireOperator(context)
    const { file, text } = await bodyOf(CHECK, context)
    const files = isLocal ? await folderOf(config.rulesDir) : []
    return context.json(errorsWith(files, file, text) satisfies RulesChecked)
  })
  routes.put('/file', async context => {
    const person = requireOperator(context)
    if (!isLocal)
      throw new ProblemError(
        'forbidden',
        'Rules of a deployment are changed in its project and deployed: download the text.',
      )
    const { file, text, was } = await bodyOf(SAVE, context)
    // Beforehand, so that an audit event tells of a change alone.
    const { errors, rules } = errorsWith(await folderOf(config.rulesDir), file, text)
    if (errors.length > 0) return context.json({ file: null, errors, rules } satisfies RulesSaved)
    const by = { by: person.name, action: 'rules save', filter: { file } } as const
    const saved = await audited(environment, by, async () => {
      const result = await saveRuleFile(config.rulesDir, file, text, was)
      if (result.outcome === 'changed-meanwhile')
        throw new ProblemError(
          'conflict',
          was === null
            ? `There is a file ${file} already: choose another name.`
            : `${file} has been changed since you opened it, so nothing was saved: bring its text and yours together.`,
        )
      return { result, counts: { rules } }
    })
    const answer: RulesSaved =
      saved.outcome === 'saved'
        ? { file: saved.file, errors: [], rules: saved.rules }
        : { file: null, errors: saved.errors, rules: 0 }
    return context.json(answer)
  })
  return routes
}

async function filesIn(environment: ConsoleEnvironment): Promise<RuleFiles> {
  const { rules, hash } = await rulesInForce(environment)
  if (!environment.isLocal)
    return {
      files: [{ name: 'rules.yaml', text: textOf(rules), hash: hash ?? '' }],
      canBeSaved: false,
      areInForce: true,
    }
  const files = await folderOf(environment.config.rulesDir)
  const texts = files.map(({ name, text }) => ({ where: name, text }))
  const isRight = checkRules(texts).errors.length === 0
  const areInForce = isRight && hash !== null ? ruleSetOf(readRules(texts)).hash === hash : null
  return { files, canBeSaved: true, areInForce }
}

/** @throws ProblemError that says what is wrong with the folder */
async function folderOf(rulesDir: string): Promise<readonly NamedRuleFile[]> {
  try {
    return await namedRuleFiles(rulesDir)
  } catch (error) {
    if (!(error instanceof RulesFolderError)) throw error
    throw new ProblemError('conflict', `RULES_DIR: ${error.message}`)
  }
}
