/** Verdicts of a registry on the shipped schemas. Pure. */
import { linesNamed, readable } from '../../lib/queries/readable-schema.ts'
import { type BreakingLines, type DiffLine, diffOf } from '../../lib/queries/text-diff.ts'

/** A schema that ships, and where it belongs. */
export interface ShippedSchema {
  readonly type: string
  readonly format: 'json' | 'avro' | 'protobuf'
  readonly subject: string
  readonly text: string
}

/** Schema in the registry. */
export interface RegisteredSchema {
  /** The id of the shipped schema in its subject; undefined if the subject does not have it. */
  readonly id: number | undefined
  /** Last version of the subject; undefined for an unknown one. */
  readonly latest: { readonly version: number; readonly text: string } | undefined
  /** The subject's rule for new versions, such as BACKWARD; undefined without one. */
  readonly rule: string | undefined
  /** Whether it would be taken as the next version, and why not. Undefined if that was not asked. */
  readonly compatibility: { readonly isCompatible: boolean; readonly reasons: readonly string[] } | undefined
}

/**
 * - `registered`: the subject has it; - `new`: the subject is unknown; - `compatible`: it can become the next version of its
 * subject; - `incompatible`: it cannot; - `unchecked`: the subject has another schema, and compatibility was not checked.
 */
export type SchemaStatus = 'registered' | 'new' | 'compatible' | 'incompatible' | 'unchecked'

export interface Verdict extends Pick<ShippedSchema, 'type' | 'format' | 'subject'> {
  readonly standing: SchemaStatus
  /** Null where it is not registered. */
  readonly id: number | null
  /** Last version of the subject; null for an unknown one. */
  readonly version: number | null
  readonly rule: string | null
  readonly reasons: readonly string[]
  /** Changes from the subject's last version to the shipped schema, without documentation; empty unless both differ. */
  readonly diff: readonly DiffLine[]
}

export function verdictOf(shipped: ShippedSchema, registered: RegisteredSchema): Verdict {
  const { type, format, subject } = shipped
  const { id = null, latest, rule = null, compatibility } = registered
  const standing = standingOf(registered)
  const differs = latest !== undefined && standing !== 'registered'
  return {
    type,
    format,
    subject,
    standing,
    id,
    version: latest?.version ?? null,
    rule,
    reasons: compatibility?.reasons ?? [],
    diff: differs
      ? diffOf(readable(latest.text), readable(shipped.text), breakingLines(shipped, registered))
      : [],
  }
}

/** Reasons name places of the schema that is to read: of the new one, except under a rule that begins with FORWARD. FULL can mean either. */
function breakingLines(
  { text }: ShippedSchema,
  { latest, rule, compatibility }: RegisteredSchema,
): BreakingLines {
  const named = (schema: string, is: string) =>
    rule?.startsWith(is) ? linesNamed(schema, compatibility?.reasons ?? []) : new Set<number>()
  return { before: named(latest?.text ?? '', 'FORWARD'), after: named(text, 'BACKWARD') }
}

function standingOf({ id, latest, compatibility }: RegisteredSchema): SchemaStatus {
  if (id !== undefined) return 'registered'
  if (!latest) return 'new'
  if (!compatibility) return 'unchecked'
  return compatibility.isCompatible ? 'compatible' : 'incompatible'
}
