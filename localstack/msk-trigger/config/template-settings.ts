import { boolean, nullish, object, record, safeParse, string } from 'valibot'
import { isObject } from '../support/values.ts'
import { configurationError, must } from './setting-errors.ts'

/** The settings under `custom.mskTrigger` that also count without a Kafka, in `package` and `deploy`. */
export interface TemplateSettings {
  /** Whether functions learn from their environment that their response is read. */
  readonly announceResponseType: boolean
  readonly importValues: Readonly<Record<string, string>>
}

const IMPORTS = must('a map of texts, by the names of the exports')
const VALUE = must('a text')

export const TEMPLATE_SETTINGS = {
  announceResponseType: nullish(boolean(must('true or false')), false),
  importValues: nullish(record(string(), string(VALUE), IMPORTS), {}),
}

/** Reads these settings, and leaves the others to where they are used. @throws ConfigurationError naming each wrong one */
export function readTemplateSettings(custom: unknown): TemplateSettings {
  const { output, issues } = safeParse(object(TEMPLATE_SETTINGS), isObject(custom) ? custom : {})
  if (!issues) return output
  throw configurationError(issues, path => ['custom.mskTrigger', ...path].join('.'))
}
