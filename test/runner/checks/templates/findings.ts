/** Findings of cfn-lint and checkov in templates, in one form. Pure. */

/** One rule that one resource of one template breaks. */
export interface Finding {
  readonly rule: string
  /** The name of the template that was looked at. */
  readonly template: string
  /** Logical id of the resource, or the part of the template without one: `Outputs.RedisUrl`. */
  readonly resource: string
  readonly says: string
}

/** The part of cfn-lint's `--format json` that is used. */
interface CfnLintMatch {
  readonly Filename: string
  readonly Location: { readonly Path: readonly (string | number)[] | null }
  readonly Message: string
  readonly Rule: { readonly Id: string }
}

/** The part of checkov's `--output json` that is used. */
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
  /** `<type>.<logical id>` */
  readonly resource: string
}

/** The file's name without its folder and its extension. */
function templateIn(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.json$/, '')
}

/** @param json what cfn-lint wrote to its standard output */
export function cfnLintFindings(json: string): Finding[] {
  const matches: CfnLintMatch[] = JSON.parse(json)
  return matches.map(({ Filename, Location, Message, Rule }) => {
    const [section = 'the template', name = ''] = (Location.Path ?? []).map(String)
    const resource = section === 'Resources' ? name : name ? `${section}.${name}` : section
    return { rule: Rule.Id, template: templateIn(Filename), resource, says: Message }
  })
}

/**
 * @param json what checkov wrote to its standard output
 * @throws Error naming the templates that checkov could not read
 */
export function checkovFindings(json: string): Finding[] {
  const { results }: Partial<CheckovReport> = JSON.parse(json)
  if (results === undefined) throw new Error('checkov has looked at no template')
  if (results.parsing_errors.length > 0)
    throw new Error(`checkov could not read ${results.parsing_errors.join(', ')}`)
  return results.failed_checks.map(({ check_id, check_name, file_path, resource }) => ({
    rule: check_id,
    template: templateIn(file_path),
    resource: resource.replace(/^.*\./, ''),
    says: check_name,
  }))
}
