/** Routes for files of alert rules. Files can be viewed and checked and, on a local stack, saved. */
import { maxLength, minLength, nullable, pipe, regex, string } from 'valibot'
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
import type { ConsoleEnvironment } from '../../environment.ts'
import { audited } from '../audited.ts'
import { ProblemError } from '../problem.ts'
import { asked, changed } from '../route.ts'
import { rulesInForce, textOf } from './rules.ts'

export interface RuleFiles {
  /** Local rule files. In a deployed environment, the active rules are shown as one read-only file. */
  readonly files: readonly NamedRuleFile[]
  readonly canBeSaved: boolean
  /** True if the rules of the files are active; null if the files have errors, or if no rules are active yet. */
  readonly areInForce: boolean | null
}

/** Errors in a file of rules. */
export interface RulesChecked {
  readonly errors: readonly LocatedError[]
  readonly rules: number
}

/** Result of saving. If there are errors, the file was not written. */
export interface RulesSaved extends RulesChecked {
  readonly file: NamedRuleFile | null
}

/** Schema for the text of a rule file. Its maximum length equals the maximum size of a rule set in bytes. */
export const RULES_TEXT = pipe(
  string('must be a text'),
  minLength(1, 'must be a text with rules'),
  maxLength(1024 * 1024, 'must have at most 1,048,576 characters'),
)
const FILE = pipe(
  string('must be the name of a file'),
  regex(RULE_FILE_NAME, 'must be a file name such as weather.yaml: letters, digits, ".", "_" and "-"'),
)
const TEXT = { file: FILE, text: RULES_TEXT }

export function ruleFileRoutes(environment: ConsoleEnvironment) {
  const { isLocal, config } = environment
  return {
    '/alerts/rules/files': asked({}, () => filesIn(environment)),
    // Checking a large text uses the CPU for up to a second.
    'POST /alerts/rules/check': changed(TEXT, async ({ file, text }): Promise<RulesChecked> => {
      return errorsWith(isLocal ? await folderOf(config.rulesDir) : [], file, text)
    }),
    'PUT /alerts/rules/file': changed({ ...TEXT, was: nullable(string()) }, (given, { name }) =>
      saved(environment, given, name),
    ),
  }
}

async function saved(
  environment: ConsoleEnvironment,
  { file, text, was }: { readonly file: string; readonly text: string; readonly was: string | null },
  by: string,
): Promise<RulesSaved> {
  if (!environment.isLocal)
    throw new ProblemError(
      'forbidden',
      'The rules of a deployed environment are changed in its project. Download the text and deploy it from there.',
    )
  const { rulesDir } = environment.config
  // Check before writing the audit event, so that every audit event corresponds to a change.
  const { errors, rules } = errorsWith(await folderOf(rulesDir), file, text)
  if (errors.length > 0) return { file: null, errors, rules }
  const done = await audited(environment, { by, action: 'rules save', filter: { file } }, async () => {
    const result = await saveRuleFile(rulesDir, file, text, was)
    if (result.outcome === 'changed-meanwhile')
      throw new ProblemError(
        'conflict',
        was === null
          ? `${file} already exists. Choose another name.`
          : `${file} has changed since you opened it, so nothing was saved. Merge its text with yours.`,
      )
    return { result, counts: { rules } }
  })
  if (done.outcome === 'saved') return { file: done.file, errors: [], rules: done.rules }
  return { file: null, errors: done.errors, rules: 0 }
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

/** Reads the rule files of a folder. @throws ProblemError if the folder or one of its files cannot be read */
async function folderOf(rulesDir: string): Promise<readonly NamedRuleFile[]> {
  try {
    return await namedRuleFiles(rulesDir)
  } catch (error) {
    if (!(error instanceof RulesFolderError)) throw error
    throw new ProblemError('conflict', `RULES_DIR: ${error.message}`)
  }
}
