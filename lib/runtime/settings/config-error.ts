import type { BaseIssue } from 'valibot'

/** Settings that cannot be used. The message has one line for each error, and never a value, because it may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Each has the form `<name>: must be …`. */
  readonly errors: readonly string[]

  /** @param where the source of the settings: the environment, a parameter, a command line */
  constructor(where: string, errors: readonly string[]) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
    super(`${where} has ${count}:\n${errors.map(error => `  - ${error}`).join('\n')}`)
    this.errors = errors
  }
}

/** One line for each issue that valibot found. It begins with the name of the setting. */
export function errorLines(issues: readonly BaseIssue<unknown>[]): string[] {
  return issues.map(({ path = [], expected, message }) => {
    // An unknown key is not a setting, so the line names the document that contains it.
    const named = expected === 'never' ? path.slice(0, -1) : path
    const name = named.map(({ key }) => String(key)).join('.')
    return name ? `${name}: ${message}` : message
  })
}
