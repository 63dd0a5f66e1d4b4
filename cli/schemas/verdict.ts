/** Verdicts of a registry on the packaged schemas. Pure. */
import { linesNamed, readable } from '../../lib/queries/readable-schema.ts'
import { type BreakingLines, type DiffLine, diffOf } from '../../lib/queries/text-diff.ts'

/** Packaged schema, and its subject in the registry. */
export interface ShippedSchema {
  readonly type: string
  readonly format: 'json' | 'avro' | 'protobuf'
  readonly subject: string
  readonly text: string
}

/** Answers of the registry about a schema. */
export interface RegisteredSchema {
  /** Id of the packaged schema in its subject; undefined if the subject does not contain the schema. */
  readonly id: number | undefined
  /** Last version of the subject; undefined if the subject does not exist. */
  readonly latest: { readonly version: number; readonly text: string } | undefined
  /** Compatibility mode of the subject, such as BACKWARD; undefined if no mode is set. */
  readonly rule: string | undefined
  /** Result of the compatibility check with its reasons; undefined if it was not requested. */
  readonly compatibility: { readonly isCompatible: boolean; readonly reasons: readonly string[] } | undefined
}

/**
 * Status of a schema.
 * - `registered`: the subject contains the schema;
 * - `new`: the subject does not exist;
 * - `compatible`: the schema can become the next version of its subject;
 * - `incompatible`: the schema cannot become the next version;
 * - `unchecked`: the subject has another schema, and compatibility was not checked.
 */
export type SchemaStatus = 'registered' | 'new' | 'compatible' | 'incompatible' | 'unchecked'

export interface Verdict extends Pick<ShippedSchema, 'type' | 'format' | 'subject'> {
  readonly standing: SchemaStatus
  /** Id in the registry; null if the schema is not registered. */
  readonly id: number | null
  /** Last version of the subject; null if the subject does not exist. */
  readonly version: number | null
  readonly rule: string | null
  readonly reasons: readonly string[]
  /**
   * Differences between the last version of the subject and the packaged schema, ignoring documentation. Empty if the subject has
   * no version, or if there are no differences.
   */
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

/**
 * Returns the lines that break compatibility. The positions in reasons refer to the schema of the reader. This is the new schema,
 * except in modes that begin with FORWARD. In modes that begin with FULL, it can be either schema.
 */
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
