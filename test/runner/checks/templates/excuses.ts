/** Accepted findings with their reasons: `infra/lint/excused.yaml`. Pure. */
import type { Finding } from './findings.ts'

/** Rule that certain resources may violate. */
interface Excuse {
  readonly rule: string
  /** Logical ids of the resources. `*` matches any characters. */
  readonly resources: readonly string[]
  readonly reason: string
}

/** Parses the accepted findings. @throws Error naming the invalid entry */
export function readExcuses(content: unknown): Excuse[] {
  const entries = (content as { readonly excused?: unknown } | undefined)?.excused
  if (!Array.isArray(entries)) throw new Error('excused.yaml: must have a list named excused')
  return entries.map((entry: Partial<Excuse>, index) => {
    const { rule, resources, reason } = entry
    const isComplete =
      typeof rule === 'string' &&
      Array.isArray(resources) &&
      resources.length > 0 &&
      typeof reason === 'string' &&
      reason.trim().length > 20
    if (!isComplete)
      throw new Error(`excused.yaml: entry ${index + 1} (${rule}) must have rule, resources, and a reason`)
    return { rule, resources, reason }
  })
}

export interface Judged {
  readonly broken: readonly Finding[]
  /** Entries that do not match any finding, as `<rule> <name>`. */
  readonly unused: readonly string[]
  readonly excused: number
}

export function judge(findings: readonly Finding[], excuses: readonly Excuse[]): Judged {
  const names = excuses.flatMap(({ rule, resources }) =>
    resources.map(name => ({ rule, name, pattern: createPattern(name) })),
  )
  const excusing = (finding: Finding) =>
    names.filter(({ rule, pattern }) => rule === finding.rule && pattern.test(finding.resource))
  const broken = findings.filter(finding => excusing(finding).length === 0)
  const used = new Set(findings.flatMap(excusing))
  return {
    broken,
    unused: names.filter(name => !used.has(name)).map(({ rule, name }) => `${rule} ${name}`),
    excused: findings.length - broken.length,
  }
}

function createPattern(name: string): RegExp {
  const parts = name.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
