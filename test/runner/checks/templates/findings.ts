/** Findings of cfn-lint and checkov in a common format. Pure. */

/** Violation of a rule by a resource of a template. */
export interface Finding {
  readonly rule: string
  /** Name of the template. */
  readonly template: string
  /** Logical id of the resource. If the violation is elsewhere, the part of the template, such as `Outputs.RedisUrl`. */
  readonly resource: string
  readonly says: string
}

/** Part of cfn-lint's `--format json` that this module uses. */
interface CfnLintMatch {
  readonly Filename: string
  readonly Location: { readonly Path: readonly (string | number)[] | null }
  readonly Message: string
  readonly Rule: { readonly Id: string }
}

/** Part of checkov's `--output json` that this module uses. */
interface CheckovReport {
  readonly results: {
    readonly passed_checks: readonly CheckovCheck[]
    readonly failed_checks: readonly CheckovCheck[]
    readonly parsing_errors: readonly string[]
  }
}

interface CheckovCheck {
  readonly check_id: string
  readonly check_name: string
  readonly file_path: string
  /** Resource as `<type>.<logical id>`. */
  readonly resource: string
}

/** Returns the file's name without its folder and extension. */
function getTemplate(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.json$/, '')
}

/** Parses the output of cfn-lint. @param json standard output */
export function cfnLintFindings(json: string): Finding[] {
  const matches: CfnLintMatch[] = JSON.parse(json)
  return matches.map(({ Filename, Location, Message, Rule }) => {
    const [section = 'the template', name = ''] = (Location.Path ?? []).map(String)
    const resource = section === 'Resources' ? name : name ? `${section}.${name}` : section
    return { rule: Rule.Id, template: getTemplate(Filename), resource, says: Message }
  })
}

/**
 * Parses the output of checkov.
 *
 * @param json standard output
 * @throws Error naming the templates that checkov could not read
 */
export function checkovFindings(json: string): Finding[] {
  const { results }: Partial<CheckovReport> = JSON.parse(json)
  if (results === undefined) throw new Error('checkov has not read any template')
  if (results.parsing_errors.length > 0)
    throw new Error(`checkov could not read ${results.parsing_errors.join(', ')}`)
  return results.failed_checks.map(({ check_id, check_name, file_path, resource }) => ({
    rule: check_id,
    template: getTemplate(file_path),
    resource: resource.replace(/^.*\./, ''),
    says: check_name,
  }))
}
