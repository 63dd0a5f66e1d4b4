/**
 * Faulty resource that is added to each template. Both linters must report it; otherwise, they have not read the template. Pure.
 */
import type { Finding } from './findings.ts'

const CANARY = 'LintersMustFindThis'

const FAULTY = { Type: 'AWS::S3::Bucket', Properties: { NoSuchProperty: true } }

export interface Template {
  readonly Resources: Readonly<Record<string, unknown>>
}

export function withCanary<T extends Template>(template: T): T {
  return { ...template, Resources: { ...template.Resources, [CANARY]: FAULTY } }
}

/** Returns the findings without the findings about the canary. @throws Error naming the templates that the linter has not read */
export function withoutCanary(
  linter: string,
  findings: readonly Finding[],
  templates: readonly string[],
): Finding[] {
  const isCanary = ({ resource }: Finding) => resource === CANARY
  const read = new Set(findings.filter(isCanary).map(({ template }) => template))
  const missed = templates.filter(template => !read.has(template))
  if (templates.length === 0 || missed.length > 0)
    throw new Error(`${linter} has not read ${missed.join(', ') || 'any template'}`)
  return findings.filter(finding => !isCanary(finding))
}
