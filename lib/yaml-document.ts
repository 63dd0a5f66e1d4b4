/** The one reader of YAML. A text may come from an untrusted person, so it is read within bounds. */
import { CORE_SCHEMA, constructFromEvents, EVENT_ID, parseEvents, type Schema, YAMLException } from 'js-yaml'

const MAX_CHARACTERS = 1024 * 1024
/** Mappings and lists count twice, for their beginning and their end. The largest rule set has half as many. */
const MAX_NODES = 200_000

/** Why a text cannot be used as a YAML document. Lines and columns count from 1. */
export interface NotYaml {
  readonly message: string
  readonly line: number
  readonly column: number
}

interface YamlOptions {
  /** Tags beside those of YAML 1.2. */
  readonly schema?: Schema
  /** Number of aliases that the text may have; none, where absent. */
  readonly aliases?: number
}

/** Returns the content of a text that must be one YAML document. */
export function yamlDocument(
  text: string,
  { schema = CORE_SCHEMA, aliases = 0 }: YamlOptions = {},
): { readonly content: unknown } | NotYaml {
  if (text.length > MAX_CHARACTERS)
    return { message: `has more than ${MAX_CHARACTERS} characters: divide it`, line: 1, column: 1 }
  try {
    const events = parseEvents(text, {})
    if (events.length > MAX_NODES)
      return { message: `has more than ${MAX_NODES} values: divide it`, line: 1, column: 1 }
    const alias = events.filter(({ type }) => type === EVENT_ID.ALIAS)[aliases]
    if (alias?.type === EVENT_ID.ALIAS)
      return { message: 'has an alias: write its value out', ...positionsOf(text)(alias.anchorStart - 1) }
    const [content, ...others] = constructFromEvents(events, { source: text, schema })
    if (others.length === 0) return { content }
    return { message: 'holds more than one YAML document', line: 1, column: 1 }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    return { message: `not YAML: ${reason}`, line: (mark?.line ?? 0) + 1, column: (mark?.column ?? 0) + 1 }
  }
}

/**
 * Returns the content of a file that the program cannot do without.
 *
 * @param file how the error names it
 * @throws Error with file, line and column where the text is not one YAML document
 */
export function yamlContent(text: string, file: string, options?: YamlOptions): unknown {
  const yaml = yamlDocument(text, options)
  if ('message' in yaml) throw new Error(`${file}:${yaml.line}:${yaml.column}  ${yaml.message}`)
  return yaml.content
}

/** Returns a function that gives line and column, from 1, of an offset in the text. */
export function positionsOf(text: string): (offset: number) => Omit<NotYaml, 'message'> {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length)
  return offset => {
    const line = Math.max(
      0,
      starts.findLastIndex(start => start <= offset),
    )
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 }
  }
}
