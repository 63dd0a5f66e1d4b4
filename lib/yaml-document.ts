import { loadAll, YAMLException } from 'js-yaml'

/** Why a text is not one YAML document. Lines and columns count from 1. */
export interface NotYaml {
  readonly message: string
  readonly line: number
  readonly column: number
}

/** The content of a text that must be one YAML document. */
export function yamlDocument(text: string): { readonly content: unknown } | NotYaml {
  try {
    const [content, ...others] = loadAll(text)
    if (others.length === 0) return { content }
    return { message: 'holds more than one YAML document', line: 1, column: 1 }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    return { message: `not YAML: ${reason}`, line: (mark?.line ?? 0) + 1, column: (mark?.column ?? 0) + 1 }
  }
}
